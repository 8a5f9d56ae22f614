// Several nodes over one PostgreSQL database, each a store of its own: numbers in commit order, no ring of waiting
// transactions, revocations past whatever is stuck, ids that nobody makes twice.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { chainInput, type FeedEntry, fromBase64url, origin } from "@rescind/core";
import { openPostgres, type Store, StoreUnavailable } from "@rescind/store";
import pg from "pg";
import { startPgBouncer } from "../../../test/faults/pgbouncer.ts";
import { type Cluster, startCluster } from "../../../test/postgres.ts";
import { until } from "../../../test/until.ts";
import { openPostgresRows } from "../src/moving/postgres-rows.ts";
import { accessToken, issuer, opened, order, refreshToken, tokenOf, unit } from "./conformance/facts.ts";

let cluster: Cluster;
const open: Store[] = [];

before(async () => {
  cluster = await startCluster({ settings: { max_connections: "300", deadlock_timeout: "100ms" } });
});
after(async () => {
  await Promise.all(open.map((store) => store.close()));
  await cluster.stop();
});

async function nodes(address: string, count: number): Promise<Store[]> {
  const stores = await Promise.all(Array.from({ length: count }, () => openPostgres({ address, issuer })));
  open.push(...stores);
  return stores;
}

async function node(): Promise<{ store: Store; address: string }> {
  const address = await cluster.freshDatabase();
  const [store] = await nodes(address, 1);
  assert.ok(store);
  return { store, address };
}

/** A transaction of somebody else's, which holds what it took until it is let go. */
async function holding(address: string, sql: string): Promise<{ letGo(): Promise<void> }> {
  const client = new pg.Client(address);
  await client.connect();
  await client.query(`BEGIN; ${sql}`);
  return {
    async letGo() {
      await client.query("COMMIT");
      await client.end();
    },
  };
}

test("ten nodes open an empty database at once, each with a number of its own", async () => {
  const address = await cluster.freshDatabase();
  const stores = await nodes(address, 10);
  const numbers = stores.map((store) => (BigInt(store.nextId()) >> 14n) & 255n);
  assert.equal(new Set(numbers).size, 10);
  const applied = await cluster.query(
    "SELECT number FROM rescind_schema ORDER BY number",
    new URL(address).pathname.slice(1),
  );
  assert.equal(new Set(applied.map((row) => row.number)).size, applied.length);
});

test("thousands of orders from four nodes: no gap, no reordering to any reader, one chain", async () => {
  const stores = await nodes(await cluster.freshDatabase(), 4);
  const each = 500;
  const perNode = stores.map((store, place) =>
    Promise.all(
      Array.from({ length: each }, (_, index) =>
        store.revoke(order(store, unit("subject", `usr_${place}_${index}`))),
      ),
    ),
  );
  let done = false;
  const all = Promise.all(perNode).finally(() => {
    done = true;
  });
  const readers = stores.map(async (store) => {
    const met: number[] = [];
    for (let isLast = false; ; ) {
      const page = await store.readFeed(met.at(-1) ?? 0, 97);
      met.push(...page.entries.map(({ seq }) => seq));
      assert.ok((met.at(-1) ?? 0) <= page.head.position.seq);
      if (isLast && !page.more) return met;
      isLast = done;
    }
  });
  const receipts = (await all).flat();
  const expected = Array.from({ length: 4 * each }, (_, index) => index + 1);
  assert.deepEqual(
    receipts.map(({ seq }) => seq).sort((a, b) => a - b),
    expected,
  );
  for (const met of await Promise.all(readers)) assert.deepEqual(met, expected);
  const [store] = stores;
  assert.ok(store);
  let position = origin;
  for (const entry of (await store.readFeed(0, 10_000)).entries) {
    const previous = fromBase64url(position.hash);
    assert.ok(previous);
    const hash = createHash("sha256")
      .update(chainInput(previous, entry as FeedEntry))
      .digest("base64url");
    assert.equal(entry.hash, hash);
    position = { seq: entry.seq, hash };
  }
  assert.deepEqual((await store.head()).position, position);
  assert.deepEqual(await store.verifyAudit(), { records: 4 * each, brokenAt: undefined });
});

