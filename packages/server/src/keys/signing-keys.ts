// The server's signing keys: ES256 for access tokens, RS256 for ID tokens and signed introspection answers, Ed25519
// for the feed (in a set of its own, THREATS JW-12). Private keys are sealed under the master key.

import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { keyAcceptedFor, type SigningAlg } from "@rescind/core";
import type { SigningKeyRecord, SigningKeyUse, Store } from "@rescind/store";
import type { Turns } from "../turns.ts";
import { encodeJson } from "./jws.ts";
import type { Seal } from "./master-key.ts";

export interface SigningKey {
  readonly kid: string;
  readonly use: SigningKeyUse;
  readonly alg: SigningAlg;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** Milliseconds since 1970: it signs from then, and until then; infinite while no other was made to follow it. */
  readonly signsFromMs: number;
  readonly signsUntilMs: number;
  /** Milliseconds since 1970; infinite while it signs. */
  readonly acceptedUntilMs: number;
  /** The encoded protected header for a `typ`, prepared once. */
  headerFor(typ: string): string;
}

export interface KeyRing {
  readonly keys: readonly SigningKey[];
  /**
   * The key that signs at `nowMs`, milliseconds since 1970: of those whose time has come, the newest. Undefined if there
   * is none of this use and algorithm. Ask at each use, since keys take over without anything being stored.
   */
  signer(use: SigningKeyUse, alg: SigningAlg, nowMs: number): SigningKey | undefined;
  /** A key that may verify at `nowMs`, milliseconds since 1970. */
  byKid(use: SigningKeyUse, kid: unknown, nowMs: number): SigningKey | undefined;
}

const generate = promisify(generateKeyPair);

/** What the first start makes. */
const firstKeys: readonly { use: SigningKeyUse; alg: SigningAlg }[] = [
  { use: "access", alg: "ES256" },
  { use: "id", alg: "RS256" },
  { use: "id", alg: "ES256" },
  { use: "feed", alg: "EdDSA" },
];

/** Makes what is missing of the keys every server has. */
export async function ensureFirstKeys(store: Store, seal: Seal): Promise<void> {
  const present = await store.listSigningKeys();
  const missing = firstKeys.filter(
    ({ use, alg }) => !present.some((key) => key.use === use && key.alg === alg),
  );
  await Promise.all(missing.map((wanted) => addSigningKey(signingNow(wanted), { store, seal })));
}

/** Makes a signing key for access tokens of this algorithm if there is none. */
export async function ensureAccessKey(
  alg: SigningAlg,
  { store, seal, turns }: { readonly store: Store; readonly seal: Seal; readonly turns: Turns },
): Promise<void> {
  const signs = async (): Promise<boolean> =>
    (await store.listSigningKeys()).some(
      (key) => key.use === "access" && key.alg === alg && key.retiredAtMs === undefined,
    );
  if (await signs()) return;
  await turns.inTurn("signing-keys", async () => {
    if (!(await signs())) await addSigningKey(signingNow({ use: "access", alg }), { store, seal });
  });
}

/**
 * Takes a key out of use at once. Another of its use and algorithm signs before it stops, so that issuing never lacks
 * one, now or when a rotation under way ends. One that is out of use already stays as it is. `atMs`: milliseconds
 * since 1970.
 */
export async function replaceSigningKey(
  store: Store,
  seal: Seal,
  old: SigningKeyRecord,
  atMs: number,
): Promise<void> {
  if (signsUntil(old) <= atMs) return;
  const { kid, use, alg } = old;
  const others = (await store.listSigningKeys()).filter(
    (key) => key.kid !== kid && key.use === use && key.alg === alg && signsUntil(key) > atMs,
  );
  const signing = others.filter((key) => key.signsFromMs <= atMs);
  const waiting = others.find((key) => key.retiredAtMs === undefined && key.signsFromMs > atMs);
  const from = signing.length === 0 ? atMs : Math.max(...signing.map(signsUntil));
  const signsUntilMs = waiting?.signsFromMs;
  if (from < (signsUntilMs ?? Number.POSITIVE_INFINITY))
    await addSigningKey({ use, alg, signsFromMs: from, signsUntilMs }, { store, seal });
  await store.retireSigningKey(kid, atMs);
}

