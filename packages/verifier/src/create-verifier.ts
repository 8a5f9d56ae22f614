// Puts a verifier together and starts it: it is there only once the log is loaded and the first lease is met.
// CONTRACT.md section 7.

import { type Position, toBase64url } from "@rescind/core";
import type { VerifiedToken } from "./access-token.ts";
import { CredentialsRefused } from "./client-credentials.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type ExpressMiddleware, type ExpressResponse, expressMiddleware } from "./express.ts";
import { type FastifyHook, fastifyHook } from "./fastify.ts";
import { FeedConnection } from "./feed-connection.ts";
import { FeedReader, type ReaderState } from "./feed-reader.ts";
import type { FeedSettings } from "./feed-server.ts";
import { type FetchHandler, fetchHandler, type TokenHandler } from "./fetch-handler.ts";
import { Fingerprints } from "./fingerprints.ts";
import { type HonoMiddleware, honoMiddleware } from "./hono.ts";
import { clientFor, fetchClient } from "./http-client.ts";
import { Unanswered } from "./http-exchange.ts";
import { requestVerification } from "./incoming-request.ts";
import { type KoaMiddleware, koaMiddleware } from "./koa.ts";
import { type McpErrors, type McpTokenVerifier, mcpTokenVerifier } from "./mcp.ts";
import { type NodeListener, nodeListener } from "./node-http.ts";
import type { NodeLikeRequest } from "./node-request.ts";
import { readOptions, type VerifierOptions, type VerifierSettings } from "./options.ts";
import { type Requirements, readPolicy } from "./policy.ts";
import type { Presentation } from "./possession.ts";
import { type ReachedServer, reachServer } from "./reach-server.ts";
import { type ResourceMetadata, resourceMetadata } from "./resource-metadata.ts";
import { KeptSnapshots } from "./snapshot-store.ts";
import { Verification } from "./verify.ts";

export interface VerifierStatus {
  readonly position: Position;
  /** `fresh`: decides by itself. Everything else introspects or rejects. */
  readonly freshness: ReaderState;
  /** Milliseconds since the newest lease that was met was asked for. */
  readonly leaseAgeMs: number | undefined;
  /** Standing entries. */
  readonly entries: number;
}

/** What a route asks of tokens, or the name of one of the `policies` of the options. */
export type RoutePolicy = Requirements | string;

export interface Verifier {
  /**
   * Accepts a token or throws TokenRejected; TypeError for requirements that cannot be. Makes no network call while the
   * revocations known here are fresh. `presentation`: what a request proves of a bound token; adapters fill it in.
   */
  verify(token: string, requirements?: RoutePolicy, presentation?: Presentation): Promise<VerifiedToken>;
  /** Middleware that sets `req.auth`, or answers. */
  express(requirements?: RoutePolicy): ExpressMiddleware;
  /** A hook that sets `request.auth`, or answers. */
  fastify(requirements?: RoutePolicy): FastifyHook;
  /** Middleware that sets `c.get("auth")`, or answers. */
  hono(requirements?: RoutePolicy): HonoMiddleware;
  /** Middleware that sets `ctx.state.auth`, or answers. */
  koa(requirements?: RoutePolicy): KoaMiddleware;
  /** Wraps a listener of `node:http`, which is called with the token. */
  node<Req extends NodeLikeRequest, Res extends ExpressResponse>(
    requirements: RoutePolicy,
    listener: (request: Req, response: Res, token: VerifiedToken) => unknown,
  ): NodeListener<Req, Res>;
  /** What the MCP SDK's `requireBearerAuth` takes as its verifier. It knows bearer tokens only. */
  mcp(requirements: RoutePolicy, errors: McpErrors): McpTokenVerifier;
  /** Wraps a handler, which is called with the token. */
  fetchHandler<Rest extends readonly unknown[]>(
    requirements: RoutePolicy,
    handler: TokenHandler<Rest>,
  ): FetchHandler<Rest>;
  /** What to serve at the URL of the option `resourceMetadata`, as JSON: RFC 9728. TypeError without a URL as audience. */
  resourceMetadata(document?: { readonly scopes?: readonly string[] | undefined }): ResourceMetadata;
  status(): VerifierStatus;
  /** Ends the connection to the server. Every later check is rejected as `stale`. */
  close(): Promise<void>;
}

/**
 * Starts a verifier. Resolves once the log is loaded and the first lease is met; before that nothing is accepted.
 * @throws TypeError for an option that cannot be (an issuer that is not registered, too), CredentialsRefused, or Unanswered after `startTimeout`
 */
export async function createVerifier(options: VerifierOptions): Promise<Verifier> {
  const settings = readOptions(options);
  const clock = options.clock ?? systemClock;
  const given = options.fetch ?? fetch;
  // Called without a receiver: some runtimes insist on it.
  const fetchWith: typeof fetch = (input, init) => given(input, init);
  const deadline = clock().mono + settings.startTimeout;
  const closing = new AbortController();
  const reached = await reachServer({
    settings,
    fetch: fetchWith,
    clientFor: async (url) =>
      options.fetch === undefined ? clientFor(url, fetchWith) : fetchClient(fetchWith),
    clock,
    closing: closing.signal,
    kept: new KeptSnapshots(options.persist),
    deadline,
  });
  checkCap(settings, reached.feedSettings);
  const running = await assemble(settings, clock, reached);
  const close = async () => {
    closing.abort();
    running.connection.close();
    running.verification.close();
  };
  try {
    await firstLease(running, settings.issuer, deadline - clock().mono);
  } catch (cause) {
    await close();
    throw cause;
  }
  return facade(running, settings, clock, close);
}

