// Servers that say nothing: a network that swallows everything, a standby that every commit waits for. FAULTS 11, 16.

import assert from "node:assert/strict";
import { connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { openPostgres, StoreUnavailable } from "@rescind/store";
import { type Cluster, startCluster } from "../../../test/postgres.ts";
import { until } from "../../../test/until.ts";
import { accessToken, issuer, order, unit } from "./conformance/facts.ts";

const patience = 120_000;

test("a connection that swallows everything is given up, and what it carried is unknown", async () => {
  const cluster = await startCluster();
  const sockets: Socket[] = [];
  let isMute = false;
  const proxy = createServer((client) => {
    const server = connect(cluster.port, "127.0.0.1");
    const wasMute = isMute;
    sockets.push(client, server);
    client.on("error", () => {}).on("close", () => server.destroy());
    server.on("error", () => {}).on("close", () => client.destroy());
    client.on("data", (bytes) => isMute === wasMute && server.write(bytes));
    server.on("data", (bytes) => isMute === wasMute && client.write(bytes));
  });
  try {
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const at = proxy.address();
    assert.ok(at !== null && typeof at === "object");
    const address = new URL(await cluster.freshDatabase());
    address.port = String(at.port);
    const store = await openPostgres({ address: address.href, issuer });
    await store.issue(accessToken(store));
    await store.revoke(order(store, unit("all", "")));
    // Connections of before are silent from now on; new ones are not.
    isMute = true;
    const lost = order(store, unit("subject", "usr_1"));
    await assert.rejects(
      store.revoke(lost),
      (error) => error instanceof StoreUnavailable && /not known/.test(error.message),
    );
    const again = await until(() => store.revoke(lost).catch(() => undefined), patience);
    assert.equal(again.seq, 2);
    await until(() => store.head().catch(() => undefined), patience);
    await until(
      () =>
        store.issue(accessToken(store)).then(
          () => true,
          () => undefined,
        ),
      patience,
    );
    await store.close();
  } finally {
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await cluster.stop();
  }
});

test("a commit that waits for a standby for ever is not hurried: refused, in force for nobody, done when it is back", async () => {
  const primary = await startCluster();
  let standby: Cluster | undefined;
  try {
    standby = await primary.standby({ synchronous: true });
    const store = await openPostgres({ address: await primary.freshDatabase(), issuer });
    await store.revoke(order(store, unit("subject", "usr_1")));
    await standby.kill();
    const waiting = order(store, unit("subject", "usr_2"));
    await assert.rejects(
      store.revoke(waiting),
      (error) => error instanceof StoreUnavailable && /not known/.test(error.message),
    );
    assert.equal((await store.head()).position.seq, 1, "look-ups go on, and see nothing of it");
    const began = performance.now();
    await assert.rejects(store.revoke(order(store, unit("subject", "usr_3"))), StoreUnavailable);
    assert.ok(performance.now() - began < 5000, "whoever comes after it is refused at once");
    const [row] = await primary.query(
      "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event = 'SyncRep'",
    );
    assert.ok(Number(row?.n) <= 3, "no heap of connections that wait for the same");
    await standby.restart();
    await until(async () => (await store.head()).position.seq === 2, patience);
    const again = await until(() => store.revoke(waiting).catch(() => undefined), patience);
    assert.deepEqual([again.seq, again.appended], [2, false]);
    await store.close();
  } finally {
    await standby?.stop();
    await primary.stop();
  }
});
