// A login session: one person in one browser. Its `rev` is the head read with the password digest and rises only by a
// new authentication. DESIGN.md section 1; OpenID Connect's `sid`.

import type { Judged } from "./units.ts";

export interface Session {
  /** `ses_…`, the `sid`. */
  readonly sessionId: string;
  readonly subject: string;
  readonly rev: number;
  /** Milliseconds since 1970 of the last authentication; `auth_time` in seconds is its floor. */
  readonly authenticatedAtMs: number;
  readonly lastSeenMs: number;
  /** How the person authenticated (RFC 8176). */
  readonly amr: readonly string[];
  /** Ids of what was shown beside the password: the session ends with any of them. */
  readonly factors?: readonly string[] | undefined;
  readonly userAgent: string | undefined;
  readonly address: string | undefined;
  /** Milliseconds since 1970. */
  readonly openedAtMs: number;
}

/** Seconds. */
export const sessionLives = { idle: 12 * 60 * 60, longest: 7 * 24 * 60 * 60 } as const;

/** Seconds since 1970 at which the session ends if it is not used again. */
export function sessionEnd(session: Session): number {
  const idle = session.lastSeenMs / 1000 + sessionLives.idle;
  const longest = session.openedAtMs / 1000 + sessionLives.longest;
  return Math.floor(Math.min(idle, longest));
}

export function authTimeOf(session: Session): number {
  return Math.floor(session.authenticatedAtMs / 1000);
}

/** What the rule judges of a session. It carries its `sid`, so a logout covers it too. */
export function judgedSession(session: Session, issuer: string): Judged {
  return {
    issuer,
    ours: true,
    sessionId: session.sessionId,
    subject: session.subject,
    offline: false,
    rev: session.rev,
    authorisedAt: authTimeOf(session),
    expiresAt: sessionEnd(session),
    lineage: [],
  };
}
