// Rotation of signing keys without a refused token: a new key is published at once and signs when every cached key set
// has been fetched again; then the old one stops, and what it signed is accepted as long as it can live (THREATS JW-10).
// A compromised key is not rotated but revoked by its kid, which replaces it at once (`replaceSigningKey`).

import { clockTolerance, type SigningAlg } from "@rescind/core";
import type { SigningKeyRecord, SigningKeyUse, Store } from "@rescind/store";
import type { Seal } from "./master-key.ts";
import { addSigningKey } from "./signing-keys.ts";

/** Seconds for which keys may be cached (`Cache-Control` of the key sets). */
export const jwksMaxAge = 300;

/** Milliseconds for which a new key is published before it signs. */
export const publishedBeforeMs = (jwksMaxAge + clockTolerance) * 1000;

export interface Rotation {
  /** Which keys; by default those of access and ID tokens. */
  readonly uses?: readonly SigningKeyUse[] | undefined;
  readonly alg?: SigningAlg | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Milliseconds since 1970 at which the new keys take over; `publishedBeforeMs` after now unless given. */
  readonly signsFromMs?: number | undefined;
}

/**
 * Makes a successor for each use and algorithm and sets the end of the keys in use. One whose successor waits already
 * stays as it is, so that rotating twice is rotating once.
 * @returns the kids of the new keys
 */
export async function rotateSigningKeys(
  { uses = ["access", "id"], alg, nowMs, signsFromMs = nowMs + publishedBeforeMs }: Rotation,
  { store, seal }: { readonly store: Store; readonly seal: Seal },
): Promise<readonly string[]> {
  const inUse = (await store.listSigningKeys()).filter(
    (key) =>
      key.retiredAtMs === undefined && uses.includes(key.use) && (alg === undefined || key.alg === alg),
  );
  const made: string[] = [];
  for (const keys of Map.groupBy(inUse, ({ use, alg }) => `${use} ${alg}`).values()) {
    const [old] = keys;
    if (old === undefined || keys.some((key) => key.signsFromMs > nowMs)) continue;
    made.push(await succeed(old, signsFromMs, { store, seal }));
    // The new one first: should the server stop in between, there is one key too many, never one too few.
    for (const key of keys) await store.retireSigningKey(key.kid, signsFromMs);
  }
  return made;
}

function succeed(
  { use, alg }: SigningKeyRecord,
  signsFromMs: number,
  parts: { readonly store: Store; readonly seal: Seal },
): Promise<string> {
  return addSigningKey({ use, alg, signsFromMs, signsUntilMs: undefined }, parts);
}
