// FAULTS row 7: another process holds the database. Writes wait, then are refused; reads go on; nothing is half done.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Store } from "@rescind/store";
import { accessToken, order, unit } from "./conformance/facts.ts";
import { freshPath, openAt } from "./opened.ts";

test("FAULTS 7: while another process holds the write lock, writes are refused and reads go on", async () => {
  const path = freshPath();
  const store = await openAt(path, { busyTimeoutMs: 50 });
  const other = new DatabaseSync(path);
  try {
    const before = accessToken(store);
    await store.issue(before);
    other.exec("BEGIN IMMEDIATE");
    const during = accessToken(store);
    const refused = [store.issue(during), store.revoke(order(store, unit("all", ""))), store.ping()];
    await Promise.all(refused.map((write) => assert.rejects(write, { name: "StoreUnavailable" })));
    assert.ok((await store.findAccessToken(before.token.id)).token);
    assert.equal((await store.findAccessToken(during.token.id)).token, undefined);
    assert.equal((await store.head()).position.seq, 0);
    other.exec("ROLLBACK");
    await store.ping();
    await store.issue(during);
    assert.equal((await store.revoke(order(store, unit("all", "")))).seq, 1);
    assert.deepEqual(await store.verifyAudit(), { records: 1, brokenAt: undefined });
  } finally {
    other.close();
    await store.close();
  }
});

test("FAULTS 7: a write waits for a lock that is let go in time", async () => {
  const path = freshPath();
  const store = await openAt(path, { busyTimeoutMs: 60_000 });
  const other = new DatabaseSync(path);
  try {
    other.exec("BEGIN IMMEDIATE");
    const waiting = store.revoke(order(store, unit("all", "")));
    await store.head();
    other.exec("COMMIT");
    assert.equal((await waiting).seq, 1);
  } finally {
    other.close();
    await store.close();
  }
});

test("FAULTS 6: more writes than may wait are refused at once, revocations last", async () => {
  const path = freshPath();
  const store = await openAt(path, { busyTimeoutMs: 60_000, queueLimit: 10 });
  const other = new DatabaseSync(path);
  try {
    other.exec("BEGIN IMMEDIATE");
    // Two batches are with the writer, which waits for the lock; whatever comes now waits here.
    const sent = [await begun(issueMany(store, 1)), await begun(issueMany(store, 1))];
    const issued = await begun(issueMany(store, 40));
    const orders = Array.from({ length: 40 }, () => store.revoke(order(store, unit("all", ""))));
    const ordered = Promise.allSettled(orders);
    assert.deepEqual(await refusedOf(issued.slice(10)), Array(30).fill("StoreUnavailable"));
    other.exec("COMMIT");
    const taken = (await ordered).filter(({ status }) => status === "fulfilled").length;
    assert.equal(taken, 10, "revocations have places of their own behind the others");
    assert.equal((await store.head()).position.seq, 10, "what was refused was not done");
    for (const { outcome } of [...sent.flat(), ...issued.slice(0, 10)]) await outcome;
    const there = await Promise.all(issued.map(({ id }) => store.findAccessToken(id)));
    assert.deepEqual(
      there.map(({ token }) => token !== undefined),
      issued.map((_, index) => index < 10),
    );
  } finally {
    other.close();
    await store.close();
  }
});

interface Issued {
  readonly id: string;
  readonly outcome: Promise<void>;
}

function issueMany(store: Store, count: number): Issued[] {
  return Array.from({ length: count }, () => {
    const token = accessToken(store);
    const outcome = store.issue(token);
    outcome.catch(() => undefined);
    return { id: token.token.id, outcome };
  });
}

/** After one turn of the event loop: what can go to the writer is with it. */
async function begun(issued: Issued[]): Promise<Issued[]> {
  await new Promise((resolve) => setImmediate(resolve));
  return issued;
}

function refusedOf(issued: readonly Issued[]): Promise<string[]> {
  return Promise.all(
    issued.map(({ outcome }) =>
      outcome.then(
        () => "stored",
        (error: Error) => error.name,
      ),
    ),
  );
}
