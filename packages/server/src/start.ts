// Starts a server from its configuration and stops it: the one place where the parts are put together.

import { chmodSync, mkdirSync } from "node:fs";
import type { MessagePort } from "node:worker_threads";
import { openStore, type Store } from "@rescind/store";
import { destination, type Logger, pino } from "pino";
import { applyDeclared } from "./admin/declared.ts";
import { ensureAdminClient } from "./admin-client.ts";
import { ownAdminFile, sharedAdminFile } from "./admin-file.ts";
import { availability } from "./availability.ts";
import { nearline } from "./cache/nearline.ts";
import { type Configuration, isAmongNodes, isShared } from "./configuration.ts";
import { ensureConsoleClient } from "./console-client.ts";
import type { Dependencies } from "./dependencies.ts";
import { durabilityWatch } from "./durability.ts";
import { effectWatch } from "./feed/effect.ts";
import { byFreshness, type Fleet, fleet, onlyFleet } from "./feed/fleet.ts";
import { fleetHistory } from "./feed/fleet-history.ts";
import { goesOnUnheardMs } from "./feed/fleet-peers.ts";
import { lagBehind } from "./feed/lag.ts";
import { OrderTimes } from "./feed/order-times.ts";
import { sharedFleet } from "./feed/shared-fleet.ts";
import { sharedHead } from "./feed/shared-head.ts";
import { snapshots } from "./feed/snapshots.ts";
import { feedStream } from "./feed/stream.ts";
import { buildApp } from "./http/app.ts";
import { drain } from "./http/drain.ts";
import { fetchOutside } from "./http/outside-fetch.ts";
import { tokenHashing } from "./keys/digest.ts";
import { keptKey } from "./keys/kept-key.ts";
import { loadMasterKey, type Seal } from "./keys/master-key.ts";
import { checkPepper } from "./keys/pepper-check.ts";
import { ensureFirstKeys } from "./keys/signing-keys.ts";
import { metrics, ofOneProcess } from "./metrics.ts";
import { knownPosition } from "./moving/known-position.ts";
import { settleRestore } from "./moving/settle.ts";
import { restoreWatch } from "./moving/watch.ts";
import { ensureFirstUser } from "./people/first-user.ts";
import { loginLimits } from "./sign-in/password-attempt.ts";
import { Catalog } from "./tokens/catalog.ts";
import { clientKeys } from "./tokens/client-keys.ts";
import { addressLimit, failureLimit } from "./tokens/failure-limit.ts";
import { ForeignTokens } from "./tokens/foreign-tokens.ts";
import { GenuineJwts } from "./tokens/genuine-jwts.ts";
import { lastUses } from "./tokens/last-uses.ts";
import { ProvenClients } from "./tokens/proven-clients.ts";
import { StandingEntries } from "./tokens/standing.ts";
import { successors } from "./tokens/successor.ts";
import { localTurns, sharedTurns, type Turns } from "./turns.ts";
import { startUpkeep } from "./upkeep.ts";
import { upstreams } from "./upstream/upstreams.ts";
import { webhookDispatcher } from "./webhooks/dispatcher.ts";
import type { Gathering } from "./workers/gathering.ts";

export interface RunningServer {
  readonly issuer: string;
  readonly port: number;
  readonly log: Logger;
  /** Resolves when the disk or the database's file failed: what was answered stands, the process should exit. */
  readonly failed: Promise<Error>;
  /** Stops accepting, finishes what is in flight, flushes, closes the store. */
  close(): Promise<void>;
}

const clientFailures = { of: "client authentication", most: 30, windowMs: 60_000 };
const leakReports = { of: "leak reports", most: 60, windowMs: 3_600_000 };
const wrongUserCodes = { of: "user codes", most: 30, windowMs: 60_000 };

/** Which of `--workers N` a node is. */
export interface WorkerPlace {
  /** From 1. */
  readonly number: number;
  /** The way to the writer that all share; none with a database that each has connections to. */
  readonly writer: MessagePort | undefined;
  readonly gather: Gathering;
  /** Says that this one is prepared; resolves when all are. */
  allPrepared(): Promise<void>;
}

/**
 * Opens the store, makes what a first start makes, and listens.
 * @throws ConfigurationError, StoreUnavailable, or the system's error if the address is taken
 */
