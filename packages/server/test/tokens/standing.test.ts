// What this node's listeners are told: every entry that it learns of, in order, whichever way it learned.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { formatId } from "@rescind/core";
import { openStore, type Store } from "@rescind/store";
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
  const order = async (): Promise<void> => {
    const unit = { name: "token", issuer, value: formatId("token", store.nextId()) } as const;
    const actor = { kind: "admin", id: "admin" } as const;
    await store.revoke(orderOf({ unit, actor, reason: "administrator", final: false, select: {} }, of));
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
