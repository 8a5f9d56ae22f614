// The names of signing keys, as people type them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addSigningKey } from "../../src/keys/signing-keys.ts";

test("no key's name begins like an option of the command line", async () => {
  const kept: string[] = [];
  const store = { addSigningKey: async ({ kid }: { readonly kid: string }) => void kept.push(kid) };
  const seal = { seal: (_name: string, plain: Uint8Array) => plain };
  const key = { use: "access", alg: "EdDSA", signsFromMs: 0, signsUntilMs: undefined } as const;
  // One thumbprint in 64 would.
  for (let made = 0; made < 1000; made++) await addSigningKey(key, { store, seal });
  assert.deepEqual(
    kept.filter((kid) => kid.startsWith("-")),
    [],
  );
  assert.equal(new Set(kept).size, 1000);
});
