// Starts a server from its configuration and stops it: the one place where the parts are put together.

import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import { openStore, type Store } from "@rescind/store";
import { destination, type Logger, pino } from "pino";
import { applyDeclared } from "./admin/declared.ts";
import { ensureAdminClient } from "./admin-client.ts";
import { availability } from "./availability.ts";
import { nearline } from "./cache/nearline.ts";
import type { Configuration } from "./configuration.ts";
import { ensureConsoleClient } from "./console-client.ts";
import type { Dependencies } from "./dependencies.ts";
import { effectWatch } from "./feed/effect.ts";
import { byFreshness, fleet } from "./feed/fleet.ts";
import { OrderTimes } from "./feed/order-times.ts";
import { snapshots } from "./feed/snapshots.ts";
import { feedStream } from "./feed/stream.ts";
import { buildApp } from "./http/app.ts";
import { drain } from "./http/drain.ts";
import { fetchOutside } from "./http/outside-fetch.ts";
import { tokenHashing } from "./keys/digest.ts";
import { loadMasterKey, type Seal } from "./keys/master-key.ts";
import { ensureFirstKeys } from "./keys/signing-keys.ts";
import { metrics } from "./metrics.ts";
import { ensureFirstUser } from "./people/first-user.ts";
import { loginLimits } from "./sign-in/password-attempt.ts";
import { Catalog } from "./tokens/catalog.ts";
import { clientKeys } from "./tokens/client-keys.ts";
import { addressLimit, failureLimit } from "./tokens/failure-limit.ts";
import { ForeignTokens } from "./tokens/foreign-tokens.ts";
import { GenuineJwts } from "./tokens/genuine-jwts.ts";
import { lastUses } from "./tokens/last-uses.ts";
import { StandingEntries } from "./tokens/standing.ts";
import { startUpkeep } from "./upkeep.ts";
import { webhookDispatcher } from "./webhooks/dispatcher.ts";

export interface RunningServer {
  readonly issuer: string;
  readonly port: number;
  readonly log: Logger;
  /** Resolves when the disk or the database's file failed: what was answered stands, the process should exit. */
  readonly failed: Promise<Error>;
  /** Stops accepting, finishes what is in flight, flushes, closes the store. */
  close(): Promise<void>;
}

const clientFailuresPerMinute = 30;
const leakReportsPerHour = 60;

/**
 * Opens the store, makes what a first start makes, and listens.
 * @throws ConfigurationError, StoreUnavailable, or the system's error if the address is taken
 */
export async function startServer(configuration: Configuration): Promise<RunningServer> {
  mkdirSync(configuration.data, { recursive: true, mode: 0o700 });
  chmodSync(configuration.data, 0o700);
  const log = pino({ level: configuration.logLevel }, destination({ sync: true }));
  const seal = loadMasterKey(configuration.masterKey, configuration.data);
  const failure = Promise.withResolvers<Error>();
  const { issuer } = configuration;
  const store = await openStore(configuration.database, { issuer, onFailure: failure.resolve });
  try {
    const deps = await dependencies(configuration, { log, seal, store });
    await ensureConsoleClient(deps);
    await deps.standing.load();
    await ensureFirstUser(deps);
    await applyDeclared(configuration.declared, deps);
    const app = buildApp(deps);
    const drained = drain(app.server);
    await app.listen({ port: configuration.port, host: configuration.host });
    deps.effect.serving();
    const stopUpkeep = startUpkeep(deps);
    deps.webhooks.start();
    deps.nearline.start();
    return {
      issuer: configuration.issuer,
      port: configuration.port,
      log,
      failed: failure.promise,
      async close() {
        deps.stream.close();
        deps.effect.close();
        const webhooksStopped = deps.webhooks.stop();
        await drained(app.close());
        await deps.nearline.close();
        await Promise.all([stopUpkeep(), webhooksStopped]);
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function dependencies(
  configuration: Configuration,
  parts: { readonly log: Logger; readonly seal: Seal; readonly store: Store },
): Promise<Dependencies> {
  const { log, seal, store } = parts;
  const { issuer } = configuration;
  const now = (): number => Date.now();
  const fingerprintKey = await keptKey("fingerprint-key", parts);
  const hashing = tokenHashing(configuration.tokenPepper, fingerprintKey, configuration.previousTokenPepper);
  await ensureFirstKeys(store, seal);
  await ensureAdminClient({ store, hashing, configuration, now });
  const standing = new StandingEntries(store);
  const stream = feedStream({ standing, issuer }, now);
  const verifiers = fleet(now);
  const longestStaleness = await store.longestStaleness();
  const counters = metrics();
  counters.gauge("rescind_standing_entries", "Standing entries in this node's memory", () => standing.size);
  counters.gauge("rescind_log_seq", "Position of this node on the revocation log", () => standing.seq);
  counters.gauge(
    "rescind_feed_subscribers",
    "Live subscribers of the feed at this node",
    () => stream.subscribers,
  );
  counters.gaugeBy(
    "rescind_verifiers",
    "Verifiers that this node met within a day, by whether the last lease may still be in force: fresh, stale",
    "freshness",
    () => byFreshness(verifiers.list(), now()),
  );
  const orderTimes = new OrderTimes();
  standing.subscribe((entries) => orderTimes.learned(entries.at(0)?.seq ?? 0, entries.at(-1)?.seq ?? 0));
  const { allowPrivateNetworks: allowPrivate } = configuration;
  const webhooks = webhookDispatcher({ store, seal, log, now, standing, metrics: counters, allowPrivate });
  counters.gauge(
    "rescind_webhook_oldest_pending_seconds",
    "Age of the oldest webhook delivery that has not arrived, looked at every 10 seconds",
    () => webhooks.oldestPending(),
  );
  return {
    configuration,
    issuer,
    store,
    seal,
    log,
    hashing,
    fingerprintKey,
    standing,
    stream,
    snapshots: snapshots({ standing, issuer, now }),
    now,
    metrics: counters,
    catalog: new Catalog(store, seal),
    fleet: verifiers,
    orderTimes,
    effect: effectWatch({ fleet: verifiers, store, longestStaleness }),
    lastUses: lastUses(store),
    availability: availability(now),
    webhooks,
    clientFailures: failureLimit(clientFailuresPerMinute, 60_000),
    leakReports: addressLimit(leakReportsPerHour, 3_600_000),
    logins: loginLimits(),
    clientKeys: clientKeys(configuration.allowPrivateNetworks, now),
    genuineJwts: new GenuineJwts(),
    foreignTokens: foreignTokens(configuration.allowPrivateNetworks, { now, log }),
    nearline: nearline(configuration, { standing, store, log, now, fingerprintKey, metrics: counters }),
  };
}

function foreignTokens(
  allowPrivate: boolean,
  { now, log }: Pick<Dependencies, "now" | "log">,
): ForeignTokens {
  return new ForeignTokens({
    now,
    fetch: (uri) => fetchOutside(uri, { timeoutMs: 5000, mostBytes: 256 * 1024, allowPrivate }),
    onFailure: (uri, cause) =>
      log.warn({ uri, cause: String(cause) }, "keys of a foreign issuer not fetched"),
  });
}

/** A random key of 32 bytes that is made once and kept sealed in the store. */
async function keptKey(
  name: string,
  parts: { readonly seal: Seal; readonly store: Store },
): Promise<Uint8Array> {
  return parts.seal.open(name, await parts.store.keepSecret(name, parts.seal.seal(name, randomBytes(32))));
}
