// A reader of the nearline copy for tests, as docs/reference/cache.md describes one: verified claims in, verdict out, by
// one MGET. Its rule is the core's; examples/readers/nearline.py is another that knows the documentation alone.

import { createHmac } from "node:crypto";
import {
  fingerprintInput,
  fingerprintLength,
  type Judged,
  liveness,
  type StandingEntry,
  unitsOf,
} from "@rescind/core";
import type { TestServer } from "../running-server.ts";

/** "unknown": there is no lease to believe; introspect or refuse. */
export type NearlineVerdict = "live" | "revoked" | "expired" | "not-yet" | "unknown";

export interface NearlineSettings {
  readonly issuer: string;
  readonly key: Uint8Array;
  readonly lease: string;
  readonly entries: string;
  readonly log: string;
}

/** What GET /revocations/settings tells a reader. */
export async function nearlineSettings(server: TestServer): Promise<NearlineSettings> {
  const { json } = await server.request("/revocations/settings", {
    headers: { authorization: `Bearer ${await server.tokenWithScope("rescind:feed")}` },
  });
  const cache = json.cache as Record<string, string>; // the server's own answer
  return {
    issuer: String(json.issuer),
    key: Buffer.from(String(json.fingerprint_key), "base64url"),
    lease: String(cache.lease_key),
    entries: String(cache.entry_prefix),
    log: String(cache.log),
  };
}

/** Orders that this server answered before the cache had them. */
export async function lateAnswers(server: TestServer): Promise<number> {
  const { text } = await server.request("/metrics");
  const [, count] = /^rescind_cache_late_answers (\d+)$/m.exec(text) ?? [];
  if (count === undefined) throw new Error("there is no such metric");
  return Number(count);
}

interface Mget {
  mget(...keys: string[]): Promise<(string | null)[]>;
}

/** A function that checks the claims of a genuine token by this cache. */
export async function nearlineReader(
  server: TestServer,
  cache: Mget,
): Promise<(claims: Claims) => Promise<NearlineVerdict>> {
  const settings = await nearlineSettings(server);
  return async (claims) => {
    const token = judged(claims, settings.issuer);
    const [lease, ...values] = await cache.mget(settings.lease, ...keysOf(token, settings));
    if (lease?.split(".")[2] !== settings.log) return "unknown";
    return liveness(token, standingIn(values), Date.now() / 1000).kind;
  };
}

/** The names of the entries that could cover a token. */
export function keysOf(token: Judged, { key, entries }: NearlineSettings): string[] {
  const own = unitsOf(token).map((unit) =>
    createHmac("sha256", key)
      .update(fingerprintInput(unit))
      .digest()
      .subarray(0, fingerprintLength)
      .toString("base64url"),
  );
  return [...own, ...token.lineage].map((fp) => entries + fp);
}

export function standingIn(values: readonly (string | null)[]): StandingEntry[] {
  return values.flatMap((value) => (value === null ? [] : (JSON.parse(value).entries as StandingEntry[])));
}

export type Claims = Readonly<Record<string, unknown>>;

/** The claims of a JWT, and its `kid`, which the signature has vouched for. Does not check the signature. */
export function claimsOf(jwt: string): Claims {
  const [header, payload] = jwt
    .split(".")
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString()));
  return { ...payload, kid: header.kid };
}

export function judged(claims: Claims, ourIssuer: string): Judged {
  const text = (name: string): string | undefined =>
    typeof claims[name] === "string" ? claims[name] : undefined;
  const number = (name: string): number | undefined =>
    typeof claims[name] === "number" ? claims[name] : undefined;
  const ours = claims.iss === ourIssuer;
  return {
    issuer: String(claims.iss),
    ours,
    tokenId: text("jti"),
    grantId: text("grant_id"),
    sessionId: text("sid"),
    subject: text("sub"),
    clientId: text("client_id"),
    keyId: text("key_id"),
    signingKey: text("kid"),
    offline: claims.offline === true,
    rev: ours ? number("rev") : undefined,
    authorisedAt: (ours ? number("grant_iat") : undefined) ?? number("iat"),
    expiresAt: number("exp") ?? 0,
    notBefore: number("nbf"),
    lineage: Array.isArray(claims.lineage) ? claims.lineage.map(String) : [],
  };
}
