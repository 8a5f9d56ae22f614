// Makes access and refresh tokens: texts for the client, facts and digests for the store. CONTRACT.md section 4.
// Stores nothing.

import {
  type AccessToken,
  accessTokenClaims,
  type Client,
  checkClaims,
  type Grant,
  lifetimes,
  type Refusal,
  type RowId,
  refuse,
  resolveClaims,
  type SigningAlg,
  type Target,
  type User,
} from "@rescind/core";
import type { NewAccessToken, NewRefreshToken, Store } from "@rescind/store";
import { newToken, type TokenHashing } from "../keys/digest.ts";
import { longestJws, signJws } from "../keys/jws.ts";
import type { KeyRing } from "../keys/signing-keys.ts";

export interface MintParts {
  readonly store: Pick<Store, "nextId">;
  readonly hashing: TokenHashing;
  readonly issuer: string;
  readonly keys: KeyRing;
}

export interface AccessTokenRequest {
  readonly client: Client;
  readonly target: Target;
  readonly subject: string;
  /** Absent for client credentials. */
  readonly grant: Grant | undefined;
  /** The person the client's configured claims are about, as known now; absent for client credentials. */
  readonly user?: User | undefined;
  readonly keyId: string | undefined;
  /** The first head read for this request. */
  readonly rev: number;
  /** Seconds. */
  readonly at: number;
}

export interface MintedAccessToken {
  readonly text: string;
  readonly stored: NewAccessToken;
  /** Seconds. */
  readonly expiresIn: number;
}

/**
 * Makes an access token in the format its resource or client asks for; it does not outlive its grant. Refuses claims
 * over the cap, which what is known of a person can bring about after registration, and a JWT that is longer than this
 * server and verifiers read: nobody could use it, and nobody could revoke it by its text.
 */
export function mintAccessToken(request: AccessTokenRequest, parts: MintParts): MintedAccessToken | Refusal {
  const { client, target, grant } = request;
  const { resource } = target;
  const format = resource?.accessTokenFormat ?? client.accessTokenFormat ?? "jwt";
  const ttl = Math.min(
    resource?.accessTokenTtl ?? client.accessTokenTtl ?? lifetimes.accessToken,
    client.accessTokenTtl ?? lifetimes.accessTokenCap,
    lifetimes.accessTokenCap,
  );
  const issuedAt = Math.floor(request.at);
  const expiresAt = Math.min(issuedAt + ttl, grant?.expiresAt ?? Number.MAX_SAFE_INTEGER);
  const claims = { ...resolveClaims(client.customClaims, request.user), ...grant?.claims };
  const refused = checkClaims(claims);
  if (refused !== undefined) return refused;
  const alg = resource?.signingAlg ?? "ES256";
  const key = format === "jwt" ? signerFor(parts.keys, alg, request.at * 1000) : undefined;
  const token: AccessToken = {
    id: parts.store.nextId(),
    clientId: client.clientId,
    subject: request.subject,
    grantId: grant?.grantId,
    sessionId: grant?.sessionId,
    keyId: request.keyId,
    kid: key?.kid,
    scopes: target.scopes,
    audience: target.audience,
    rev: request.rev,
    issuedAt,
    expiresAt,
    grantIat: grant?.openedAt,
    authTime: grant?.authTime,
    offline: grant?.offline ?? false,
    lineage: [],
    claims,
  };
  const text =
    key === undefined
      ? newToken("access", token.id)
      : signJws(
          key.headerFor(resource?.accessTokenTyp ?? "at+jwt"),
          accessTokenClaims(token, parts.issuer),
          key.alg,
          key.privateKey,
        );
  if (text.length > longestJws) return tooLong;
  const digest = key === undefined ? parts.hashing.digest(text) : undefined;
  return { text, stored: { token, digest }, expiresIn: expiresAt - issuedAt };
}

const tooLong = refuse(
  "invalid_scope",
  "The access token would be longer than 8192 characters: ask for fewer scopes, shorten its claims, or use opaque tokens.",
);

export interface MintedRefreshToken {
  readonly text: string;
  readonly stored: NewRefreshToken;
}

/** Makes a refresh token of a grant; it lives until it is idle too long or its grant ends. */
export function mintRefreshToken(
  request: Pick<AccessTokenRequest, "client" | "keyId" | "rev" | "at"> & { readonly grant: Grant },
  parts: Pick<MintParts, "store" | "hashing">,
): MintedRefreshToken {
  const id: RowId = parts.store.nextId();
  const text = newToken("refresh", id);
  const issuedAt = Math.floor(request.at);
  const token = {
    id,
    grantId: request.grant.grantId,
    keyId: request.keyId,
    rev: request.rev,
    issuedAt,
    expiresAt: idleEnd(request.client, request.grant, issuedAt),
  };
  return { text, stored: { token, digest: parts.hashing.digest(text) } };
}

/** Seconds since 1970 at which a refresh token used now ends if it is not used again. */
export function idleEnd(client: Client, grant: Grant, at: number): number {
  return Math.min(Math.floor(at) + (client.refreshTokenTtl ?? lifetimes.refreshTokenIdle), grant.expiresAt);
}

function signerFor(keys: KeyRing, alg: SigningAlg, nowMs: number) {
  const key = keys.signer("access", alg, nowMs);
  if (key === undefined) throw new Error(`no signing key for ${alg}`);
  return key;
}
