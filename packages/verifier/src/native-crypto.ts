// Node's own hashing and signatures, where the runtime has them: at once, where WebCrypto goes through other threads for
// each of the few bytes handled here. Found without an import, so that browsers and Workers never look for it.

interface NativeHash {
  update(bytes: Uint8Array): NativeHash;
  digest(): Uint8Array;
}

/** A key as Node's own functions take it. */
export interface NativeKey {
  readonly type: string;
}

/** A key and how RSA pads what it signs. */
interface PaddedKey {
  readonly key: NativeKey;
  readonly padding: number;
  readonly saltLength: number;
}

export interface NativeCrypto {
  createHash(algorithm: "sha256"): NativeHash;
  createHmac(algorithm: "sha256", key: Uint8Array): NativeHash;
  /** In one call; younger than the others. */
  hash?(algorithm: "sha256", bytes: Uint8Array, encoding: "base64url" | "latin1"): string;
}

export interface NativeVerification {
  readonly KeyObject: { from(key: CryptoKey): NativeKey };
  verify(
    digest: string | null,
    bytes: Uint8Array,
    key: NativeKey | PaddedKey,
    signature: Uint8Array,
  ): boolean;
}

// boundary: what the runtime may or may not have; its shape is Node's
const { process } = globalThis as {
  process?: {
    getBuiltinModule?: (name: string) => unknown;
    readonly versions?: { readonly bun?: string; readonly deno?: string };
  };
};
const found = process?.getBuiltinModule?.("node:crypto") as
  | Partial<NativeCrypto & NativeVerification>
  | undefined;

/** Hashing; undefined where there is none. */
export const nativeCrypto: NativeCrypto | undefined = findHashing();

/** Signatures; undefined but on Node itself: what others offer under the same names differs in its details. */
export const nativeVerification: NativeVerification | undefined = findVerification();

function findHashing(): NativeCrypto | undefined {
  const { createHash, createHmac, hash } = found ?? {};
  if (createHash === undefined || createHmac === undefined) return undefined;
  return { createHash, createHmac, ...(hash === undefined ? {} : { hash }) };
}

function findVerification(): NativeVerification | undefined {
  const { bun, deno } = process?.versions ?? {};
  const { KeyObject, verify } = found ?? {};
  if (bun !== undefined || deno !== undefined) return undefined;
  return KeyObject === undefined || verify === undefined ? undefined : { KeyObject, verify };
}