interface Running {
  readonly reader: FeedReader;
  readonly verification: Verification;
  readonly connection: FeedConnection;
  readonly listener: Listener;
}

/** Who waits for the start. */
interface Listener {
  onFresh: () => void;
  onFailure: (cause: unknown) => void;
}

async function assemble(settings: VerifierSettings, clock: Clock, reached: ReachedServer): Promise<Running> {
  const { issuers, feed, feedSettings, introspection } = reached;
  const fingerprints = await CurrentFingerprints.from(feedSettings);
  const reader = new FeedReader({
    maxStaleness: settings.maxStaleness,
    leaseInterval: settings.leaseInterval ?? Math.min(feedSettings.leaseInterval, leaseIntervalFor(settings)),
    random: Math.random,
  });
  const verification = new Verification({
    settings,
    clock,
    reader,
    issuers,
    fingerprints: () => fingerprints.current,
    introspection,
  });
  const listener: Listener = { onFresh: () => {}, onFailure: () => {} };
  const { maxStaleness, name } = settings;
  const verifier = crypto.randomUUID();
  const connection = new FeedConnection({
    clock,
    reader,
    server: feed,
    report: () => ({ verifier, name, maxStaleness, counts: verification.counts }),
    // The key may have changed with the log, as after a restore.
    beforeLoad: async () => fingerprints.follow(await feed.settings()),
    onChange: () => {
      if (reader.state(clock()) === "fresh") listener.onFresh();
    },
    onSigningKeyRevoked: () => issuers.get(settings.issuer)?.keys.expectNew(),
    onFailure: (cause) => listener.onFailure(cause),
  });
  return { reader, verification, connection, listener };
}

/** Milliseconds. One lost lease, or two, must not make a route stale whose policy is known. */
function leaseIntervalFor({ maxStaleness, policies }: VerifierSettings): number {
  const bounds = [...policies.values()].map((policy) => policy.maxStaleness);
  return Math.min(maxStaleness, ...bounds) / 3;
}

class CurrentFingerprints {
  #key: string;
  current: Fingerprints;

  private constructor(key: string, current: Fingerprints) {
    this.#key = key;
    this.current = current;
  }

  static async from({ fingerprintKey }: FeedSettings): Promise<CurrentFingerprints> {
    return new CurrentFingerprints(toBase64url(fingerprintKey), await Fingerprints.underKey(fingerprintKey));
  }

  async follow({ fingerprintKey }: FeedSettings): Promise<void> {
    const key = toBase64url(fingerprintKey);
    if (key === this.#key) return;
    this.current = await Fingerprints.underKey(fingerprintKey);
    this.#key = key;
  }
}

function checkCap(settings: VerifierSettings, { maxStalenessCap }: FeedSettings): void {
  if (maxStalenessCap !== undefined && settings.maxStaleness > maxStalenessCap)
    throw new TypeError(`maxStaleness must be at most ${maxStalenessCap / 1000} seconds at this server`);
}

/** Starts the connection and waits, milliseconds at most, until the reader is fresh for the first time. */
function firstLease({ connection, listener }: Running, issuer: string, timeout: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let lastFailure: unknown;
    const late = setTimeout(() => {
      end(() => reject(new Unanswered(`${issuer} gave no lease in time`, { cause: lastFailure })));
    }, timeout);
    const end = (settle: () => void) => {
      clearTimeout(late);
      listener.onFresh = () => {};
      listener.onFailure = () => {};
      settle();
    };
    listener.onFresh = () => end(resolve);
    listener.onFailure = (cause) => {
      lastFailure = cause;
      if (cause instanceof CredentialsRefused) end(() => reject(cause));
    };
    connection.start();
  });
}

function facade(
  { reader, verification }: Running,
  settings: VerifierSettings,
  clock: Clock,
  close: () => Promise<void>,
): Verifier {
  const verify = async (token: string, requirements: RoutePolicy = {}, presentation: Presentation = {}) =>
    verification.verify(token, readPolicy(settings, requirements), presentation);
  const guard = (requirements: RoutePolicy = {}) =>
    requestVerification(verification, settings, readPolicy(settings, requirements));
  return {
    verify,
    express: (requirements) => expressMiddleware(guard(requirements)),
    fastify: (requirements) => fastifyHook(guard(requirements)),
    hono: (requirements) => honoMiddleware(guard(requirements)),
    koa: (requirements) => koaMiddleware(guard(requirements)),
    node: (requirements, listener) => nodeListener(guard(requirements), listener),
    mcp: (requirements, errors) => {
      const policy = readPolicy(settings, requirements);
      return mcpTokenVerifier((token) => verification.verify(token, policy, {}), errors);
    },
    fetchHandler: (requirements, handler) => fetchHandler(guard(requirements), handler),
    resourceMetadata: (document = {}) => resourceMetadata(settings, document.scopes),
    status: () => ({
      position: reader.position,
      freshness: reader.state(clock()),
      leaseAgeMs: wholeMs(reader.leaseAge(clock())),
      entries: reader.set.size,
    }),
    close,
  };
}

function wholeMs(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms);
}
