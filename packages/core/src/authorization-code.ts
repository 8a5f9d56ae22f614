// Authorization codes: what is stored of each, and what a presented one gets. RFC 6749 sections 4.1.2 and 4.1.3,
// RFC 9700 section 4.5. A second use ends what the first one made.

import type { Client } from "./client.ts";
import type { deviceCodeGrant } from "./device-code.ts";
import { lifetimes } from "./lifetimes.ts";
import type { Verdict } from "./liveness.ts";
import { checkVerifier } from "./pkce.ts";
import { type Refusal, refuse } from "./refusal.ts";
import type { RowId } from "./token-format.ts";
import type { Judged } from "./units.ts";

/** Seconds. */
export const codeLife = 60;

export interface AuthorizationCode {
  readonly id: RowId;
  readonly clientId: string;
  readonly subject: string;
  readonly sessionId: string;
  /** Empty where it was made for a device. */
  readonly redirectUri: string;
  /** False: the token request need not repeat `redirect_uri`. */
  readonly redirectUriSent: boolean;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly nonce: string | undefined;
  readonly codeChallenge: string | undefined;
  /** Seconds; that of the session when the code was made. */
  readonly authTime: number;
  /** How the person authenticated then (RFC 8176). */
  readonly amr?: readonly string[] | undefined;
  readonly rev: number;
  /** Seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Custom attributes, which its grant and its tokens take over. */
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  /** The grant that its first use opened. */
  readonly grantId: string | undefined;
}

export interface RedemptionFacts {
  readonly code: AuthorizationCode;
  /** The client that authenticated. */
  readonly client: Client;
  /** How it was presented: itself, or by the device code that a person has allowed. */
  readonly grantType: "authorization_code" | typeof deviceCodeGrant;
  readonly redirectUri: string | undefined;
  /** Base64url of the SHA-256 of `code_verifier`; undefined if none was sent. */
  readonly hashedVerifier: string | undefined;
  readonly verdict: Verdict;
}

export type RedemptionDecision =
  | { readonly kind: "redeem" }
  /** The grant of the first use ends, even under a standing entry. */
  | { readonly kind: "replay"; readonly grantId: string }
  | Refusal;

const invalid = refuse("invalid_grant", "The code is expired, revoked, used or not this client's.");

/** Decides what a presented code gets. The caller has found it genuine (its digest matches). */
export function decideRedemption(facts: RedemptionFacts): RedemptionDecision {
  const { code, client, grantType, verdict } = facts;
  if (!client.grantTypes.includes(grantType))
    return refuse("unauthorized_client", `This client is not registered for the grant type ${grantType}.`);
  if (code.clientId !== client.clientId) return invalid;
  if (code.grantId !== undefined) return { kind: "replay", grantId: code.grantId };
  if (verdict.kind !== "live") return invalid;
  const sent = facts.redirectUri;
  if (sent === undefined ? code.redirectUriSent : sent !== code.redirectUri)
    return refuse("invalid_grant", "redirect_uri differs from that of the authorization request.");
  return checkVerifier(code.codeChallenge, facts.hashedVerifier) ?? { kind: "redeem" };
}

/** What the rule judges of a code. It hangs on its session like what it becomes. */
export function judgedCode(code: AuthorizationCode, issuer: string): Judged {
  return {
    issuer,
    ours: true,
    grantId: code.grantId,
    sessionId: code.sessionId,
    subject: code.subject,
    clientId: code.clientId,
    offline: code.scopes.includes("offline_access"),
    rev: code.rev,
    authorisedAt: code.issuedAt,
    expiresAt: code.expiresAt,
    lineage: [],
  };
}

/** Seconds since 1970 at which a grant opened now ends; without `offline_access` its session's end comes first. */
export function grantEnd(openedAt: number, offline: boolean, longestSessionEnd: number): number {
  const longest = openedAt + lifetimes.grant;
  return offline ? longest : Math.min(longest, longestSessionEnd);
}
