// Refresh tokens: what is stored of each, and the decision at the token endpoint: rotate, keep, grace, replay,
// refuse. RFC 6749 section 6, RFC 9700 section 4.14, DESIGN.md section 4. Replay is judged before liveness.

import { formatId } from "./identifier.ts";
import type { Verdict } from "./liveness.ts";
import { type Refusal, refuse } from "./refusal.ts";
import type { RowId } from "./token-format.ts";
import type { Judged } from "./units.ts";

export interface Grant {
  readonly grantId: string;
  readonly clientId: string;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly sessionId: string | undefined;
  readonly authTime: number | undefined;
  /** How the person authenticated then (RFC 8176); undefined where nobody signed in. */
  readonly amr?: readonly string[] | undefined;
  readonly offline: boolean;
  /** `grant_iat`, seconds. */
  readonly openedAt: number;
  /** Seconds; no child outlives its grant. */
  readonly expiresAt: number;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface RefreshToken {
  readonly id: RowId;
  readonly grantId: string;
  /** The consumer key used when it was issued. */
  readonly keyId: string | undefined;
  readonly rev: number;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Milliseconds, on the database's clock; absent while it is unspent. */
  readonly spentAtMs: number | undefined;
  /** With this token's text, and by the server only, the successor's can be had again from it. */
  readonly successorSealed: Uint8Array | undefined;
  /** True once the successor was itself rotated. */
  readonly successorSpent: boolean;
}

/** Milliseconds in which the same client may repeat a rotation whose answer was lost. */
export const graceWindowMs = 10_000;
/** Rotations this long before an outage (before the start, where its beginning is not known) get a full window after it. */
const lookBackMs = 60_000;

export interface RefreshFacts {
  readonly token: RefreshToken;
  readonly grant: Grant;
  /** The client that authenticated. */
  readonly clientId: string;
  readonly rotation: boolean;
  readonly verdict: Verdict;
  /** Milliseconds, the database's clock. */
  readonly nowMs: number;
  /** Milliseconds: since when the server has been able to answer without a break. */
  readonly answeringSinceMs: number;
  /** Milliseconds: until when it could answer before that; absent where this is not known. */
  readonly answeredUntilMs?: number | undefined;
}

export type RefreshDecision =
  | { readonly kind: "rotate" }
  /** Rotation is off for this client: a new access token, the refresh token stays. */
  | { readonly kind: "keep" }
  | { readonly kind: "grace"; readonly sealed: Uint8Array }
  /** The grant ends, even under a standing entry; the client is told `invalid_grant`. */
  | { readonly kind: "replay" }
  | Refusal;

const invalid = refuse("invalid_grant", "The refresh token is expired, revoked, spent or not this client's.");

/** Decides what a presented refresh token gets. The caller has found it genuine (its digest matches). */
export function decideRefresh(facts: RefreshFacts): RefreshDecision {
  const { token, grant, verdict } = facts;
  if (grant.clientId !== facts.clientId) return invalid;
  if (token.spentAtMs !== undefined) {
    if (!inGrace(facts, token.spentAtMs)) return { kind: "replay" };
    if (verdict.kind !== "live" || token.successorSealed === undefined) return invalid;
    return { kind: "grace", sealed: token.successorSealed };
  }
  if (verdict.kind !== "live") return invalid;
  return facts.rotation ? { kind: "rotate" } : { kind: "keep" };
}

function inGrace(facts: RefreshFacts, spentAtMs: number): boolean {
  if (facts.token.successorSpent) return false;
  const { answeringSinceMs, answeredUntilMs = answeringSinceMs } = facts;
  const interrupted = spentAtMs < answeringSinceMs && spentAtMs >= answeredUntilMs - lookBackMs;
  const windowFrom = interrupted ? answeringSinceMs : spentAtMs;
  return facts.nowMs <= windowFrom + graceWindowMs;
}

/** What the rule judges of a refresh token. */
export function judgedRefreshToken(
  token: Pick<RefreshToken, "expiresAt" | "id" | "keyId" | "rev">,
  grant: Grant,
  issuer: string,
): Judged {
  return {
    issuer,
    ours: true,
    tokenId: formatId("token", token.id),
    grantId: grant.grantId,
    sessionId: grant.sessionId,
    subject: grant.subject,
    clientId: grant.clientId,
    keyId: token.keyId,
    offline: grant.offline,
    rev: token.rev,
    authorisedAt: grant.openedAt,
    expiresAt: Math.min(token.expiresAt, grant.expiresAt),
    lineage: [],
  };
}
