// The part of the store's interface that is about webhooks: subscriptions and what is on its way to them. The same
// contract as store.ts. A webhook is another reader of the log: events are made from the audit records after a
// subscription's cursor, in their order, so that none can be lost between an order and its announcement.

import type { RowId } from "@rescind/core";
import type { Actor, Page, PageRequest } from "./records.ts";

/** What a subscription hangs on, and ends with. */
export type Binding =
  /** Ends with whatever covers the grant. */
  | {
      readonly kind: "grant";
      readonly grantId: string;
      readonly clientId: string;
      readonly subject: string;
      readonly sessionId: string | undefined;
      readonly offline: boolean;
      /** Seconds. */
      readonly openedAt: number;
      readonly expiresAt: number;
    }
  /** Ends when the client is suspended. */
  | { readonly kind: "client"; readonly clientId: string }
  | { readonly kind: "none" };

export interface Subscription {
  readonly id: RowId;
  readonly url: string;
  readonly binding: Binding;
  /** Event types; empty: all. */
  readonly events: readonly string[];
  /** The signing secret, encrypted under the master key. */
  readonly sealedSecret: Uint8Array;
  readonly createdBy: Actor;
  readonly createdAtMs: number;
  /** The last audit record that was turned into events. */
  readonly cursor: number;
  /** The audit record of the order or call that ended it; its last event says why. */
  readonly cancelledBy: number | undefined;
}

export type NewSubscription = Omit<Subscription, "cursor" | "cancelledBy">;

export type DeliveryStatus = "pending" | "delivered" | "dead";

export interface Delivery {
  readonly id: RowId;
  readonly subscriptionId: RowId;
  /** The audit record it tells of. */
  readonly auditNumber: number;
  readonly type: string;
  /** The body as it is sent at each attempt: JSON text. No secret. */
  readonly body: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly nextAttemptMs: number;
  /** Of the last attempt: the HTTP status, or what went wrong. */
  readonly lastResult: string | undefined;
  readonly finishedAtMs: number | undefined;
}

export type NewDelivery = Pick<Delivery, "id" | "auditNumber" | "type" | "body">;

export interface WebhookStore {
  /**
   * Stores a subscription that begins after the newest audit record, if the log still stands at `judgedAt` (seq), where
   * its binding was found live. False: it has moved on; judge again.
   */
  createSubscription(subscription: NewSubscription, judgedAt: number): Promise<boolean>;
  findSubscription(id: RowId): Promise<Subscription | undefined>;
  listSubscriptions(
    filter: { readonly grantId?: string | undefined; readonly clientId?: string | undefined },
    page: PageRequest,
  ): Promise<Page<Subscription>>;
  /** Ends a subscription by a call; its audit record is written in the same transaction. False if it is unknown or has ended. */
  cancelSubscription(cancellation: { id: RowId; actor: Actor; atMs: number }): Promise<boolean>;
  /** Those that may have something to send: active ones, and ended ones whose last event is not made yet. */
  subscriptionsToServe(limit: number, after: RowId | undefined): Promise<readonly Subscription[]>;
  /**
   * Puts events on their way and moves the cursor from `from` to `to` in the same transaction; false if the cursor is
   * not at `from` any more (another node was first), nothing changed then.
   */
  enqueueDeliveries(batch: {
    subscriptionId: RowId;
    from: number;
    to: number;
    deliveries: readonly NewDelivery[];
    atMs: number;
  }): Promise<boolean>;
  /**
   * The oldest pending delivery of each subscription, where its time has come: deliveries of one subscription go one
   * after the other. Claimed until `claimUntilMs`, so that no other node sends it meanwhile.
   */
  claimDeliveries(nowMs: number, claimUntilMs: number, limit: number): Promise<readonly Delivery[]>;
  /** Notes an attempt; with `dead` or `delivered` the next one of its subscription may go. */
  noteAttempt(attempt: {
    id: RowId;
    status: DeliveryStatus;
    result: string;
    nextAttemptMs: number;
    atMs: number;
  }): Promise<void>;
  /** When the oldest delivery that is still pending was made; milliseconds. For metrics. */
  oldestPendingMs(): Promise<number | undefined>;
  findDelivery(id: RowId): Promise<Delivery | undefined>;
  listDeliveries(
    filter: { readonly subscriptionId?: RowId | undefined; readonly status?: DeliveryStatus | undefined },
    page: PageRequest,
  ): Promise<Page<Delivery>>;
  /** Sends a delivered or dead one again, at once and out of its turn; false if unknown or still pending. */
  resendDelivery(id: RowId, atMs: number): Promise<boolean>;
}