export async function startServer(configuration: Configuration): Promise<RunningServer> {
  if (configuration.workers === 1) return startNode(configuration);
  const { startWorkers } = await import("./workers/workers.ts");
  return startWorkers(configuration);
}

/** One node: the whole server, or one worker of it. @throws as `startServer` */
export async function startNode(configuration: Configuration, place?: WorkerPlace): Promise<RunningServer> {
  mkdirSync(configuration.data, { recursive: true, mode: 0o700 });
  chmodSync(configuration.data, 0o700);
  const allLogs = pino({ level: configuration.logLevel }, destination({ sync: true }));
  const log = place === undefined ? allLogs : allLogs.child({ worker: place.number });
  const seal = loadMasterKey(configuration.masterKey, configuration.data);
  const failure = Promise.withResolvers<Error>();
  const { issuer } = configuration;
  const store = await openStore(configuration.database, {
    issuer,
    isShared: isShared(configuration),
    onFailure: failure.resolve,
    ...(place?.writer === undefined ? {} : { writer: place.writer, nodeId: place.number }),
  });
  try {
    const turns = isAmongNodes(configuration) ? sharedTurns(store) : localTurns();
    // Of nodes that start at once each finds what those before it have made. Workers are prepared one after the other, so
    // that a turn which a killed server left behind delays no start.
    const starting = isShared(configuration) ? turns : localTurns();
    const deps = await starting.inTurn("start", () =>
      prepared(configuration, { log, seal, store, turns, place }),
    );
    const app = buildApp(deps);
    const drained = drain(app.server);
    const { port, host } = configuration;
    await app.ready();
    await place?.allPrepared();
    const address = { port, host, reusePort: place !== undefined };
    await app.listen(address);
    deps.effect.serving();
    const stopUpkeep = startUpkeep(deps);
    deps.webhooks.start();
    deps.upstreams.start();
    deps.nearline.start();
    return {
      issuer: configuration.issuer,
      port: configuration.port,
      log,
      failed: failure.promise,
      async close() {
        deps.stream.close();
        deps.effect.close();
        const webhooksStopped = Promise.all([deps.webhooks.stop(), deps.upstreams.stop()]);
        await drained(app.close());
        await deps.nearline.close();
        await Promise.all([stopUpkeep(), webhooksStopped, deps.fleet.close()]);
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

interface Opened {
  readonly log: Logger;
  readonly seal: Seal;
  readonly store: Store;
  readonly turns: Turns;
  readonly place: WorkerPlace | undefined;
}

/** Everything that a first start makes, and what the configuration declares. */
async function prepared(configuration: Configuration, opened: Opened): Promise<Dependencies> {
  const deps = await dependencies(configuration, opened);
  await ensureConsoleClient(deps);
  await deps.standing.load();
  await ensureFirstUser(deps);
  await applyDeclared(configuration.declared, deps);
  return deps;
}

async function dependencies(configuration: Configuration, parts: Opened): Promise<Dependencies> {
  const { log, seal, store, turns, place } = parts;
  const { issuer } = configuration;
  const now = (): number => Date.now();
  const fingerprintKey = await keptKey("fingerprint-key", parts);
  const hashing = tokenHashing(configuration.tokenPepper, fingerprintKey, configuration.previousTokenPepper);
  await checkPepper(store, hashing);
  // Of workers that share a DIR one keeps it.
  const mark = (place?.number ?? 1) === 1 ? knownPosition(configuration, fingerprintKey) : undefined;
  const restored = await settleRestore({ store, seal, hashing, issuer, now, log }, mark);
  await ensureFirstKeys(store, seal);
  const { data } = configuration;
  const adminFile = isShared(configuration) ? sharedAdminFile(data, parts) : ownAdminFile(data);
  await ensureAdminClient({ store, hashing, configuration, adminFile, now });
  const before = await store.formerIssuers();
  const names = before.length === 0 ? [] : [issuer, ...before];
  const standing = new StandingEntries(store, hashing.fingerprint, names);
  store.onCommitElsewhere(() => standing.wake());
  // A connection that was lost while nobody used it is made again, and no request fails of it.
  store.onConnected(() => standing.doubt());
  const durability = durabilityWatch(store);
  await durability.now();
  const stream = feedStream({ standing, issuer }, now);
  const longestStaleness = await store.longestStaleness();
  const counters = metrics();
  const verifiers = fleetOf(configuration, { store, log, now, standing });
  counters.gauge("rescind_standing_entries", "Standing entries in this node's memory", () => standing.size);
  counters.gauge("rescind_log_seq", "Position of this node on the revocation log", () => standing.seq, "min");
  counters.gauge(
    "rescind_feed_subscribers",
    "Live subscribers of the feed at this node",
    () => stream.subscribers,
    "sum",
  );
  counters.gaugeBy(
    "rescind_verifiers",
    "Verifiers that this node met within a day and that are at no other, by whether the last lease may still be in force: fresh, stale",
    "freshness",
    () => byFreshness(verifiers.metHere(), now()),
  );
  const tally = isAmongNodes(configuration) ? store : undefined;
  if (restored !== undefined) counters.restored(restored);
  const watched = { store, seal, hashing, issuer, now, log, standing, turns, metrics: counters };
  const orderTimes = new OrderTimes();
  standing.subscribe((entries) => orderTimes.learned(entries.at(0)?.seq ?? 0, entries.at(-1)?.seq ?? 0));
  const { allowPrivateNetworks: allowPrivate } = configuration;
  const outward = { store, seal, log, now, standing, turns, metrics: counters, allowPrivate };
  const webhooks = webhookDispatcher(outward);
  const signIns = upstreams(outward);
  counters.gauge(
    "rescind_upstream_tokens_pending",
    "Tokens of sign-ins that are still to be revoked at their upstream providers",
    () => signIns.pending(),
  );
  counters.gauge(
    "rescind_webhook_oldest_pending_seconds",
    "Age of the oldest webhook delivery that has not arrived, looked at every 10 seconds",
    () => webhooks.oldestPending(),
  );
  place?.gather.measureBy(() => counters.registry.getMetricsAsJSON());
  return {
    configuration,
    worker: place?.number,
    allMetrics: async () =>
      place === undefined ? counters.registry : ofOneProcess(await place.gather.all()),
    issuer,
    store,
    seal,
    turns,
    adminFile,
    durability,
    log,
    hashing,
    fingerprintKey,
    standing,
    stream,
    snapshots: snapshots({ standing, issuer, now }),
    sharedHead: sharedHead(store),
    now,
    metrics: counters,
    catalog: new Catalog(store, seal),
    fleet: verifiers,
    fleetHistory: fleetHistory({
      fleet: verifiers,
      lagOf: async (applied) => lagBehind((await store.head()).position.seq, applied, store),
      now,
    }),
    orderTimes,
    effect: effectWatch({
      fleet: verifiers,
      store,
      longestStaleness,
      // Workers of before are gone with their process.
      unheardMs: isShared(configuration) ? goesOnUnheardMs : 0,
    }),
    lastUses: lastUses(store),
    availability: availability(now, () => standing.doubt()),
    webhooks,
    upstreams: signIns,
    restores: restoreWatch(watched, mark),
    clientFailures: failureLimit(clientFailures, tally),
    leakReports: addressLimit(leakReports, tally),
    userCodes: addressLimit(wrongUserCodes, tally),
    logins: loginLimits(tally),
    clientKeys: clientKeys(configuration.allowPrivateNetworks, now),
    genuineJwts: new GenuineJwts(),
    provenClients: new ProvenClients(),
    successors: successors(seal),
    foreignTokens: foreignTokens(configuration.allowPrivateNetworks, { now, log }),
    nearline: nearline(configuration, { standing, store, log, now, fingerprintKey, metrics: counters }),
  };
}

/** The verifiers, and how many of them count: those that lease at any node. */
function fleetOf(
  configuration: Configuration,
  { standing, ...parts }: Pick<Dependencies, "log" | "now" | "standing" | "store">,
): Fleet {
  if (!isAmongNodes(configuration)) return onlyFleet(fleet(parts.now), parts.now);
  const shared = sharedFleet(parts);
  standing.subscribe((entries) => {
    if (entries.some(({ ack }) => ack === true)) shared.awaited();
  });
  return shared;
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
