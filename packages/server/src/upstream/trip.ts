// Somebody on the way to an upstream provider and back: all that is needed then, sealed in the request's `state`, stored
// nowhere. It belongs to one browser and to one provider, and is good for one way back (RFC 9700 sections 4.4 and 4.7).

import { randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { StoredUpstream } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { openText, sealText } from "../sign-in/sealed-text.ts";
import type { Transaction } from "../sign-in/transaction.ts";

/** What the way is for: to sign in for a transaction, or to link an identity to who is signed in. */
export type Errand =
  | { readonly kind: "sign-in"; readonly transaction: Transaction }
  | { readonly kind: "link"; readonly subject: string; readonly sessionId: string };

export interface Trip {
  readonly id: string;
  readonly upstreamRow: StoredUpstream["row"];
  /** Hash of the browser's cookie. */
  readonly browser: string;
  readonly nonce: string;
  /** PKCE (RFC 7636). */
  readonly verifier: string;
  readonly maxAge: number | undefined;
  readonly expiresAtMs: number;
  readonly errand: Errand;
}

/** Milliseconds: for a person who makes an account there first. */
const life = 20 * 60 * 1000;
const purpose = "upstream-state";
/** No client has this id, since it holds a space. */
const spentAs = "upstream state";

type Parts = Pick<Dependencies, "now" | "seal">;

export function newTrip(
  start: Pick<Trip, "upstreamRow" | "browser" | "errand" | "maxAge">,
  { now }: Pick<Dependencies, "now">,
): Trip {
  const random = (bytes: number): string => randomBytes(bytes).toString("base64url");
  return { ...start, id: random(16), nonce: random(32), verifier: random(32), expiresAtMs: now() + life };
}

/** The `state` of the request. */
export function stateOf(trip: Trip, parts: Pick<Dependencies, "seal">): string {
  return sealText(purpose, deflateRawSync(JSON.stringify(trip)), parts);
}

/** The trip that a `state` is; undefined for any text that this server did not make. */
export function tripIn(state: string, parts: Pick<Dependencies, "seal">): Trip | undefined {
  const packed = openText(purpose, state, parts);
  // Nobody but this server makes bytes that open, and it makes them of trips only.
  return packed === undefined ? undefined : (JSON.parse(inflateRawSync(packed).toString()) as Trip);
}

export function isOver(trip: Trip, { now }: Pick<Parts, "now">): boolean {
  return trip.expiresAtMs <= now();
}

/** Of any number of ways back with one `state`, at whichever node, one gets true. */
export function spend(trip: Trip, { store }: Pick<Dependencies, "store">): Promise<boolean> {
  return store.spendAssertion(spentAs, trip.id, Math.ceil(trip.expiresAtMs / 1000));
}
