// JWTs of registered foreign issuers: genuine by their issuer's keys, of a life that entries outlast, and read by the one
// parser that verifiers use too. Does not judge liveness. RFC 8725, DESIGN.md section 1.

import {
  type ForeignIssuer,
  type ForeignToken,
  foreignLivesTooLong,
  parseForeignClaims,
} from "@rescind/core";
import type { DecodedJws } from "../keys/jws.ts";
import { ForeignKeySets, type KeySetParts } from "./foreign-key-sets.ts";
import { verifyingKey } from "./foreign-keys.ts";

/** Header parameters that bring keys along or change how the token is read; none is ever needed. */
const refusedParameters = ["crit", "b64", "jwk", "jku", "x5u", "x5c"];
const acceptedTypes: readonly unknown[] = ["jwt", "at+jwt", undefined];

export class ForeignTokens {
  readonly #sets: ForeignKeySets;
  readonly #now: () => number;

  constructor(parts: KeySetParts) {
    this.#sets = new ForeignKeySets(parts);
    this.#now = parts.now;
  }

  /** What a JWT of this issuer says; undefined for one that is not genuine, malformed, or claims too long a life. */
  async read(text: string, jws: DecodedJws, issuer: ForeignIssuer): Promise<ForeignToken | undefined> {
    const { alg, kid, typ, ...others } = jws.header;
    if (kid !== undefined && typeof kid !== "string") return undefined;
    if (!acceptedTypes.includes(shortType(typ))) return undefined;
    if (refusedParameters.some((name) => Object.hasOwn(others, name))) return undefined;
    // Before any key is asked for: what is malformed anyway fetches nothing.
    const token = parseForeignClaims(jws.payload, kid);
    if (token === undefined || token.issuer !== issuer.issuer) return undefined;
    if (foreignLivesTooLong(token, issuer, this.#now() / 1000)) return undefined;
    const keys = await this.#sets.keysFor(issuer.jwksUri, kid);
    const key = await verifyingKey(text, alg, keys);
    return key === undefined ? undefined : token;
  }
}

/** Media types are compared without case, and may stand without `application/` (RFC 7515 section 4.1.9). */
function shortType(typ: unknown): unknown {
  return typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : typ;
}
