// How the verifier shows who it is: HTTP Basic (RFC 6749 section 2.3.1) and, for the feed, an access token of the
// client credentials grant (section 4.4), renewed before it expires.

import type { Clock } from "./clock.ts";
import { exchangeJson, type Fetch, Unanswered } from "./http-exchange.ts";
import { membersOf } from "./json.ts";

/** `Authorization: Basic`: id and secret are form-encoded first. */
export function basicAuthorization(clientId: string, clientSecret: string): string {
  return `Basic ${btoa(`${formEncode(clientId)}:${formEncode(clientSecret)}`)}`;
}

/** The server knows these credentials not, or does not let them read the feed. Trying again does not help. */
export class CredentialsRefused extends Error {
  override readonly name = "CredentialsRefused";
}

/** The access token for the feed, fetched when first needed and shared by all who ask. */
export class FeedToken {
  readonly #request: () => Promise<Issued>;
  readonly #clock: Clock;
  #current: Issued | undefined;
  #pending: Promise<Issued> | undefined;

  constructor(client: FeedClient) {
    this.#request = () => requestToken(client);
    this.#clock = client.clock;
  }

  /** @throws CredentialsRefused, Unanswered */
  async get(): Promise<string> {
    const current = this.#current;
    if (current !== undefined && this.#clock().mono < current.renewAt) return current.token;
    this.#pending ??= this.#request().finally(() => {
      this.#pending = undefined;
    });
    this.#current = await this.#pending;
    return this.#current.token;
  }

  /** This token was refused: the next call gets another. */
  discard(token: string): void {
    if (this.#current?.token === token) this.#current = undefined;
  }
}

export interface FeedClient {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly tokenEndpoint: string;
  readonly issuer: string;
  readonly authorization: string;
  /** Milliseconds. */
  readonly timeout: number;
}

interface Issued {
  readonly token: string;
  /** Monotonic milliseconds. */
  readonly renewAt: number;
}

async function requestToken(client: FeedClient): Promise<Issued> {
  const asked = client.clock().mono;
  const form = { grant_type: "client_credentials", scope: "rescind:feed", resource: client.issuer };
  const { status, body } = await exchangeJson(client.fetch, {
    url: client.tokenEndpoint,
    headers: {
      authorization: client.authorization,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams(form).toString(),
    timeout: client.timeout,
  });
  const { access_token: token, expires_in: lifetime, error } = membersOf(body);
  if (status === 400 || status === 401 || status === 403)
    throw new CredentialsRefused(`The token endpoint refused the verifier's client: ${String(error)}.`);
  if (status !== 200 || typeof token !== "string" || typeof lifetime !== "number")
    throw new Unanswered(`${client.tokenEndpoint} answered ${status}`, { status });
  // A quarter of its life is left for a server that is away just then.
  return { token, renewAt: asked + lifetime * 750 };
}

function formEncode(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}
