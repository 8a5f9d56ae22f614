// What a presented text is: one of our opaque tokens, one of our JWT access tokens, a JWT of a registered foreign issuer,
// or nothing we know. Every consumer of tokens (bearer, introspection, revocation, refresh, exchange) asks here; type
// confusion ends here (THREATS IN-05, IN-06). Does not judge liveness.

import {
  type AccessToken,
  actOf,
  type ForeignToken,
  type Grant,
  livesTooLong,
  mayBeImported,
  parseId,
  parseToken,
  type RefreshToken,
  type RowId,
  reservedClaims,
  type User,
} from "@rescind/core";
import type { Head, Store } from "@rescind/store";
import type { TokenHashing } from "../keys/digest.ts";
import { type DecodedJws, decodeJws, verifyJws } from "../keys/jws.ts";
import type { KeyRing } from "../keys/signing-keys.ts";
import type { Catalog } from "./catalog.ts";
import type { ForeignTokens } from "./foreign-tokens.ts";
import type { GenuineJwts } from "./genuine-jwts.ts";

export type Recognised =
  | { readonly kind: "access"; readonly head: Head; readonly token: AccessToken }
  | RecognisedRefreshToken
  /** Somebody else's: it can be revoked and introspected here, and opens nothing. */
  | { readonly kind: "foreign"; readonly head: Head; readonly token: ForeignToken }
  | Unknown;

/** As an order has to know it: a token of ours with whose it is and until when it lives, and nothing else. */
export type RecognisedToRevoke =
  | Exclude<Recognised, { readonly kind: "access" }>
  | { readonly kind: "access"; readonly head: Head; readonly token: OwnedToken };

type OwnedToken = Pick<AccessToken, "id" | "clientId" | "subject" | "grantId" | "expiresAt">;

interface Unknown {
  readonly kind: "unknown";
  readonly head: Head;
}

export interface RecognisedRefreshToken {
  readonly kind: "refresh";
  readonly head: Head;
  readonly token: RefreshToken;
  readonly grant: Grant;
  /** Whose grant it is, read with it; undefined for a subject that nobody here is. */
  readonly user: User | undefined;
}

