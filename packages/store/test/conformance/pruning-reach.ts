// Removing what nothing needs any more of exchanged and imported tokens and of webhooks: never early.

import assert from "node:assert/strict";
import type { Store } from "@rescind/store";
import { accessToken, administrator, digest, fingerprint, nowS, unit } from "./facts.ts";
import { type Opener, promise } from "./suite.ts";
import { boundTo, enqueued, subscribed } from "./webhook-facts.ts";

const day = 86_400;

export function pruningReach(open: Opener): void {
  promise("what an exchanged or imported token is found by goes with it", open, async (store) => {
    const text = digest("text");
    const of = unit("token", "tid_7");
    const made = accessToken(store, { expiresAt: nowS + 900, lineage: [fingerprint(of)] });
    await store.importToken({ ...made, digest: text });
    const again = { ...accessToken(store), digest: text };
    await pruneUntil(store, nowS, nowS + day + 800);
    assert.equal(await store.importToken(again), false);
    const counted = () =>
      store.countAffected({ unit: of, fp: fingerprint(of), before: undefined, at: nowS, limitMs: 60_000 });
    assert.equal((await counted()).accessTokens, 1);
    await pruneUntil(store, nowS + day + 800, nowS + day + 1800);
    assert.equal((await store.findImportedToken(text)).token, undefined);
    assert.equal((await counted()).accessTokens, 0);
    assert.equal(await store.importToken(again), true, "nothing of it is left");
  });

  promise("deliveries stay 30 days after their end, pending ones for ever", open, async (store) => {
    const [done = "", dead = "", pending = ""] = await enqueued(store, await subscribed(store), 3);
    const attempt = { result: "204", nextAttemptMs: 0, atMs: nowS * 1000 };
    await store.noteAttempt({ ...attempt, id: done, status: "delivered" });
    await store.noteAttempt({ ...attempt, id: dead, status: "dead" });
    assert.equal(await pruneUntil(store, nowS, nowS + 30 * day - 60), 0);
    assert.ok(await store.findDelivery(done));
    assert.equal(await pruneUntil(store, nowS + 30 * day - 60, nowS + 30 * day + 600), 2);
    assert.equal(await store.findDelivery(dead), undefined);
    assert.equal(await pruneUntil(store, nowS + 30 * day + 600, nowS + 90 * day), 0);
    assert.ok(await store.findDelivery(pending));
  });

  promise("a subscription goes when it has ended and nothing of it is left", open, async (store) => {
    const active = await subscribed(store);
    const unread = await subscribed(store);
    const ended = await subscribed(store);
    const over = await subscribed(store, boundTo(store, { expiresAt: nowS + day }));
    const [last = ""] = await enqueued(store, ended, 1);
    for (const { id } of [unread, ended])
      await store.cancelSubscription({ id, actor: administrator, atMs: nowS * 1000 });
    const read = { subscriptionId: ended.id, from: 1, to: 2, deliveries: [], atMs: nowS * 1000 };
    await store.enqueueDeliveries(read);
    const there = async () => {
      const found = [active, unread, ended, over].map(({ id }) => store.findSubscription(id));
      return (await Promise.all(found)).map((one) => one !== undefined);
    };
    await pruneUntil(store, nowS, nowS + 2 * day - 60);
    assert.deepEqual(await there(), [true, true, true, true], "a delivery is left, and a day's grace");
    await pruneUntil(store, nowS + 2 * day - 60, nowS + 2 * day + 600);
    assert.deepEqual(await there(), [true, true, true, false]);
    const attempt = { id: last, result: "204", nextAttemptMs: 0, atMs: nowS * 1000 };
    await store.noteAttempt({ ...attempt, status: "delivered" });
    await pruneUntil(store, nowS + 2 * day + 600, nowS + 31 * day);
    assert.deepEqual(await there(), [true, true, false, false], "one whose last event is not made yet stays");
  });
}

/** As upkeep does it, with hours between; the deliveries that went. */
async function pruneUntil(store: Store, from: number, until: number): Promise<number> {
  let sum = (await store.prune(from, 100)).deliveries;
  for (let at = from; at < until; ) {
    at = Math.min(until, at + 12 * 3600);
    for (let pass = 0; pass < 2; pass += 1) sum += (await store.prune(at, 100)).deliveries;
  }
  return sum;
}
