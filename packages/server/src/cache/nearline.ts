// The nearline copy as the rest of the server sees it: something to wait for before an answer, and figures. Where there
// is no cache it is never waited for.

import { createHmac } from "node:crypto";
import type { Configuration } from "../configuration.ts";
import type { Metrics } from "../metrics.ts";
import { connectCache } from "./client.ts";
import { type CopyParts, type CopyState, NearlineCopy } from "./copy.ts";
import { cacheKeys } from "./keys.ts";
import { leaseMs } from "./scripts.ts";

export interface Nearline {
  /** Undefined where there is no cache. */
  readonly state: CopyState | undefined;
  /** What readers must know, as GET /revocations/settings gives it. */
  readonly settings: NearlineSettings | undefined;
  /** Resolves when the cache has the log up to `seq`, or will not have it soon; within 500 ms. Never rejects. */
  holds(seq: number): Promise<void>;
  /** Begins to keep the copy; what stands has been loaded. */
  start(): void;
  close(): Promise<void>;
}

export interface NearlineSettings {
  /** Of the layout of the values. */
  readonly version: 1;
  readonly lease_key: string;
  /** What comes before a fingerprint in the name of its key. */
  readonly entry_prefix: string;
  /** The third part of a lease of ours. */
  readonly log: string;
  /** Seconds that an acknowledged revocation may be unknown to a reader whose cache was not reached. */
  readonly max_staleness: number;
}

export interface NearlineParts extends Pick<CopyParts, "standing" | "store" | "log" | "now"> {
  readonly fingerprintKey: Uint8Array;
  readonly metrics: Metrics;
}

const none: Nearline = {
  state: undefined,
  settings: undefined,
  holds: () => Promise.resolve(),
  start: () => undefined,
  close: () => Promise.resolve(),
};

/** Connects nothing before `start`; a cache that is away then is tried for as long as the server runs. */
export function nearline(
  { cache, cachePrefix }: Pick<Configuration, "cache" | "cachePrefix">,
  parts: NearlineParts,
): Nearline {
  if (cache === undefined) return none;
  const keys = cacheKeys(cachePrefix);
  const logId = logIdOf(parts.fingerprintKey);
  let copy: NearlineCopy | undefined;
  report(parts.metrics, () => copy);
  return {
    get state() {
      return copy?.state ?? "down";
    },
    settings: {
      version: 1,
      lease_key: keys.lease,
      entry_prefix: keys.entries,
      log: logId,
      max_staleness: leaseMs / 1000,
    },
    holds: (seq) => copy?.holds(seq) ?? Promise.resolve(),
    start() {
      const client = connectCache(cache, {
        changed: () => copy?.connectionChanged(),
        failed: (cause) => parts.log.warn({ cause }, "the cache cannot be reached"),
      });
      copy = new NearlineCopy({ ...parts, client, keys, logId });
    },
    close: () => copy?.close() ?? Promise.resolve(),
  };
}

/** Tells the keys of one log from those of another: made of what only this log has, and says nothing about it. */
export function logIdOf(fingerprintKey: Uint8Array): string {
  return createHmac("sha256", fingerprintKey)
    .update("rescind/1 nearline")
    .digest()
    .subarray(0, 9)
    .toString("base64url");
}

function report(metrics: Metrics, copy: () => NearlineCopy | undefined): void {
  const figure = (name: "leaseAge" | "rebuild" | "pending" | "lateAnswers") => () =>
    copy()?.figures[name] ?? Number.NaN;
  metrics.gauge(
    "rescind_cache_up",
    "1 while this node renews the lease of the copy in the cache, else 0",
    () => (copy()?.state === "held" ? 1 : 0),
    "min",
  );
  metrics.gauge(
    "rescind_cache_lease_age_seconds",
    "Time since this node's last lease in the cache began",
    figure("leaseAge"),
  );
  metrics.gauge(
    "rescind_cache_rebuild_seconds",
    "How long the last rebuild of the copy took",
    figure("rebuild"),
  );
  metrics.gauge(
    "rescind_cache_pending_entries",
    "Fingerprints that are not written in the cache yet",
    figure("pending"),
  );
  metrics.gauge(
    "rescind_cache_late_answers",
    "Orders answered before the cache had them, since the start",
    figure("lateAnswers"),
    "sum",
  );
}
