// Pushed authorization requests (RFC 9126): how long one lives, and what the rule judges of it when it is used.

import type { Judged } from "./units.ts";

/** Seconds. */
export const pushedRequestLife = 60;

interface PushedFacts {
  readonly clientId: string;
  readonly rev: number;
  /** Seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export function judgedPushedRequest(pushed: PushedFacts, issuer: string): Judged {
  return {
    issuer,
    ours: true,
    clientId: pushed.clientId,
    offline: false,
    rev: pushed.rev,
    authorisedAt: pushed.issuedAt,
    expiresAt: pushed.expiresAt,
    lineage: [],
  };
}
