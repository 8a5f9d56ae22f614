// Node's own hashing, where the runtime has it (Node, Bun, Deno): at once, where WebCrypto goes through other threads for
// each of the few bytes hashed here. Found without an import, so that browsers and Workers never look for it.

interface NativeHash {
  update(bytes: Uint8Array): NativeHash;
  digest(): Uint8Array;
}

export interface NativeCrypto {
  createHash(algorithm: "sha256"): NativeHash;
  createHmac(algorithm: "sha256", key: Uint8Array): NativeHash;
}

/** Undefined where there is none. */
export const nativeCrypto: NativeCrypto | undefined = findNative();

function findNative(): NativeCrypto | undefined {
  // boundary: what the runtime may or may not have; its shape is Node's
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const found = process?.getBuiltinModule?.("node:crypto") as Partial<NativeCrypto> | undefined;
  const { createHash, createHmac } = found ?? {};
  return createHash === undefined || createHmac === undefined ? undefined : { createHash, createHmac };
}