test("a slow transaction that is still open hides no entry of those that commit meanwhile", async () => {
  const { store, address } = await node();
  const slow = await holding(
    address,
    "INSERT INTO secrets VALUES ('slow', ''); UPDATE upkeep SET seen_s = 1; SELECT txid_current()",
  );
  const receipts = [];
  for (let index = 0; index < 20; index += 1)
    receipts.push(await store.revoke(order(store, unit("subject", `usr_${index}`))));
  const { entries } = await store.readFeed(0, 100);
  assert.deepEqual(
    entries.map(({ seq }) => seq),
    receipts.map(({ seq }) => seq),
  );
  await slow.letGo();
});

test("FAULTS 13 somebody holds the head: orders wait, look-ups do not, and nobody is told what did not happen", async () => {
  const { store, address } = await node();
  const holder = await holding(address, "UPDATE feed_head SET seq = seq");
  const waiting = store.revoke(order(store, unit("all", "")));
  assert.equal((await store.head()).position.seq, 0);
  await store.issue(accessToken(store));
  await holder.letGo();
  assert.equal((await waiting).seq, 1);
  const again = await holding(address, "UPDATE feed_head SET seq = seq");
  const refused = order(store, unit("all", ""));
  await assert.rejects(store.revoke(refused), StoreUnavailable);
  await again.letGo();
  assert.equal((await store.head()).position.seq, 1);
  assert.equal((await store.revoke(refused)).seq, 2);
});

test("FAULTS 13 revocations get through while thousands of other writes and look-ups are stuck", async () => {
  const { store, address } = await node();
  const holder = await holding(
    address,
    "LOCK access_tokens IN EXCLUSIVE MODE; LOCK last_used IN ACCESS EXCLUSIVE MODE",
  );
  const stuck = [
    ...Array.from({ length: 3000 }, () => store.issue(accessToken(store))),
    ...Array.from({ length: 50 }, () => store.listTokens({}, { limit: 10, cursor: undefined }, 0)),
    ...Array.from({ length: 50 }, (_, index) => store.noteUses([{ clientId: `c_${index}`, atMs: 1 }])),
  ];
  const ended = Promise.allSettled(stuck);
  const receipts = await Promise.all(
    Array.from({ length: 200 }, (_, index) => store.revoke(order(store, unit("subject", `usr_${index}`)))),
  );
  assert.equal(Math.max(...receipts.map(({ seq }) => seq)), 200);
  assert.equal((await store.findAccessToken("1")).head.position.seq, 200);
  await holder.letGo();
  // Those that waited for too long were refused, and nothing is stuck any more.
  for (const outcome of await ended)
    assert.ok(outcome.status === "fulfilled" || outcome.reason instanceof StoreUnavailable);
  await store.issue(accessToken(store));
});

test("B1 two nodes rotate the same tokens in opposite orders: each once, and nobody waits for ever", async () => {
  const [one, two] = await nodes(await cluster.freshDatabase(), 2);
  assert.ok(one && two);
  const grants = await Promise.all(Array.from({ length: 60 }, () => opened(one)));
  const rotations = (store: Store, of: typeof grants) =>
    of.map(({ grant, refresh }) =>
      store.rotate({
        spent: refresh.token.id,
        successor: refreshToken(store, grant),
        sealed: new Uint8Array([1]),
        access: tokenOf(store, grant),
      }),
    );
  const outcomes = await Promise.all([...rotations(one, grants), ...rotations(two, grants.toReversed())]);
  assert.equal(outcomes.filter((outcome) => outcome === "rotated").length, 60);
});

