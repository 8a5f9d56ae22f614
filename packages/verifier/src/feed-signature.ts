// What the server signs of the feed: a JWS with Ed25519 under a key of the feed's own, whose type says what it is of.
// CONTRACT.md section 6. Only what was signed is used.

import { membersOf } from "./json.ts";
import { accessTokenForm, parseBytes, readForm, readJwt } from "./jwt.ts";
import type { KeySet } from "./key-set.ts";
import { hasGoodSignature } from "./signature.ts";

export const feedAlgorithms: readonly string[] = ["EdDSA", "Ed25519"];

/** The members of what was signed as this type; undefined if it was not, or not by one of these keys. */
export async function readFeedSignature(
  signed: string,
  type: "rescind-lease+jwt" | "rescind-snapshot+jwt",
  keys: KeySet,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const form = { types: [type, `application/${type}`], kid: accessTokenForm.kid };
  const jwt = readForm(readJwt(signed), form);
  const key = jwt === undefined ? undefined : await keys.find(jwt.kid);
  if (jwt === undefined || key === undefined || !feedAlgorithms.includes(jwt.alg)) return undefined;
  if (!(await hasGoodSignature(jwt, key))) return undefined;
  return membersOf(parseBytes(jwt.payload));
}
