// From audit records to deliveries. Each subscription has a cursor of its own on the log of records; what it is told
// and the cursor's move are one transaction, so nothing is lost or told under two ids, whatever stops in between.
// A record that nobody hears of moves cursors in memory only, so that orders cost no writes for each subscription.

import type { RowId } from "@rescind/core";
import type { AuditRecord, NewDelivery, Store, Subscription } from "@rescind/store";
import { eventsFor } from "./events.ts";

export interface ReaderParts {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const recordsPerPage = 500;
const subscriptionsPerPage = 500;
/** Records without news after which a cursor is stored all the same: so many are read again after a start. */
const mostInMemory = 2000;

export interface AuditReader {
  /** Whether there was any subscription to serve, as far as this reader has seen. */
  readonly serves: boolean;
  /** Brings every subscription up to the newest record. Resolves to whether deliveries were put on their way. */
  read(): Promise<boolean>;
}

export function auditReader(parts: ReaderParts): AuditReader {
  /** The last record that had nothing for a subscription. */
  let passed = new Map<RowId, number>();
  let serves = true;
  return {
    get serves() {
      return serves;
    },
    async read() {
      const pass: Pass = { ...parts, pages: new Map(), before: passed, passed: new Map() };
      let enqueued = false;
      let after: RowId | undefined;
      let served = 0;
      for (;;) {
        const page = await parts.store.subscriptionsToServe(subscriptionsPerPage, after);
        served += page.length;
        for (const subscription of page) if (await serve(subscription, pass)) enqueued = true;
        after = page.at(-1)?.id;
        if (page.length < subscriptionsPerPage) break;
      }
      passed = pass.passed;
      serves = served > 0;
      return enqueued;
    },
  };
}

interface Pass extends ReaderParts {
  /** Pages of records read in this pass, by the number before them: most subscriptions stand at the same place. */
  readonly pages: Map<number, Promise<readonly AuditRecord[]>>;
  readonly before: ReadonlyMap<RowId, number>;
  readonly passed: Map<RowId, number>;
}

/** Brings one subscription up to the newest record. */
async function serve(listed: Subscription, pass: Pass): Promise<boolean> {
  const subscription = await endIfExpired(listed, pass);
  let after = Math.max(subscription.cursor, pass.before.get(subscription.id) ?? 0);
  // What ended it may lie among those that it did not hear while it was active.
  if (subscription.cancelledBy !== undefined) after = subscription.cursor;
  let stored = subscription;
  let enqueued = false;
  for (;;) {
    const records = await pageAfter(after, pass);
    const last = records.at(-1)?.number;
    if (last === undefined) break;
    const quiet =
      stored.cancelledBy === undefined &&
      last - stored.cursor < mostInMemory &&
      records.every((record) => eventsFor(stored, record).length === 0);
    if (!quiet) {
      const moved = await enqueue(subscription.id, { records, after }, pass);
      if (moved === undefined) break;
      enqueued ||= moved.deliveries > 0;
      stored = moved.subscription;
      if (stored.cancelledBy !== undefined && stored.cursor >= stored.cancelledBy) break;
    }
    after = last;
    if (records.length < recordsPerPage) break;
  }
  pass.passed.set(subscription.id, after);
  return enqueued;
}

/**
 * Stores what the records after a number tell a subscription. Its row is read after the records: the one that ended it,
 * if it is among them, is in the row then. Undefined: another node was first, it is gone, or it ended among records that
 * were passed over before; then the next pass begins at its cursor.
 */
async function enqueue(
  id: RowId,
  { records, after }: { readonly records: readonly AuditRecord[]; readonly after: number },
  { store, now }: Pass,
): Promise<{ readonly deliveries: number; readonly subscription: Subscription } | undefined> {
  const subscription = await store.findSubscription(id);
  const last = records.at(-1)?.number;
  if (subscription === undefined || last === undefined) return undefined;
  const { cursor: from, cancelledBy = Number.POSITIVE_INFINITY } = subscription;
  const to = Math.min(last, cancelledBy);
  if (to <= from || cancelledBy <= after) return undefined;
  const deliveries = records
    .filter(({ number }) => number > from && number <= to)
    .flatMap((record) =>
      eventsFor(subscription, record).map(
        (event): NewDelivery => ({ ...event, id: store.nextId(), auditNumber: record.number }),
      ),
    );
  const moved = await store.enqueueDeliveries({ subscriptionId: id, from, to, deliveries, atMs: now() });
  return moved ? { deliveries: deliveries.length, subscription: { ...subscription, cursor: to } } : undefined;
}

/** A grant that has reached its end takes its subscription along, without an order. */
async function endIfExpired(subscription: Subscription, { store, now }: Pass): Promise<Subscription> {
  const { id, binding, cancelledBy } = subscription;
  if (binding.kind !== "grant" || cancelledBy !== undefined || binding.expiresAt * 1000 > now())
    return subscription;
  await store.cancelSubscription({ id, actor: { kind: "server", id: "grant_expired" }, atMs: now() });
  return (await store.findSubscription(id)) ?? subscription;
}

function pageAfter(number: number, { store, pages }: Pass): Promise<readonly AuditRecord[]> {
  const known = pages.get(number);
  if (known !== undefined) return known;
  const page = store.readAudit(number, recordsPerPage);
  pages.set(number, page);
  return page;
}
