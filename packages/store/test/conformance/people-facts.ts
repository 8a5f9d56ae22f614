// Users, sessions, codes and redemptions as the conformance suite stores them: whole records, of which a test names
// only what it is about.

import { formatId, type Session, type User } from "@rescind/core";
import type { NewCode, NewSession, Redemption, Store } from "@rescind/store";
import { digest, grant, nowS, refreshToken, tokenOf } from "./facts.ts";

export const nowMs = nowS * 1000;

export function user(subject: string, facts: Partial<User> = {}): User {
  return {
    subject,
    username: subject,
    name: undefined,
    email: undefined,
    emailVerified: false,
    groups: [],
    claims: {},
    roles: [],
    status: "active",
    ...facts,
  };
}

export function newSession(store: Store, facts: Partial<Session> = {}): NewSession {
  const rowId = store.nextId();
  const session: Session = {
    sessionId: formatId("session", rowId),
    subject: "usr_1",
    rev: 0,
    authenticatedAtMs: nowMs,
    lastSeenMs: nowMs,
    amr: ["pwd"],
    factors: [],
    userAgent: undefined,
    address: undefined,
    openedAtMs: nowMs,
    ...facts,
  };
  return { rowId, session, digest: digest(rowId) };
}

export function newCode(
  store: Store,
  facts: Partial<NewCode["code"]> = {},
  made: Partial<Pick<NewCode, "consent" | "device" | "transaction">> = {},
): NewCode {
  const id = store.nextId();
  return {
    code: {
      id,
      clientId: "client",
      subject: "usr_1",
      sessionId: formatId("session", store.nextId()),
      redirectUri: "https://app.example/callback",
      redirectUriSent: true,
      scopes: ["openid", "orders:read"],
      audience: ["https://api.example"],
      nonce: undefined,
      codeChallenge: undefined,
      attributes: {},
      authTime: nowS,
      amr: ["pwd"],
      rev: 0,
      issuedAt: nowS,
      expiresAt: nowS + 60,
      ...facts,
    },
    digest: digest(id),
    transaction: `transaction ${id}`,
    consent: [],
    ...made,
  };
}

/** A first use of the code, with a grant and tokens of its own. */
export function redemption(store: Store, { code }: NewCode, facts: Partial<Redemption> = {}): Redemption {
  const { clientId, subject, sessionId, scopes, audience } = code;
  const of = grant(store, { clientId, subject, sessionId, scopes, audience, authTime: code.authTime });
  const access = tokenOf(store, of, { rev: code.rev });
  const refresh = refreshToken(store, of, { rev: code.rev });
  return { code: code.id, grant: of, access, refresh, ...facts };
}

/** Plain bytes, whatever the engine gave. */
export function plain(bytes: Uint8Array | undefined): readonly number[] | undefined {
  return bytes === undefined ? undefined : [...bytes];
}