test("transactions that wait for each other in a ring are tried again until all are done", async () => {
  const [one, two] = await nodes(await cluster.freshDatabase(), 2);
  assert.ok(one && two);
  const made = accessToken(one);
  await one.issue(made);
  // Uses are noted in the order of their names; a subscription's batch and an order take a row and the head.
  const names = Array.from({ length: 200 }, (_, index) => `client_${index}`);
  const work = [one, two].flatMap((store) =>
    Array.from({ length: 20 }, (_, round) => [
      store.noteUses(names.map((clientId) => ({ clientId, atMs: round }))),
      store.revoke(order(store, unit("client", names[round] ?? ""))),
      store.recordAudit({
        action: "tried",
        actor: { kind: "server", id: "one" },
        atMs: 1,
        content: { round },
      }),
      store.prune(1_000_000_000, 100),
    ]).flat(),
  );
  await Promise.all(work);
  assert.deepEqual(await one.verifyAudit(), { records: 80, brokenAt: undefined });
});

test("a node is called when another has appended, and not for what it appended itself", async () => {
  const [one, two] = await nodes(await cluster.freshDatabase(), 2);
  assert.ok(one && two);
  let calls = 0;
  one.onCommitElsewhere(() => {
    calls += 1;
  });
  // Called once when it begins to listen, for what came before.
  await until(async () => calls === 1);
  await one.revoke(order(one, unit("all", "")));
  await two.revoke(order(two, unit("all", "")));
  await until(async () => calls === 2);
});

test("a number whose holder is gone goes to another with ids of a later time, whatever its clock says", async () => {
  const { store, address } = await node();
  const database = new URL(address).pathname.slice(1);
  const last = BigInt(store.nextId());
  const taken = Number((last >> 14n) & 255n);
  await cluster.query(
    `UPDATE nodes SET lease_until_ms = 0, ids_below_ms = ids_below_ms + 3600000 WHERE node = ${taken}`,
    database,
  );
  const heir = await openPostgres({ address, issuer, nodeId: taken });
  open.push(heir);
  const first = BigInt(heir.nextId());
  assert.equal(Number((first >> 14n) & 255n), taken);
  assert.ok(first >> 22n >= (last >> 22n) + 3_600_000n, "beyond all that its holder before could make");
  // The first holder learns of it and takes another number.
  const other = await until(async () => {
    const now = Number((BigInt(store.nextId()) >> 14n) & 255n);
    return now === taken ? undefined : now;
  });
  assert.notEqual(other, taken);
});

test("texts come back as they were, with every character JavaScript has", async () => {
  const { store, address } = await node();
  const strange = "a\0b\uFFFEc\uFFFE0\u{1F600}";
  const made = accessToken(store, { subject: strange, clientId: strange });
  await store.issue(made);
  assert.equal((await store.findAccessToken(made.token.id)).token?.subject, strange);
  await store.revoke(order(store, unit("subject", strange)));
  assert.equal((await store.findClient("\0")).client, undefined);
  const rows = await openPostgresRows(address, "read");
  assert.deepEqual(await rows.query("SELECT subject FROM access_tokens"), [[strange]], "in backups too");
  await rows.close();
});

test("a pooler that loses prepared statements is noticed, even where it was said to keep them", async () => {
  const pooler = await startPgBouncer(cluster);
  try {
    const address = await cluster.freshDatabase("rescind_prepared=1");
    const stores = await nodes(pooler.through(address), 2);
    await Promise.all(
      stores.flatMap((store) =>
        Array.from({ length: 200 }, async () => {
          const made = accessToken(store);
          await store.issue(made);
          await store.revoke(order(store, unit("token", `tid_${made.token.id}`)));
          assert.ok((await store.findAccessToken(made.token.id)).token);
        }),
      ),
    );
    assert.equal((await stores[0]?.head())?.position.seq, 400);
    await Promise.all(stores.map((store) => store.close()));
  } finally {
    await pooler.stop();
  }
});