export interface RecogniseParts {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly hashing: TokenHashing;
  readonly foreignTokens: ForeignTokens;
  readonly genuineJwts: GenuineJwts;
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type RefreshTokenParts = Pick<RecogniseParts, "hashing" | "store">;

/**
 * Recognises a token, mostly with one read of the store, whose head comes along. The prefix decides; hints are not
 * needed. What begins like a token of ours and is none is looked up no further.
 */
export async function recognise(text: string, parts: RecogniseParts): Promise<Recognised> {
  const parsed = parseToken(text);
  if (parsed?.kind === "access") {
    const { head, token } = await parts.store.findAccessToken(parsed.rowId);
    const genuine = token !== undefined && parts.hashing.matches(text, token.digest);
    return genuine ? { kind: "access", head, token } : { kind: "unknown", head };
  }
  if (parsed?.kind === "refresh") return refreshTokenOf(text, parsed.rowId, parts);
  const known = parts.genuineJwts.find(text);
  if (known !== undefined) {
    const head = await parts.store.head();
    const isAccepted = mayBeOf(known, await parts.catalog.keys(head), parts);
    return isAccepted ? { kind: "access", head, token: known } : { kind: "unknown", head };
  }
  const jws = decodeJws(text);
  if (jws === undefined) return imported(text, parts);
  const head = await parts.store.head();
  if (jws.payload.iss !== parts.issuer) {
    const issuer = (await parts.catalog.issuers(head)).get(String(jws.payload.iss));
    const foreign = issuer === undefined ? undefined : await parts.foreignTokens.read(text, jws, issuer);
    return foreign === undefined ? imported(text, parts) : { kind: "foreign", head, token: foreign };
  }
  const token = jwtAccessToken(jws, await parts.catalog.keys(head), parts);
  if (token === undefined) return { kind: "unknown", head };
  parts.genuineJwts.remember(text, token);
  return { kind: "access", head, token };
}

/** As `recognise`, for who revokes it: of an opaque access token only what an order needs is read. */
export async function recogniseToRevoke(text: string, parts: RecogniseParts): Promise<RecognisedToRevoke> {
  const parsed = parseToken(text);
  if (parsed?.kind !== "access") return recognise(text, parts);
  const { rowId: id } = parsed;
  const { head, owner } = await parts.store.findTokenOwner(id);
  if (owner === undefined || !parts.hashing.matches(text, owner.digest)) return { kind: "unknown", head };
  const { clientId, subject, grantId, expiresAt } = owner;
  return { kind: "access", head, token: { id, clientId, subject, grantId, expiresAt } };
}

/** As `recognise`, where nothing but a refresh token will do: a look-up for one of ours, and the head alone for all else. */
export async function recogniseRefreshToken(
  text: string,
  parts: RefreshTokenParts,
): Promise<RecognisedRefreshToken | Unknown> {
  const parsed = parseToken(text);
  if (parsed?.kind === "refresh") return refreshTokenOf(text, parsed.rowId, parts);
  return { kind: "unknown", head: await parts.store.head() };
}

async function refreshTokenOf(
  text: string,
  rowId: RowId,
  { store, hashing }: RefreshTokenParts,
): Promise<RecognisedRefreshToken | Unknown> {
  const { head, token, grant, user } = await store.findRefreshToken(rowId);
  const genuine = token !== undefined && hashing.matches(text, token.digest);
  return genuine && grant !== undefined
    ? { kind: "refresh", head, token, grant, user }
    : { kind: "unknown", head };
}

/** What time may have changed since its signature was verified: keys are accepted for a while only. */
function mayBeOf(
  { kid, expiresAt }: AccessToken,
  keys: KeyRing,
  { now }: Pick<RecogniseParts, "now">,
): boolean {
  return keys.byKid("access", kid, now()) !== undefined && !livesTooLong(expiresAt, now() / 1000);
}

/** An opaque token made elsewhere is known by its text alone. The head is that of the look-up. */
async function imported(text: string, parts: RecogniseParts): Promise<Recognised> {
  if (!mayBeImported(text)) return { kind: "unknown", head: await parts.store.head() };
  const [digest, ...earlier] = parts.hashing.digests(text);
  const first = await parts.store.findImportedToken(digest);
  if (first.token !== undefined) return { kind: "access", head: first.head, token: first.token };
  for (const previous of earlier) {
    const { head, token } = await parts.store.findImportedToken(previous);
    if (token !== undefined) return { kind: "access", head, token };
  }
  return { kind: "unknown", head: first.head };
}

/** The facts in a JWT access token of ours, verified against our own keys; undefined for anything else. */
function jwtAccessToken(
  jws: DecodedJws,
  keys: KeyRing,
  { issuer, now }: Pick<RecogniseParts, "issuer" | "now">,
): AccessToken | undefined {
  const { typ, kid } = jws.header;
  const key = keys.byKid("access", kid, now());
  if (key === undefined || (typ !== "at+jwt" && typ !== "JWT")) return undefined;
  if (!verifyJws(jws, key.alg, key.publicKey)) return undefined;
  const claims = jws.payload;
  const id = typeof claims.jti === "string" ? parseId("token", claims.jti) : undefined;
  const [subject, clientId] = [text(claims.sub), text(claims.client_id)];
  const [rev, issuedAt, expiresAt] = [whole(claims.rev), whole(claims.iat), whole(claims.exp)];
  const audience = texts(claims.aud);
  if (claims.iss !== issuer || id === undefined || rev === undefined) return undefined;
  if (!subject || !clientId || audience.length === 0) return undefined;
  if (issuedAt === undefined || expiresAt === undefined) return undefined;
  if (livesTooLong(expiresAt, now() / 1000)) return undefined;
  return {
    id,
    clientId,
    subject,
    rev,
    issuedAt,
    expiresAt,
    kid: key.kid,
    grantId: text(claims.grant_id),
    sessionId: text(claims.sid),
    keyId: text(claims.key_id),
    scopes: text(claims.scope)?.split(" ") ?? [],
    audience,
    grantIat: whole(claims.grant_iat),
    authTime: whole(claims.auth_time),
    amr: claims.amr === undefined ? undefined : texts(claims.amr),
    offline: claims.offline === true,
    lineage: texts(claims.lineage),
    exchanges: whole(claims.exchanges),
    act: actOf(claims.act),
    claims: configuredClaims(claims),
  };
}

const serverClaims = new Set(reservedClaims);

function configuredClaims(claims: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !serverClaims.has(name)));
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function texts(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.filter((one): one is string => typeof one === "string" && one !== "");
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
