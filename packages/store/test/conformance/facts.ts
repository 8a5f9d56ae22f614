// Tokens, grants, clients and orders as the conformance suite stores them: whole records, of which a test names only
// what it is about.

import { createHmac } from "node:crypto";
import {
  type AccessToken,
  type Client,
  entryLife,
  fingerprintInput,
  fingerprintLength,
  formatId,
  type Grant,
  type RowId,
  type Unit,
  type UnitName,
} from "@rescind/core";
import type { Actor, NewAccessToken, NewRefreshToken, Order, Receipt, Store } from "@rescind/store";

export const issuer = "http://issuer.example";
export const administrator: Actor = { kind: "admin", id: "admin" };
export const nowS = Math.floor(Date.now() / 1000);
export const firstPage = { limit: 100, cursor: undefined };

export function unit(name: UnitName, value: string, client?: string): Unit {
  return { name, issuer, value, ...(client === undefined ? {} : { client }) };
}

export function fingerprint(of: Unit): string {
  const mac = createHmac("sha256", "a key for tests").update(fingerprintInput(of)).digest();
  return mac.subarray(0, fingerprintLength).toString("base64url");
}

export function accessToken(store: Store, facts: Partial<AccessToken> = {}): NewAccessToken {
  const token: AccessToken = {
    id: store.nextId(),
    clientId: "client",
    subject: "client",
    grantId: undefined,
    sessionId: undefined,
    keyId: undefined,
    kid: undefined,
    scopes: ["orders:read", "orders:write"],
    audience: ["https://api.example"],
    rev: 0,
    issuedAt: nowS,
    expiresAt: nowS + 900,
    grantIat: undefined,
    authTime: undefined,
    amr: undefined,
    offline: false,
    lineage: [],
    exchanges: 0,
    act: undefined,
    claims: {},
    ...facts,
  };
  return { token, digest: token.kid === undefined ? digest(token.id) : undefined };
}

export function digest(id: RowId): Uint8Array {
  return createHmac("sha256", "digest").update(id).digest();
}

export function grant(store: Store, facts: Partial<Grant> = {}): Grant {
  return {
    grantId: formatId("grant", store.nextId()),
    clientId: "client",
    subject: "usr_1",
    scopes: ["orders:read"],
    audience: ["https://api.example"],
    sessionId: undefined,
    authTime: undefined,
    amr: undefined,
    offline: false,
    openedAt: nowS,
    expiresAt: nowS + 86400,
    claims: {},
    ...facts,
  };
}

export function refreshToken(
  store: Store,
  of: Grant,
  facts: Partial<NewRefreshToken["token"]> = {},
): NewRefreshToken {
  const id = store.nextId();
  const token = {
    id,
    grantId: of.grantId,
    keyId: undefined,
    rev: 0,
    issuedAt: nowS,
    expiresAt: nowS + 3600,
    ...facts,
  };
  return { token, digest: digest(id) };
}

/** An access token with the facts of its grant. */
export function tokenOf(store: Store, of: Grant, facts: Partial<AccessToken> = {}): NewAccessToken {
  return accessToken(store, {
    clientId: of.clientId,
    subject: of.subject,
    grantId: of.grantId,
    sessionId: of.sessionId,
    grantIat: of.openedAt,
    offline: of.offline,
    ...facts,
  });
}

/** A grant with its first access and refresh token, stored. */
export async function opened(
  store: Store,
  facts: Partial<Grant> = {},
  rev = 0,
): Promise<{ grant: Grant; access: NewAccessToken; refresh: NewRefreshToken }> {
  const of = grant(store, facts);
  const access = tokenOf(store, of, { rev });
  const refresh = refreshToken(store, of, { rev });
  await store.openGrant(of, { access, refresh });
  return { grant: of, access, refresh };
}

export function order(store: Store, of: Unit, facts: Partial<Order> = {}): Order {
  const atMs = facts.atMs ?? Date.now();
  const suspend = facts.suspend === true;
  return {
    id: store.nextId(),
    unit: of,
    fp: fingerprint(of),
    atMs,
    final: false,
    lifeFor: (longest) => entryLife(of.name, suspend, atMs / 1000, longest),
    actor: administrator,
    reason: "administrator",
    select: { [of.name]: of.value },
    ...facts,
  };
}

/** A receipt without what not every engine tells. */
export function plain({ orderId, seq, appended, atMs }: Receipt): Receipt {
  return { orderId, seq, appended, atMs };
}

export function client(clientId: string, facts: Partial<Client> = {}): Client {
  return {
    clientId,
    name: clientId,
    grantTypes: ["client_credentials"],
    redirectUris: [],
    postLogoutRedirectUris: [],
    authMethod: "client_secret_basic",
    jwks: undefined,
    jwksUri: undefined,
    assertionAudience: "issuer",
    scopes: ["orders:read"],
    audience: [],
    accessTokenFormat: undefined,
    accessTokenTtl: undefined,
    refreshTokenTtl: undefined,
    refreshTokenRotation: true,
    requirePkce: true,
    firstParty: false,
    revocationPolicy: { accessToken: "token", refreshToken: "grant" },
    allowedOrigins: [],
    jsonp: false,
    idTokenAlg: "RS256",
    customClaims: {},
    ...facts,
  };
}
