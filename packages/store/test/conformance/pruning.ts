// Removing what nothing needs: never early, by steps, never after a jump of the clock; the floor tells readers.

import assert from "node:assert/strict";
import { clockSkew, stalenessCap } from "@rescind/core";
import type { Pruned, Store } from "@rescind/store";
import {
  accessToken,
  administrator,
  client,
  firstPage,
  nowS,
  opened,
  order,
  refreshToken,
  tokenOf,
  unit,
} from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

const day = 86_400;

export function pruning(open: Opener): void {
  promise("tokens stay until a day after they expired", open, async (store) => {
    const token = accessToken(store, { expiresAt: nowS + 900 });
    await store.issue(token);
    const isThere = async () => (await store.findAccessToken(token.token.id)).token !== undefined;
    await pruneUntil(store, nowS, nowS + day + 800);
    assert.equal(await isThere(), true);
    await pruneUntil(store, nowS + day + 800, nowS + day + 1800);
    assert.equal(await isThere(), false);
  });

  promise("what has expired goes by small batches, the rest stays", open, async (store) => {
    await store.createClient(client("longer", { accessTokenTtl: day }), [], 0);
    const tokens = Array.from({ length: 120 }, (_, index) =>
      accessToken(store, { expiresAt: nowS + (index % 2 === 0 ? 60 : day) }),
    );
    await Promise.all(tokens.map((token) => store.issue(token)));
    await pruneUntil(store, nowS, nowS + day);
    let removed = 0;
    for (let batch: Pruned = await store.prune(nowS + day + 600, 10); batch.accessTokens > 0; ) {
      assert.ok(batch.accessTokens < 20, "about as many as were asked for");
      removed += batch.accessTokens;
      batch = await store.prune(nowS + day + 600, 10);
    }
    assert.equal(removed, 60);
    const { items } = await store.listTokens({}, { limit: 200, cursor: undefined }, nowS);
    assert.equal(items.length, 60);
    assert.ok(items.every(({ expiresAt }) => expiresAt === nowS + day));
  });

  promise(
    "B2 what is left of a spent token stays as long as its grant can have live tokens",
    open,
    async (store) => {
      const { grant, refresh } = await opened(store, { expiresAt: nowS + 30 * day });
      const successor = refreshToken(store, grant, { expiresAt: nowS + 5 * day });
      await store.rotate({
        spent: refresh.token.id,
        successor,
        sealed: new Uint8Array([1]),
        access: tokenOf(store, grant),
      });
      await store.noteUses([{ grantId: grant.grantId, clientId: "client", atMs: 1000 }]);
      const isThere = async () => (await store.findRefreshToken(refresh.token.id)).token !== undefined;
      await pruneUntil(store, nowS, nowS + 6 * day - 60);
      assert.equal(await isThere(), true);
      await pruneUntil(store, nowS + 6 * day - 60, nowS + 6 * day + 600);
      assert.equal(await isThere(), false);
      assert.equal((await store.findGrant(grant.grantId)).grant, undefined);
      assert.equal((await store.findRefreshToken(successor.token.id)).token, undefined);
    },
  );

  promise(
    "E3 RV-21 an entry stays until nothing it covers can live, its hash as the floor after",
    open,
    async (store) => {
      const narrow = await store.revoke(order(store, unit("token", "tid_1")));
      const wide = await store.revoke(order(store, unit("subject", "usr_1")));
      const { longest, position } = await store.head();
      const kept = async () => (await store.readFeed(0, 10)).entries.map(({ seq }) => seq);
      const life = longest.accessToken + stalenessCap + clockSkew;
      await pruneUntil(store, nowS, nowS + life);
      assert.deepEqual(await kept(), [narrow.seq, wide.seq]);
      const gone = await hashOf(store, narrow.seq);
      await pruneUntil(store, nowS + life, nowS + life + 600);
      assert.deepEqual(await kept(), [wide.seq], "the order of the token covers access tokens only");
      const page = await store.readFeed(0, 10);
      assert.deepEqual(page.floor, { seq: narrow.seq, hash: gone });
      assert.equal(await store.hashAt(narrow.seq), gone, "the floor's hash is known");
      assert.equal(await store.hashAt(0), undefined, "the log is not whole from the beginning any more");
      assert.deepEqual(page.head.position, position, "the head does not move");
      assert.equal(
        (await store.listOrders({}, firstPage)).items.length,
        2,
        "the history outlives the entries",
      );
      assert.deepEqual(await store.verifyAudit(), { records: 2, brokenAt: undefined });
    },
  );

  promise("the next entry goes on from the head though all were removed", open, async (store) => {
    const { seq } = await store.revoke(order(store, unit("token", "tid_1")));
    await pruneUntil(store, nowS, nowS + 3000);
    assert.deepEqual((await store.readFeed(0, 10)).entries, []);
    assert.equal(await store.hashAt(seq), (await store.head()).position.hash);
    assert.equal((await store.revoke(order(store, unit("token", "tid_1")))).seq, seq + 1);
  });

  promise(
    "a suspension stays until it is lifted; then it goes before its lift, days later",
    open,
    async (store) => {
      const made = order(store, unit("client", "client"), { suspend: true });
      await store.revoke(made);
      await pruneUntil(store, nowS, nowS + 20 * day);
      const kinds = async () => (await store.readFeed(0, 10)).entries.map(({ kind }) => kind);
      assert.deepEqual(await kinds(), ["revoke"]);
      const atMs = (nowS + 20 * day) * 1000;
      await store.approve({ unit: made.unit, ids: () => store.nextId(), atMs, actor: administrator });
      await pruneUntil(store, nowS + 20 * day, nowS + 22 * day);
      assert.deepEqual(await kinds(), ["revoke", "lift"]);
      await pruneUntil(store, nowS + 22 * day, nowS + 27 * day + 3600);
      assert.deepEqual(await kinds(), ["lift"], "no reader of pages meets the suspension without its lift");
      await pruneUntil(store, nowS + 27 * day + 3600, nowS + 29 * day);
      assert.deepEqual(await kinds(), []);
    },
  );

  promise("spent assertions go once they have expired", open, async (store) => {
    await store.spendAssertion("client", "one", nowS + 60);
    await pruneUntil(store, nowS, nowS + day);
    assert.equal(await store.spendAssertion("client", "one", nowS + 60), false);
    assert.equal((await store.prune(nowS + day + 600, 100)).assertions, 1);
  });

  for (const [jump, to] of [
    ["forward", nowS + 400 * day],
    ["back", nowS - 3600],
  ] as const)
    promise(`for a day after a jump ${jump} of the clock nothing is removed`, open, async (store) => {
      await store.prune(nowS, 100);
      await store.spendAssertion("client", "one", to - 3 * day);
      assert.deepEqual(await pruneUntil(store, to, to + day - 1), 0);
      assert.equal(await pruneUntil(store, to + day - 1, to + day), 1);
    });
}

/** As upkeep does it, with hours between; the assertions that went. */
async function pruneUntil(store: Store, from: number, until: number): Promise<number> {
  let assertions = 0;
  for (let at = from; ; at = Math.min(until, at + 12 * 3600)) {
    for (let pass = 0; pass < 2; pass += 1) assertions += (await store.prune(at, 100)).assertions;
    if (at === until) return assertions;
  }
}

async function hashOf(store: Store, seq: number): Promise<string> {
  const [entry] = (await store.readFeed(seq - 1, 1)).entries;
  assert.equal(entry?.seq, seq);
  return entry.hash;
}
