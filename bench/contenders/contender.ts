// A server under test, as the rows see it: where it answers, who the client is, and how to get refresh tokens.

import type { LoadGenerator } from "../load/load-generator.ts";
import type { Exchange } from "../load/round.ts";

export interface Contender {
  readonly name: string;
  /** Every process that does its work, now. */
  processes(): readonly number[];
  /** Those of them that are its database, where that is a process of its own. */
  databaseProcesses?(): readonly number[];
  /** The first of `ports`. */
  readonly port: number;
  /** One for each node; connections are spread over them. */
  readonly ports: readonly number[];
  readonly issuer: string;
  readonly paths: {
    readonly token: string;
    readonly introspect: string;
    readonly revoke: string;
    readonly jwks: string;
  };
  /** Authorization headers (client_secret_basic) of a client that gets opaque tokens and of one that gets JWTs. */
  readonly clients: { readonly opaque: string; readonly jwt: string };
  /** Fills a queue of the load process with refresh tokens of as many grants, each of another subject. */
  fillRefreshTokens(load: LoadGenerator, queue: string, count: number): Promise<void>;
  stop(): Promise<void>;
}

/** The resource that JWT access tokens are asked for (RFC 8707). */
export const resource = "https://api.example.test/";

/** Seconds; the same on both sides. */
export const accessTokenTtl = 900;

/** What both sides register for the client; `offline_access` because a refresh token is to outlive a session. */
export const clientScope = "read offline_access";

/** client_secret_basic, RFC 6749 section 2.3.1; neither part needs form encoding here. */
export function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
}

/** A form-encoded POST whose token, if it takes one, comes last. */
export function formPost(
  contender: Contender,
  request: { path: string; authorization: string; form: string; members: Exchange["members"] },
): Exchange {
  return {
    ports: contender.ports,
    path: request.path,
    authorization: request.authorization,
    contentType: "application/x-www-form-urlencoded",
    body: { before: request.form, after: "" },
    status: 200,
    members: request.members,
  };
}

/** What introspection says of a token to the client it was issued to. */
export async function introspect(contender: Contender, token: string): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${contender.port}${contender.paths.introspect}`, {
    method: "POST",
    headers: { authorization: contender.clients.opaque },
    body: new URLSearchParams({ token }),
  });
  if (response.status !== 200)
    throw new Error(`${contender.name}: introspection answered ${response.status}`);
  return (await response.json()) as Record<string, unknown>; // both sides answer an object; members are looked at one by one
}
