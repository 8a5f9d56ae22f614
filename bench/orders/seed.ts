// Many tokens, stored through the store's own verbs, thousands at a time, while the server is stopped.

import { join } from "node:path";
import { type AccessToken, formatId, type Grant } from "@rescind/core";
import { type NewAccessToken, type NewRefreshToken, openSqlite, type Store } from "@rescind/store";

/** Verbs under way at once: what they write shares few commits. */
const outstanding = 4_000;
/** Of each grant: one refresh token, the rest access tokens. */
const perGrant = 10;

export interface Seeded {
  readonly data: string;
  readonly issuer: string;
  /** Whose million: tokens of grants of this subject at this client. */
  readonly clientId: string;
  readonly subject: string;
  readonly tokens: number;
  /** Single tokens of another client, for the bulk order. */
  readonly singlesOf: string;
  readonly singles: number;
}

/** The ids of the single tokens. */
export async function seed(wanted: Seeded): Promise<string[]> {
  const { data, issuer, clientId, subject, singlesOf } = wanted;
  const store = await openSqlite({ path: join(data, "rescind.db"), issuer });
  const nowS = Math.floor(Date.now() / 1000);
  try {
    await together(wanted.tokens / perGrant, async () => {
      const grant = newGrant(store, { clientId, subject }, nowS);
      await store.openGrant(grant, {
        access: accessToken(store, grant, nowS),
        refresh: refreshToken(store, grant, nowS),
      });
      for (let more = 2; more < perGrant; more += 1) await store.issue(accessToken(store, grant, nowS));
    });
    const ids: string[] = [];
    const owner = { clientId: singlesOf, subject: singlesOf };
    await together(wanted.singles, async () => {
      const token = accessToken(store, owner, nowS);
      ids.push(formatId("token", token.token.id));
      await store.issue(token);
    });
    return ids;
  } finally {
    await store.close();
  }
}

async function together(count: number, once: () => Promise<void>): Promise<void> {
  let left = count;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await once();
    }
  };
  await Promise.all(Array.from({ length: outstanding }, lane));
}

interface Owner {
  readonly clientId: string;
  readonly subject: string;
  readonly grantId?: string | undefined;
  readonly openedAt?: number | undefined;
}

function accessToken(store: Store, owner: Owner, nowS: number): NewAccessToken {
  const { clientId, subject, grantId, openedAt } = owner;
  const token: AccessToken = {
    id: store.nextId(),
    clientId,
    subject,
    grantId,
    sessionId: undefined,
    keyId: undefined,
    kid: undefined,
    scopes: ["read"],
    audience: ["https://api.example"],
    rev: 0,
    issuedAt: nowS,
    expiresAt: nowS + 24 * 60 * 60,
    grantIat: openedAt,
    authTime: undefined,
    offline: false,
    lineage: [],
    claims: {},
  };
  return { token, digest: new Uint8Array(32) };
}

function newGrant(store: Store, owner: Owner, nowS: number): Grant {
  const { clientId, subject } = owner;
  return {
    grantId: formatId("grant", store.nextId()),
    clientId,
    subject,
    scopes: ["read"],
    audience: ["https://api.example"],
    sessionId: undefined,
    authTime: undefined,
    offline: false,
    openedAt: nowS,
    expiresAt: nowS + 30 * 24 * 60 * 60,
    claims: {},
  };
}

function refreshToken(store: Store, { grantId }: Grant, nowS: number): NewRefreshToken {
  const times = { issuedAt: nowS, expiresAt: nowS + 7 * 24 * 60 * 60 };
  return {
    token: { id: store.nextId(), grantId, keyId: undefined, rev: 0, ...times },
    digest: new Uint8Array(32),
  };
}
