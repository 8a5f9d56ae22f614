// Deliveries: put on their way once, sent one after the other for each subscription, claimed by one node at a time.

import assert from "node:assert/strict";
import type { Delivery, Store } from "@rescind/store";
import { rounds } from "../../../../test/seed.ts";
import { allOf, type Opener, promise } from "./suite.ts";
import { enqueued, subscribed } from "./webhook-facts.ts";

export function deliveries(open: Opener): void {
  promise("a delivery is found as it was put on its way", open, async (store) => {
    const to = await subscribed(store);
    const [id = ""] = await enqueued(store, to, 1);
    assert.deepEqual(await store.findDelivery(id), {
      id,
      subscriptionId: to.id,
      auditNumber: 1,
      type: "grant.revoked",
      body: '{"number":1}',
      status: "pending",
      attempts: 0,
      createdAtMs: 1000,
      nextAttemptMs: 1000,
      lastResult: undefined,
      finishedAtMs: undefined,
    });
    assert.equal(await store.findDelivery(store.nextId()), undefined);
  });

  promise("of nodes that read the same records one puts events on their way", open, async (store) => {
    const { id: subscriptionId } = await subscribed(store);
    for (let from = 0; from < rounds(5, 50); from += 1) {
      const batches = Array.from({ length: 8 }, () => ({
        subscriptionId,
        from,
        to: from + 1,
        deliveries: ["token.leaked", "token.revoked"].map((type) => ({
          id: store.nextId(),
          auditNumber: from + 1,
          type,
          body: "{}",
        })),
        atMs: 1000,
      }));
      const outcomes = await Promise.all(batches.map((batch) => store.enqueueDeliveries(batch)));
      assert.equal(outcomes.filter(Boolean).length, 1);
      const winner = batches[outcomes.indexOf(true)];
      const { items } = await store.listDeliveries({ subscriptionId }, { limit: 100, cursor: undefined });
      assert.deepEqual(
        items
          .slice(0, 2)
          .map(({ id }) => id)
          .reverse(),
        winner?.deliveries.map(({ id }) => id),
      );
      assert.equal(items.length, Math.min(100, 2 * (from + 1)));
      assert.equal((await store.findSubscription(subscriptionId))?.cursor, from + 1);
    }
    const unknown = { subscriptionId: store.nextId(), from: 0, to: 1, deliveries: [], atMs: 1000 };
    assert.equal(await store.enqueueDeliveries(unknown), false);
  });

  promise("of each subscription the oldest goes first, and the next one after it", open, async (store) => {
    const [one, two] = [await subscribed(store), await subscribed(store)];
    const [first, second] = [await enqueued(store, one, 3), await enqueued(store, two, 2)];
    const claim = async (nowMs: number) => ids(await store.claimDeliveries(nowMs, nowMs + 100, 10));
    assert.deepEqual(await claim(999), [], "not due yet");
    assert.deepEqual(await claim(1000), [first[0], second[0]]);
    assert.deepEqual(await claim(1099), [], "claimed");
    assert.deepEqual(await claim(1100), [first[0], second[0]], "the claim is over");
    await note(store, first[0], "delivered", { atMs: 1150 });
    await note(store, second[0], "pending", { nextAttemptMs: 5000 });
    assert.deepEqual(await claim(1200), [first[1]], "the other waits for its next attempt");
    await note(store, first[1], "dead");
    assert.deepEqual(await claim(5000), [first[2], second[0]]);
    const done = (await store.findDelivery(first[0] ?? "")) ?? assert.fail();
    const { status, attempts, lastResult, nextAttemptMs, finishedAtMs } = done;
    assert.deepEqual(
      [status, attempts, lastResult, nextAttemptMs, finishedAtMs],
      ["delivered", 1, "204", 0, 1150],
    );
    const waiting = (await store.findDelivery(second[0] ?? "")) ?? assert.fail();
    assert.deepEqual([waiting.status, waiting.attempts, waiting.finishedAtMs], ["pending", 1, undefined]);
  });

  promise("the order is that of the records, whatever the ids", open, async (store) => {
    const { id: subscriptionId } = await subscribed(store);
    const [late, early] = [store.nextId(), store.nextId()];
    for (const [from, id] of [early, late].entries()) {
      const deliveries = [{ id, auditNumber: from + 1, type: "token.revoked", body: "{}" }];
      await store.enqueueDeliveries({ subscriptionId, from, to: from + 1, deliveries, atMs: 1000 });
    }
    assert.deepEqual(ids(await store.claimDeliveries(1000, 2000, 10)), [early]);
  });

  promise("of nodes that claim at the same moment one gets each delivery", open, async (store) => {
    const subscriptions = await Promise.all(Array.from({ length: 20 }, () => subscribed(store)));
    await Promise.all(subscriptions.map((to) => enqueued(store, to, 3)));
    const claims = await Promise.all(Array.from({ length: 8 }, () => store.claimDeliveries(1000, 2000, 100)));
    const claimed = claims.flat();
    assert.equal(claimed.length, 20);
    assert.equal(new Set(claimed.map(({ subscriptionId }) => subscriptionId)).size, 20);
    assert.ok(claimed.every(({ auditNumber }) => auditNumber === 1));
    assert.equal((await store.claimDeliveries(2000, 3000, 7)).length, 7, "as many as were asked for");
  });

  promise(
    "one that is sent again goes at once, out of its turn, and holds up nobody",
    open,
    async (store) => {
      const to = await subscribed(store);
      const [first = "", second = "", third = ""] = await enqueued(store, to, 3);
      assert.equal(await store.resendDelivery(first, 1000), false, "still pending");
      assert.equal(await store.resendDelivery(store.nextId(), 1000), false, "unknown");
      await note(store, first, "dead");
      assert.equal(await store.resendDelivery(first, 1500), true);
      const claim = async (nowMs: number) => ids(await store.claimDeliveries(nowMs, nowMs + 100, 10));
      assert.deepEqual(await claim(1500), [second, first]);
      await note(store, first, "pending", { nextAttemptMs: 9000 });
      await note(store, second, "delivered");
      assert.deepEqual(await claim(2000), [third], "what waits to be sent again holds up nobody");
      assert.deepEqual(await claim(9000), [third, first]);
      await note(store, first, "delivered", { atMs: 9050 });
      const found = (await store.findDelivery(first)) ?? assert.fail();
      assert.deepEqual([found.status, found.attempts, found.finishedAtMs], ["delivered", 3, 9050]);
      assert.equal(await store.resendDelivery(first, 9500), true, "a delivered one too");
    },
  );

  promise("an attempt noted after another node's is not noted", open, async (store) => {
    const [id = ""] = await enqueued(store, await subscribed(store), 1);
    await note(store, id, "delivered", { atMs: 2000 });
    await note(store, id, "pending", { nextAttemptMs: 9000 });
    const found = (await store.findDelivery(id)) ?? assert.fail();
    assert.deepEqual([found.status, found.attempts, found.finishedAtMs], ["delivered", 1, 2000]);
  });

  promise("the age of what is pending is that of the oldest, sent again or not", open, async (store) => {
    assert.equal(await store.oldestPendingMs(), undefined);
    const [first, second] = [await subscribed(store), await subscribed(store)];
    const [old = ""] = await enqueued(store, first, 2);
    await enqueued(store, second, 1);
    assert.equal(await store.oldestPendingMs(), 1000);
    for (const { id } of (await store.listDeliveries({}, { limit: 100, cursor: undefined })).items)
      await store.noteAttempt({ id, status: "dead", result: "status 500", nextAttemptMs: 2000, atMs: 2000 });
    assert.equal(await store.oldestPendingMs(), undefined);
    await store.resendDelivery(old, 3000);
    assert.equal(await store.oldestPendingMs(), 1000);
  });

  promise("deliveries are listed newest first, by subscription and by status", open, async (store) => {
    const [one, two] = [await subscribed(store), await subscribed(store)];
    const made = [...(await enqueued(store, one, 3)), ...(await enqueued(store, two, 3))];
    await note(store, made[0], "dead");
    await note(store, made[3], "dead");
    await note(store, made[4], "delivered");
    const listed = async (filter: Parameters<Store["listDeliveries"]>[0]) =>
      ids(await allOf((page) => store.listDeliveries(filter, page), 2)).map((id) => made.indexOf(id));
    assert.deepEqual(await listed({}), [5, 4, 3, 2, 1, 0]);
    assert.deepEqual(await listed({ subscriptionId: two.id }), [5, 4, 3]);
    assert.deepEqual(await listed({ status: "dead" }), [3, 0]);
    assert.deepEqual(await listed({ status: "pending", subscriptionId: one.id }), [2, 1]);
    assert.deepEqual(await listed({ status: "delivered" }), [4]);
  });
}

function ids(found: readonly Delivery[]): string[] {
  return found.map(({ id }) => id);
}

function note(
  store: Store,
  id: string | undefined,
  status: Delivery["status"],
  facts: { nextAttemptMs?: number; atMs?: number } = {},
): Promise<void> {
  const { nextAttemptMs = 0, atMs = 1000 } = facts;
  return store.noteAttempt({
    id: id ?? "",
    status,
    result: status === "delivered" ? "204" : "500",
    nextAttemptMs,
    atMs,
  });
}
