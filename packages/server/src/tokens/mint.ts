// Makes access and refresh tokens: texts for the client, facts and digests for the store. CONTRACT.md section 4.
// Stores nothing.

import {
  type AccessToken,
  accessTokenClaims,
  type Client,
  checkClaims,
  type Exchange,
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
import type { Successors } from "./successor.ts";

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
  /** What it takes from the tokens it is exchanged from; never beside a grant of its own (RFC 8693). */
  readonly exchange?: (Exchange & { readonly lineage: readonly string[] }) | undefined;
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
 * Makes an access token in the format its resource or client asks for; it does not outlive its grant or the tokens it
 * is exchanged from. Refuses claims over the cap, which what is known of a person can bring about after registration,
 * and a JWT that is longer than this server and verifiers read: nobody could use it, and nobody could revoke it by its
 * text.
 */
export function mintAccessToken(request: AccessTokenRequest, parts: MintParts): MintedAccessToken | Refusal {
  const { client, target, grant, exchange } = request;
  const { resource } = target;
  const format = formatOf(client, target);
  const ttl = Math.min(
    resource?.accessTokenTtl ?? client.accessTokenTtl ?? lifetimes.accessToken,
    client.accessTokenTtl ?? lifetimes.accessTokenCap,
    lifetimes.accessTokenCap,
  );
  const issuedAt = Math.floor(request.at);
  const latest = grant?.expiresAt ?? exchange?.expiresAt ?? Number.MAX_SAFE_INTEGER;
  const expiresAt = Math.min(issuedAt + ttl, latest);
  // Without a grant that keeps them, attributes are those of now.
  const kept = grant?.claims ?? resolveClaims(client.attributes ?? {}, request.user);
  const claims = { ...resolveClaims(client.customClaims, request.user), ...kept };
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
    grantIat: grant?.openedAt ?? exchange?.grantIat,
    authTime: grant?.authTime ?? exchange?.authTime,
    amr: grant?.amr,
    offline: grant?.offline ?? false,
    lineage: exchange?.lineage ?? [],
    exchanges: exchange?.exchanges,
    act: exchange?.act,
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
  if (text.length > longestJws) return exchange === undefined ? tooLong : tooLongLine;
  const digest = key === undefined ? parts.hashing.digest(text) : undefined;
  return { text, stored: { token, digest }, expiresIn: expiresAt - issuedAt };
}

/** Whether an access token for this client and target is a JWT or opaque. */
export function formatOf(client: Client, { resource }: Target): "jwt" | "opaque" {
  return resource?.accessTokenFormat ?? client.accessTokenFormat ?? "jwt";
}

const tooLong = refuse(
  "invalid_scope",
  "The access token would be longer than 8192 characters: ask for fewer scopes, shorten its claims, or use opaque tokens.",
);

const tooLongLine = refuse(
  "invalid_request",
  "The access token would be longer than 8192 characters: use a token that was exchanged less often, ask for fewer scopes, or use opaque tokens.",
);

export interface MintedRefreshToken {
  readonly text: string;
  readonly stored: NewRefreshToken;
}

type RefreshTokenRequest = Pick<AccessTokenRequest, "client" | "keyId" | "rev" | "at"> & {
  readonly grant: Grant;
};

/** Makes a refresh token of a grant; it lives until it is idle too long or its grant ends. */
export function mintRefreshToken(
  request: RefreshTokenRequest,
  parts: Pick<MintParts, "store" | "hashing">,
): MintedRefreshToken {
  const id = parts.store.nextId();
  const text = newToken("refresh", id);
  return { text, stored: newRefreshToken(request, { id, digest: parts.hashing.digest(text) }) };
}

/** As `mintRefreshToken`, in place of one that is spent now; `sealed` is kept with that one, for a retry. */
export function mintSuccessor(
  spent: string,
  request: RefreshTokenRequest,
  parts: Pick<MintParts, "store" | "hashing"> & { readonly successors: Successors },
): MintedRefreshToken & { readonly sealed: Uint8Array } {
  const id = parts.store.nextId();
  const { text, sealed } = parts.successors.next(spent, id);
  return { text, sealed, stored: newRefreshToken(request, { id, digest: parts.hashing.digest(text) }) };
}

function newRefreshToken(
  request: RefreshTokenRequest,
  { id, digest }: { readonly id: RowId; readonly digest: Uint8Array },
): NewRefreshToken {
  const issuedAt = Math.floor(request.at);
  const token = {
    id,
    grantId: request.grant.grantId,
    keyId: request.keyId,
    rev: request.rev,
    issuedAt,
    expiresAt: idleEnd(request.client, request.grant, issuedAt),
  };
  return { token, digest };
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
