// The server's signing keys: ES256 for access tokens, RS256 for ID tokens and signed introspection answers, Ed25519
// for the feed (in a set of its own, THREATS JW-12). Private keys are sealed under the master key.

import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { keyAcceptedFor, type SigningAlg } from "@rescind/core";
import type { SigningKeyRecord, SigningKeyUse, Store } from "@rescind/store";
import { encodeJson } from "./jws.ts";
import type { Seal } from "./master-key.ts";

export interface SigningKey {
  readonly kid: string;
  readonly use: SigningKeyUse;
  readonly alg: SigningAlg;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly retired: boolean;
  /** Milliseconds since 1970; infinite while it signs. */
  readonly acceptedUntilMs: number;
  /** The encoded protected header for a `typ`, prepared once. */
  headerFor(typ: string): string;
}

export interface KeyRing {
  readonly keys: readonly SigningKey[];
  /** The key that signs; undefined if there is none of this use and algorithm. */
  signer(use: SigningKeyUse, alg: SigningAlg): SigningKey | undefined;
  /** A key that may verify at `nowMs`, milliseconds since 1970. */
  byKid(use: SigningKeyUse, kid: unknown, nowMs: number): SigningKey | undefined;
}

const generate = promisify(generateKeyPair);

/** What the first start makes. */
const firstKeys: readonly { use: SigningKeyUse; alg: SigningAlg }[] = [
  { use: "access", alg: "ES256" },
  { use: "id", alg: "RS256" },
  { use: "feed", alg: "EdDSA" },
];

/** Makes what is missing of the keys every server has. */
export async function ensureFirstKeys(store: Store, seal: Seal): Promise<void> {
  const present = await store.listSigningKeys();
  const missing = firstKeys.filter(
    ({ use, alg }) => !present.some((key) => key.use === use && key.alg === alg),
  );
  await Promise.all(missing.map(({ use, alg }) => addKey(store, seal, use, alg)));
}

/** Makes a signing key for access tokens of this algorithm if there is none. */
export async function ensureAccessKey(store: Store, seal: Seal, alg: SigningAlg): Promise<void> {
  const present = await store.listSigningKeys();
  const signs = present.some(
    (key) => key.use === "access" && key.alg === alg && key.retiredAtMs === undefined,
  );
  if (!signs) await addKey(store, seal, "access", alg);
}

/**
 * Takes a key out of use. Another of its use and algorithm signs before it stops, so that issuing never lacks one.
 * One that is out of use already stays as it is. `atMs`: milliseconds since 1970.
 */
export async function replaceSigningKey(
  store: Store,
  seal: Seal,
  old: SigningKeyRecord,
  atMs: number,
): Promise<void> {
  if (old.retiredAtMs !== undefined) return;
  const { kid, use, alg } = old;
  const others = (await store.listSigningKeys()).filter(
    (key) => key.kid !== kid && key.use === use && key.alg === alg,
  );
  if (!others.some((key) => key.retiredAtMs === undefined)) await addKey(store, seal, use, alg);
  await store.retireSigningKey(kid, atMs);
}

/** Reads all keys and opens their private halves. */
export async function loadKeyRing(store: Store, seal: Seal): Promise<KeyRing> {
  const keys = (await store.listSigningKeys()).map((record) => openKey(record, seal));
  const byKid = new Map(keys.map((key) => [`${key.use} ${key.kid}`, key]));
  const bySigner = new Map<string, SigningKey>();
  for (const key of keys) if (!key.retired) bySigner.set(`${key.use} ${key.alg}`, key);
  return {
    keys,
    signer: (use, alg) => bySigner.get(`${use} ${alg}`),
    byKid(use, kid, nowMs) {
      const key = typeof kid === "string" ? byKid.get(`${use} ${kid}`) : undefined;
      return key !== undefined && nowMs < key.acceptedUntilMs ? key : undefined;
    },
  };
}

async function addKey(store: Store, seal: Seal, use: SigningKeyUse, alg: SigningAlg): Promise<void> {
  const { privateKey, publicKey } = await generatePair(alg);
  const jwk = publicKey.export({ format: "jwk" });
  const kid = thumbprint(jwk);
  const sealed = seal.seal(`signing-key/${kid}`, privateKey.export({ format: "der", type: "pkcs8" }));
  const publicJwk = { ...jwk, kid, alg, use: "sig" };
  await store.addSigningKey({
    kid,
    use,
    alg,
    publicJwk,
    sealed,
    createdAtMs: Date.now(),
    retiredAtMs: undefined,
  });
}

function generatePair(alg: SigningAlg): Promise<{ privateKey: KeyObject; publicKey: KeyObject }> {
  switch (alg) {
    case "ES256":
      return generate("ec", { namedCurve: "P-256" });
    case "RS256":
    case "PS256":
      return generate("rsa", { modulusLength: 2048 });
    case "EdDSA":
      return generate("ed25519", {});
  }
}

function openKey(record: SigningKeyRecord, seal: Seal): SigningKey {
  const { kid, use, alg, publicJwk } = record;
  const der = Buffer.from(seal.open(`signing-key/${kid}`, record.sealed));
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  const headers = new Map<string, string>();
  const headerFor = (typ: string): string => {
    const known = headers.get(typ) ?? encodeJson({ alg, typ, kid });
    headers.set(typ, known);
    return known;
  };
  const publicKey = createPublicKey(privateKey);
  return {
    kid,
    use,
    alg,
    privateKey,
    publicKey,
    publicJwk,
    retired: record.retiredAtMs !== undefined,
    acceptedUntilMs: (record.retiredAtMs ?? Number.POSITIVE_INFINITY) + keyAcceptedFor * 1000,
    headerFor,
  };
}

/** RFC 7638: SHA-256 over the required members in lexicographic order. */
function thumbprint(jwk: Readonly<Record<string, unknown>>): string {
  const required = ["crv", "e", "kty", "n", "x", "y"].filter((member) => member in jwk);
  const canonical = JSON.stringify(Object.fromEntries(required.map((member) => [member, jwk[member]])));
  return createHash("sha256").update(canonical).digest("base64url");
}
