// What endpoints are given: one record, made once at start.

import type { Client } from "@rescind/core";
import type { Store } from "@rescind/store";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { AdminFileKeeper } from "./admin-file.ts";
import type { Availability } from "./availability.ts";
import type { Nearline } from "./cache/nearline.ts";
import type { Configuration } from "./configuration.ts";
import type { DurabilityWatch } from "./durability.ts";
import type { EffectWatch } from "./feed/effect.ts";
import type { Fleet } from "./feed/fleet.ts";
import type { FleetHistory } from "./feed/fleet-history.ts";
import type { OrderTimes } from "./feed/order-times.ts";
import type { SharedHead } from "./feed/shared-head.ts";
import type { Snapshots } from "./feed/snapshots.ts";
import type { FeedStream } from "./feed/stream.ts";
import type { Seal } from "./keys/master-key.ts";
import type { Metrics } from "./metrics.ts";
import type { RestoreWatch } from "./moving/watch.ts";
import type { LoginLimits } from "./sign-in/password-attempt.ts";
import type { BearerParts } from "./tokens/bearer.ts";
import type { FailureLimit } from "./tokens/failure-limit.ts";
import type { LastUses } from "./tokens/last-uses.ts";
import type { ProvenClients } from "./tokens/proven-clients.ts";
import type { Successors } from "./tokens/successor.ts";
import type { Turns } from "./turns.ts";
import type { Upstreams } from "./upstream/upstreams.ts";
import type { WebhookDispatcher } from "./webhooks/dispatcher.ts";

export interface Dependencies extends BearerParts {
  readonly configuration: Configuration;
  /** Which of several workers this is, from 1; undefined where there is one. */
  readonly worker: number | undefined;
  /** What all workers of this process measure. @throws StoreUnavailable one of them does not answer */
  readonly allMetrics: () => Promise<Pick<Registry, "contentType" | "metrics">>;
  readonly store: Store;
  readonly seal: Seal;
  /** Work that is done by one at a time, on whichever node. */
  readonly turns: Turns;
  readonly adminFile: AdminFileKeeper;
  readonly durability: DurabilityWatch;
  /** Key of the fingerprints on the feed; verifiers get it. */
  readonly fingerprintKey: Uint8Array;
  readonly stream: FeedStream;
  readonly snapshots: Snapshots;
  /** The head for leases, one read for all of a moment. */
  readonly sharedHead: SharedHead;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly fleet: Fleet;
  readonly fleetHistory: FleetHistory;
  readonly effect: EffectWatch;
  readonly orderTimes: OrderTimes;
  /** Given for one request only: whoever sent it waits for the verifiers, so that its orders ask them to acknowledge. */
  readonly awaited?: boolean | undefined;
  readonly lastUses: LastUses;
  readonly clientFailures: FailureLimit;
  readonly provenClients: ProvenClients;
  /** Of refresh tokens that are spent. */
  readonly successors: Successors;
  /** Reports of leaked tokens, by address. */
  readonly leakReports: FailureLimit;
  /** Wrong codes of devices, by address. */
  readonly userCodes: FailureLimit;
  readonly logins: LoginLimits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly availability: Availability;
  /** Notices a restore of the database under this node. */
  readonly restores: RestoreWatch;
  readonly webhooks: WebhookDispatcher;
  /** OpenID providers that people sign in through, and the tokens that came from there. */
  readonly upstreams: Upstreams;
  /** The copy of the standing entries in Redis or Valkey. */
  readonly nearline: Nearline;
  /** The public keys of a `private_key_jwt` client. */
  readonly clientKeys: (client: Client) => Promise<unknown>;
}
