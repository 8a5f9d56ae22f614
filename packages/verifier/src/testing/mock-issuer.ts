// An issuer without a network, for tests of what stands behind a verifier. It speaks the real feed with real signatures,
// so that what is revoked here is refused in the way it will be. Not for anything but tests: its secrets are public.

import { fromBase64url, type Unit } from "@rescind/core";
import { type Clock, systemClock } from "../clock.ts";
import { membersOf } from "../json.ts";
import { parseBytes } from "../jwt.ts";
import type { VerifierOptions } from "../options.ts";
import { MockServer } from "./mock-server.ts";

export interface MockIssuerOptions {
  readonly audience: string | readonly string[];
  /** Default `https://issuer.test`. Nothing is ever sent there. */
  readonly issuer?: string | undefined;
}

/** What a token is to say. Every other member is a claim, as it stands; undefined leaves a claim out. */
export interface MockTokenClaims {
  readonly subject?: string | undefined;
  readonly clientId?: string | undefined;
  readonly grantId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly scope?: string | undefined;
  readonly audience?: string | readonly string[] | undefined;
  /** Seconds; below 0 it has expired. Default 900. */
  readonly expiresIn?: number | undefined;
  readonly [claim: string]: unknown;
}

/** What to revoke: a token by its text, or a unit as at `POST /admin/v1/revocations`. */
export type MockTarget =
  | string
  | { readonly tokenId: string }
  | { readonly grantId: string }
  | { readonly sessionId: string }
  | { readonly subject: string; readonly clientId?: string | undefined }
  | { readonly clientId: string }
  | { readonly all: true };

export interface MockIssuer {
  /** To be spread into `createVerifier`. */
  readonly options: VerifierOptions & { readonly fetch: typeof fetch; readonly clock: Clock };
  /** A signed access token. */
  token(claims?: MockTokenClaims): Promise<string>;
  /** Resolves when every verifier that follows has applied it; at once while the issuer is silent. @throws TypeError */
  revoke(target: MockTarget): Promise<void>;
  /** From now on nothing is answered, as with a cut network. */
  goSilent(): void;
  /** Everything is answered again. */
  comeBack(): void;
  /** Moves the time of the issuer and of its verifiers forward, instead of waiting. Seconds. */
  advance(seconds: number): void;
  /** Ends every stream; nothing is answered any more. */
  close(): Promise<void>;
}

/** Of the verifier. Every client is let in. */
const credentials = { clientId: "mock-verifier", clientSecret: "mock-secret" };

/** Starts an issuer in memory. Does not listen anywhere. */
export async function mockIssuer(options: MockIssuerOptions): Promise<MockIssuer> {
  const { audience, issuer = "https://issuer.test" } = options;
  let ahead = 0;
  const clock: Clock = () => {
    const { mono, wall } = systemClock();
    return { mono: mono + ahead, wall: wall + ahead };
  };
  const server = await MockServer.start(issuer, clock);
  return {
    options: { issuer, audience, ...credentials, fetch: server.fetch, clock },
    token: (claims = {}) => server.issue(claimsOf(claims, { issuer, audience, clock })),
    revoke: async (target) => server.revoke(unitOf(target, issuer)),
    goSilent: () => server.goSilent(),
    comeBack: () => server.comeBack(),
    advance: (seconds) => {
      ahead += seconds * 1000;
    },
    close: async () => server.goSilent(),
  };
}

function claimsOf(
  given: MockTokenClaims,
  { issuer, audience: own, clock }: Pick<VerifierOptions, "issuer" | "audience"> & { clock: Clock },
): Readonly<Record<string, unknown>> {
  const { subject, clientId: client, grantId, sessionId, audience, expiresIn = 900, ...claims } = given;
  const now = Math.floor(clock().wall / 1000);
  return {
    iss: issuer,
    sub: subject ?? "usr_1",
    aud: audience ?? own,
    client_id: client ?? "client_1",
    grant_id: grantId ?? `grt_${crypto.randomUUID()}`,
    sid: sessionId,
    jti: `tok_${crypto.randomUUID()}`,
    iat: Math.min(now, now + expiresIn),
    exp: now + expiresIn,
    ...claims,
  };
}

/** @throws TypeError for what names nothing */
function unitOf(target: MockTarget, issuer: string): Unit {
  const named = (name: Unit["name"], value: string, client?: string): Unit => ({
    name,
    issuer,
    value,
    ...(client === undefined ? {} : { client }),
  });
  if (typeof target === "string") return named("token", tokenIdOf(target));
  if ("tokenId" in target) return named("token", target.tokenId);
  if ("grantId" in target) return named("grant", target.grantId);
  if ("sessionId" in target) return named("session", target.sessionId);
  if ("subject" in target) {
    const { subject, clientId: client } = target;
    return client === undefined ? named("subject", subject) : named("subject+client", subject, client);
  }
  if ("clientId" in target) return named("client", target.clientId);
  if (target.all === true) return named("all", "");
  throw new TypeError("revoke takes a token, or one of tokenId, grantId, sessionId, subject, clientId, all");
}

/** The `jti` of a token of ours. */
function tokenIdOf(token: string): string {
  const payload = fromBase64url(token.split(".")[1] ?? "");
  const { jti } = membersOf(payload === undefined ? undefined : parseBytes(payload));
  if (typeof jti !== "string") throw new TypeError("the text is not a token of this issuer");
  return jti;
}
