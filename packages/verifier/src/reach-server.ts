// The first contact with a server: its metadata, its keys, the feed's settings. Tried again until a deadline.

import { basicAuthorization, CredentialsRefused, FeedToken } from "./client-credentials.ts";
import type { Clock } from "./clock.ts";
import { FeedServer, type FeedSettings } from "./feed-server.ts";
import { feedAlgorithms } from "./feed-signature.ts";
import type { HttpClient } from "./http-client.ts";
import { type Fetch, Unanswered } from "./http-exchange.ts";
import type { IntrospectionServer } from "./introspection.ts";
import { asymmetricAlgorithms, KeySet } from "./key-set.ts";
import type { VerifierSettings } from "./options.ts";
import { discover } from "./server-metadata.ts";
import type { KeptSnapshots } from "./snapshot-store.ts";
import { foreignIssuers, ownIssuer, type TrustedIssuers } from "./trusted-issuer.ts";

export interface Approach {
  readonly settings: VerifierSettings;
  readonly fetch: Fetch;
  /** What reaches this URL of the server, beside `fetch`. */
  readonly clientFor: (url: string) => Promise<HttpClient>;
  readonly clock: Clock;
  /** Ends every request to the feed. */
  readonly closing: AbortSignal;
  readonly kept: KeptSnapshots;
  /** Monotonic milliseconds after which no further attempt begins. */
  readonly deadline: number;
}

export interface ReachedServer {
  readonly issuers: TrustedIssuers;
  readonly feed: FeedServer;
  readonly feedSettings: FeedSettings;
  readonly introspection: IntrospectionServer;
}

/** Milliseconds: a request may take, and between two attempts. */
const requestTimeout = 5000;
const retryInterval = 250;

/** @throws CredentialsRefused and TypeError at once, Unanswered when the deadline has passed */
export async function reachServer(approach: Approach): Promise<ReachedServer> {
  for (;;) {
    try {
      return await attempt(approach);
    } catch (cause) {
      if (cause instanceof CredentialsRefused || cause instanceof TypeError) throw cause;
      if (approach.clock().mono + retryInterval >= approach.deadline)
        throw new Unanswered(`${approach.settings.issuer} could not be reached in time`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, retryInterval));
  }
}

async function attempt({
  settings,
  fetch,
  clientFor,
  clock,
  closing,
  deadline,
  kept,
}: Approach): Promise<ReachedServer> {
  const timeout = Math.max(1, Math.min(requestTimeout, deadline - clock().mono));
  const metadata = await discover(fetch, settings.issuer, timeout);
  const { issuer, tokenEndpoint } = metadata;
  const authorization = basicAuthorization(settings.clientId, settings.clientSecret);
  const keySource = { fetch, clock, timeout: requestTimeout };
  const keys = new KeySet({ ...keySource, url: metadata.jwksUri, algorithms: asymmetricAlgorithms });
  const feedKeys = new KeySet({ ...keySource, url: metadata.feedJwksUri, algorithms: feedAlgorithms });
  const token = new FeedToken({
    fetch,
    clock,
    tokenEndpoint,
    issuer,
    authorization,
    timeout: requestTimeout,
  });
  const feed = new FeedServer({
    fetch,
    client: await clientFor(metadata.feedJwksUri),
    endpoint: metadata.revocationsEndpoint,
    issuer,
    token,
    keys: feedKeys,
    leaseTimeout: Math.min(settings.maxStaleness, requestTimeout),
    signal: closing,
    kept,
  });
  const [feedSettings] = await Promise.all([feed.settings(), keys.load(), feedKeys.load()]);
  const introspection = {
    fetch,
    endpoint: metadata.introspectionEndpoint,
    authorization,
    timeout: Math.min(settings.maxStaleness, requestTimeout),
  };
  const foreign = foreignIssuers(settings, feedSettings.issuers, keySource);
  // Somebody else's outage is no reason not to start: a token of theirs will ask for the keys again.
  await Promise.all(foreign.map((other) => other.keys.load().catch(() => undefined)));
  const issuers = new Map(
    [ownIssuer(settings, keys), ...foreign].map((trusted) => [trusted.issuer, trusted]),
  );
  return { issuers, feed, feedSettings, introspection };
}
