// What this node's listeners are told: every entry that it learns of, in order, whichever way it learned.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { formatId } from "@rescind/core";
import { type LoggedEntry, openStore, type Store } from "@rescind/store";
import { until } from "../../../../test/until.ts";
import { tokenHashing } from "../../src/keys/digest.ts";
import { orderOf } from "../../src/revocation/order.ts";
import { LogReplaced, StandingEntries } from "../../src/tokens/standing.ts";

async function freshLog(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const store = await openStore(`sqlite:${join(folder, "rescind.db")}`);
  t.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const issuer = "https://issuer.example";
  const of = { hashing: tokenHashing(undefined, new Uint8Array(32)), now: Date.now, store, issuer };
  const order = async (): Promise<LoggedEntry> => {
    const unit = { name: "token", issuer, value: formatId("token", store.nextId()) } as const;
    const actor = { kind: "admin", id: "admin" } as const;
    const made = orderOf({ unit, actor, reason: "administrator", final: false, select: {} }, of);
    const { entry } = await store.revoke(made);
    assert.ok(entry, "SQLite tells the entry with the receipt");
    return entry;
  };
  return { store, order, fingerprint: of.hashing.fingerprint };
}

test("listeners hear of what was appended, also where everything is loaded anew; once each", async (t) => {
  const { store, order, fingerprint } = await freshLog(t);

  await order();
  const standing = new StandingEntries(store, fingerprint);
  const heard: number[] = [];
  standing.subscribe((entries) => heard.push(...entries.map(({ seq }) => seq)));
  await standing.load();
  assert.deepEqual(heard, [], "what stood before the start is no news");
  await order();
  await standing.reach(await store.head());
  await order();
  await order();
  await standing.load();
  await order();
  await standing.reach(await store.head());
  assert.deepEqual(heard, [2, 3, 4, 5]);
});

test("A1 what this node appended itself is in its memory without a look at the log; what came between is read", async (t) => {
  const { store, order, fingerprint } = await freshLog(t);
  let reads = 0;
  const readFeed: Store["readFeed"] = (after, limit) => {
    reads += 1;
    return store.readFeed(after, limit);
  };
  const standing = new StandingEntries({ ...store, readFeed }, fingerprint);
  const heard: LoggedEntry[] = [];
  standing.subscribe((entries) => heard.push(...entries));
  const first = await order();
  standing.learn([first]);
  assert.equal(standing.seq, 0, "nothing is taken before the log was loaded");
  await standing.load();
  reads = 0;

  const own = [await order(), await order()];
  standing.learn(own);
  standing.learn(own);
  assert.deepEqual(standing.position, (await store.head()).position);
  assert.deepEqual(standing.standingOf(own[1]?.kind === "revoke" ? own[1].fp : "").length, 1);
  await standing.reach(await store.head());
  assert.equal(reads, 0);

  // Another node's order, and then one of our own.
  const between = await order();
  const after = await order();
  standing.learn([after]);
  assert.equal(standing.seq, 3, "it is no continuation of what this node holds");
  await standing.reach(await store.head());
  assert.equal(reads, 1);
  await until(async () => heard.length === 4);
  assert.deepEqual(heard, [...own, between, after]);
  assert.deepEqual(heard, (await store.readFeed(1, 10)).entries);

  // Told before what is read after it, and once.
  const [learned, read] = [await order(), await order()];
  standing.learn([learned]);
  await standing.reach(await store.head());
  await until(async () => heard.length === 6);
  assert.deepEqual(heard.slice(4), [learned, read]);
});

test("FD-11 an entry of its own that this node's memory does not lead to is not taken", async (t) => {
  const [known, other] = [await freshLog(t), await freshLog(t)];
  const standing = new StandingEntries(known.store, known.fingerprint);
  await known.order();
  await standing.load();
  await other.order();
  // The right number, on another log.
  standing.learn([await other.order()]);
  assert.deepEqual(standing.position, (await known.store.head()).position);
  const next = await known.order();
  standing.doubt();
  standing.learn([next]);
  assert.equal(standing.seq, 1, "nothing is taken in doubt");
  await standing.reach(await known.store.head());
  assert.equal(standing.seq, 2);
});

test("FD-11 a log that came back from a backup and has gone on beyond this node's memory is not taken for its continuation", async (t) => {
  const [known, other] = [await freshLog(t), await freshLog(t)];
  let serving = known.store;
  const store: Store = {
    ...known.store,
    head: () => serving.head(),
    readFeed: (after, limit) => serving.readFeed(after, limit),
    readKept: (range) => serving.readKept(range),
    placeOf: (position) => serving.placeOf(position),
  };
  const standing = new StandingEntries(store, known.fingerprint);
  await known.order();
  await known.order();
  await standing.load();

  serving = other.store;
  await other.order();
  await assert.rejects(standing.load(), LogReplaced, "it ends before what this node has judged by");
  for (const _ of [2, 3]) await other.order();
  await assert.rejects(standing.reach(await store.head()), LogReplaced);
  await assert.rejects(standing.confirm(), LogReplaced);
  assert.equal(standing.seq, 2);
  await standing.renew();
  assert.deepEqual(standing.position, (await other.store.head()).position);
  assert.equal(standing.size, 3);
  await standing.reach(await store.head());
});
