// The claims of a foreign issuer's access token, as they become a verified token and what the rule judges of it.
// DESIGN.md section 1: its units are `issuer`, `subject` and `token`, and `iat` decides about wide orders.

import { judgedForeignToken, parseForeignClaims } from "@rescind/core";
import { freeze, type ReadToken } from "./access-token.ts";
import { readConfirmation } from "./confirmation.ts";
import { membersOf } from "./json.ts";

/**
 * Reads claims; undefined if one that counts is malformed or there is no subject, so that a request always has
 * somebody. Does not check issuer, audience or times.
 */
export function readForeignAccessToken(
  claims: unknown,
  signingKey: string | undefined,
): ReadToken | undefined {
  const foreign = parseForeignClaims(membersOf(claims), signingKey);
  if (foreign?.subject === undefined) return undefined;
  const { issuer, subject, clientId, scopes, audience, tokenId, issuedAt, expiresAt } = foreign;
  return {
    token: freeze({
      issuer,
      subject,
      clientId,
      scopes: [...scopes],
      // Cognito's access tokens are for no audience but for the client they name.
      audience: audience.length === 0 && clientId !== undefined ? [clientId] : [...audience],
      tokenId,
      issuedAt,
      expiresAt,
      grantId: undefined,
      sessionId: undefined,
      claims: foreign.claims,
    }),
    judged: judgedForeignToken(foreign),
    confirmation: readConfirmation(foreign.claims.cnf),
  };
}