/** Reads all keys and opens their private halves. */
export async function loadKeyRing(store: Store, seal: Seal): Promise<KeyRing> {
  const keys = (await store.listSigningKeys()).map((record) => openKey(record, seal));
  const byKid = new Map(keys.map((key) => [`${key.use} ${key.kid}`, key]));
  const newestFirst = keys.toSorted((a, b) => b.signsFromMs - a.signsFromMs);
  const signers = Map.groupBy(newestFirst, (key) => `${key.use} ${key.alg}`);
  return {
    keys,
    signer: (use, alg, nowMs) => signerAmong(signers.get(`${use} ${alg}`) ?? [], nowMs),
    byKid(use, kid, nowMs) {
      const key = typeof kid === "string" ? byKid.get(`${use} ${kid}`) : undefined;
      return key !== undefined && nowMs < key.acceptedUntilMs ? key : undefined;
    },
  };
}

/** Should a clock have been set back before the first key's time, that key signs all the same. */
function signerAmong(newestFirst: readonly SigningKey[], nowMs: number): SigningKey | undefined {
  const inUse = (key: SigningKey): boolean => nowMs < key.signsUntilMs;
  return newestFirst.find((key) => key.signsFromMs <= nowMs && inUse(key)) ?? newestFirst.findLast(inUse);
}

export interface NewSigningKey {
  readonly use: SigningKeyUse;
  readonly alg: SigningAlg;
  /** Milliseconds since 1970. */
  readonly signsFromMs: number;
  /** Milliseconds since 1970; undefined: until another one follows. */
  readonly signsUntilMs: number | undefined;
}

/** Makes a key and publishes it; returns its kid. */
export async function addSigningKey(
  wanted: NewSigningKey,
  { store, seal }: { readonly store: Pick<Store, "addSigningKey">; readonly seal: Pick<Seal, "seal"> },
): Promise<string> {
  const { use, alg, signsFromMs } = wanted;
  const { kid, jwk, privateKey } = await generateNamed(alg);
  await store.addSigningKey({
    kid,
    use,
    alg,
    publicJwk: { ...jwk, kid, alg, use: "sig" },
    sealed: seal.seal(`signing-key/${kid}`, privateKey.export({ format: "der", type: "pkcs8" })),
    createdAtMs: Date.now(),
    signsFromMs,
    retiredAtMs: wanted.signsUntilMs,
  });
  return kid;
}

/** A pair and its name. Of one whose name begins like an option of the command line another is made. */
async function generateNamed(alg: SigningAlg) {
  for (;;) {
    const { privateKey, publicKey } = await generatePair(alg);
    const jwk = publicKey.export({ format: "jwk" });
    const kid = thumbprint(jwk);
    if (!kid.startsWith("-")) return { kid, jwk, privateKey };
  }
}

function signingNow(wanted: Pick<NewSigningKey, "use" | "alg">): NewSigningKey {
  return { ...wanted, signsFromMs: Date.now(), signsUntilMs: undefined };
}

function signsUntil(key: SigningKeyRecord): number {
  return key.retiredAtMs ?? Number.POSITIVE_INFINITY;
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
  const signsUntilMs = signsUntil(record);
  return {
    kid,
    use,
    alg,
    privateKey,
    publicKey,
    publicJwk,
    signsFromMs: record.signsFromMs,
    signsUntilMs,
    acceptedUntilMs: signsUntilMs + keyAcceptedFor * 1000,
    headerFor,
  };
}

/** RFC 7638: SHA-256 over the required members in lexicographic order. */
function thumbprint(jwk: Readonly<Record<string, unknown>>): string {
  const required = ["crv", "e", "kty", "n", "x", "y"].filter((member) => member in jwk);
  const canonical = JSON.stringify(Object.fromEntries(required.map((member) => [member, jwk[member]])));
  return createHash("sha256").update(canonical).digest("base64url");
}
