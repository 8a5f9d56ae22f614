// Opening and closing: files private, ids never twice, addresses, what a restart keeps.

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { openStore, StoreRefused } from "@rescind/store";
import { RowIds } from "../src/row-ids.ts";
import { accessToken, opened, order, unit } from "./conformance/facts.ts";
import { newSubscription } from "./conformance/webhook-facts.ts";
import { freshPath, openAt } from "./opened.ts";

test("the directory and every file are the owner's alone", async () => {
  const path = freshPath();
  const store = await openAt(path, { reserveBytes: 65_536 });
  await store.issue(accessToken(store));
  const directory = dirname(path);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  const files = readdirSync(directory);
  assert.ok(files.length >= 4, files.join(" "));
  for (const file of files) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
  await store.close();
});

test("A4 A5 what was stored is there after closing and opening again", async () => {
  const path = freshPath();
  const first = await openAt(path);
  const { access, refresh, grant } = await opened(first);
  const receipt = await first.revoke(order(first, unit("grant", grant.grantId)));
  const { position } = await first.head();
  await first.close();
  const second = await openAt(path);
  assert.deepEqual((await second.head()).position, position);
  assert.equal((await second.readFeed(0, 10)).entries[0]?.seq, receipt.seq);
  assert.ok((await second.findAccessToken(access.token.id)).token);
  assert.ok((await second.findRefreshToken(refresh.token.id)).token);
  await second.close();
});

test("what was asked for before closing is finished, what is asked after it is refused", async () => {
  const path = freshPath();
  const store = await openAt(path);
  const orders = Array.from({ length: 500 }, (_, index) =>
    store.revoke(order(store, unit("subject", `usr_${index}`))),
  );
  const closed = store.close();
  await assert.rejects(store.issue(accessToken(store)), { name: "StoreUnavailable" });
  assert.equal((await Promise.all(orders)).length, 500);
  await closed;
  await store.close();
  await assert.rejects(store.head(), { name: "StoreUnavailable" });
  const again = await openAt(path);
  assert.equal((await again.head()).position.seq, 500);
  await again.close();
});

test("row ids go on above every id in the database, whatever the clock does", () => {
  const later = BigInt(new RowIds(0, 0n, () => Date.UTC(2090, 0)).next());
  const ids = new RowIds(3, later, () => Date.UTC(2026, 0));
  const next = Array.from({ length: 40_000 }, () => BigInt(ids.next()));
  assert.ok(next.every((id, index) => id > (next[index - 1] ?? later)));
  assert.throws(() => new RowIds(256, 0n), RangeError);
  assert.throws(() => new RowIds(-1, 0n), RangeError);
});

test("a database's ids lie above those of subscriptions and deliveries too", async () => {
  const path = freshPath();
  const first = await openAt(path);
  const ahead = new RowIds(0, 0n, () => Date.now() + 86_400_000);
  const { position } = await first.head();
  const made = { ...newSubscription(first), id: ahead.next() };
  assert.equal(await first.createSubscription(made, position.seq), true);
  await first.close();
  const second = await openAt(path);
  assert.ok(BigInt(second.nextId()) > BigInt(made.id));
  const delivery = {
    id: new RowIds(0, BigInt(ahead.next())).next(),
    auditNumber: 1,
    type: "token.revoked",
    body: "{}",
  };
  await second.enqueueDeliveries({
    subscriptionId: made.id,
    from: 0,
    to: 1,
    deliveries: [delivery],
    atMs: 1,
  });
  await second.close();
  const third = await openAt(path);
  assert.ok(BigInt(third.nextId()) > BigInt(delivery.id));
  await third.close();
});

test("two nodes never draw the same id", () => {
  const clock = () => Date.UTC(2026, 0);
  const drawn = [0, 1, 255].flatMap((node) => {
    const ids = new RowIds(node, 0n, clock);
    return Array.from({ length: 20_000 }, () => ids.next());
  });
  assert.equal(new Set(drawn).size, drawn.length);
});

test("a database is opened by its address, and any other address is refused with the reason", async () => {
  const path = freshPath();
  const store = await openStore(`sqlite:${path}`);
  assert.equal((await store.describe()).engine, "sqlite");
  await store.close();
  assert.ok(statSync(path).size > 0);
  for (const address of [
    "postgres:localhost/rescind",
    "postgres://user:secret@host:port/rescind",
    "postgres://localhost/rescind?rescind_unsafe_fsync_off=yes",
    "mysql://x",
    "sqlite:",
    "",
  ])
    await assert.rejects(openStore(address), StoreRefused, address);
});

test("the description says of which engine the database is, how large and how durable", async () => {
  const store = await openAt(freshPath());
  await opened(store);
  await store.issue(accessToken(store));
  const { accessTokens, refreshTokens, bytes, durability, version } = await store.describe();
  assert.deepEqual([accessTokens, refreshTokens, durability], [2, 1, "local"]);
  assert.ok(bytes > 4096);
  assert.match(version, /^3\.\d+/);
  await store.close();
});
