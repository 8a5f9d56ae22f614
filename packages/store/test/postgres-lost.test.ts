// What PostgreSQL does not confirm: connections cut around the commit, backends that are ended, a standby that is gone,
// servers that may not be served from.

import assert from "node:assert/strict";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { openPostgres, type Store, StoreRefused, StoreUnavailable } from "@rescind/store";
import pg from "pg";
import { type Cluster, startCluster } from "../../../test/postgres.ts";
import { until } from "../../../test/until.ts";
import { accessToken, issuer, order, unit } from "./conformance/facts.ts";

let cluster: Cluster;
const open: Store[] = [];
const proxies: CuttingProxy[] = [];

before(async () => {
  cluster = await startCluster();
});
after(async () => {
  await Promise.all(open.map((store) => store.close()));
  for (const proxy of proxies) proxy.close();
  await cluster.stop();
});

async function at(address: string): Promise<Store> {
  const store = await openPostgres({ address, issuer });
  open.push(store);
  return store;
}

/** Between the store and the server: passes everything on until it is told to cut. */
class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Cuts the connection on which the next COMMIT is sent: before it goes on, or before its answer does. */
  cut: "before" | "inside" | undefined;

  constructor(port: number) {
    this.#server = createServer((client) => this.#pass(client, connect(port, "127.0.0.1")));
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    assert.ok(address !== null && typeof address === "object");
    return address.port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(client: Socket, server: Socket): void {
    let isCut = false;
    const end = () => {
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", end).on("close", end);
    }
    client.on("data", (bytes) => {
      // What is sent for an order, whether the statement is sent whole or by the name it was prepared under.
      if (this.cut !== undefined && bytes.includes("cut-here")) {
        const how = this.cut;
        this.cut = undefined;
        if (how === "before") return end();
        isCut = true;
      }
      server.write(bytes);
    });
    server.on("data", (bytes) => (isCut ? end() : client.write(bytes)));
  }
}

async function behindProxy(): Promise<{ store: Store; proxy: CuttingProxy }> {
  const proxy = new CuttingProxy(cluster.port);
  proxies.push(proxy);
  const address = new URL(await cluster.freshDatabase());
  address.port = String(await proxy.listen());
  return { store: await at(address.href), proxy };
}

for (const cut of ["before", "inside"] as const)
  test(`FAULTS 12 A7 a connection cut ${cut === "before" ? "before the batch arrives" : "while it commits"}: the outcome is unknown, and asking again is harmless`, async () => {
    const { store, proxy } = await behindProxy();
    await store.revoke(order(store, unit("subject", "before")));
    proxy.cut = cut;
    const made = order(store, unit("subject", "cut-here"));
    await assert.rejects(
      store.revoke(made),
      (error) => error instanceof StoreUnavailable && /not known/.test(error.message),
    );
    const again = await store.revoke(made);
    assert.deepEqual([again.orderId, again.seq], [made.id, 2]);
    assert.equal(again.appended, cut === "before", "what was committed is told as an earlier order");
    assert.equal((await store.head()).position.seq, 2);
    assert.deepEqual(await store.verifyAudit(), { records: 2, brokenAt: undefined });
  });

test("a backend ended before the commit did nothing, and the order is made on another connection", async () => {
  const address = await cluster.freshDatabase();
  const store = await at(address);
  const holder = new pg.Client(address);
  await holder.connect();
  await holder.query("BEGIN; UPDATE feed_head SET seq = seq");
  const made = store.revoke(order(store, unit("all", "")));
  const waiting = () =>
    cluster.query(
      "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
      new URL(address).pathname.slice(1),
    );
  const { pid } = await until(async () => (await waiting())[0]);
  await cluster.query(`SELECT pg_terminate_backend(${pid})`);
  await until(async () => (await waiting()).some((row) => row.pid !== pid));
  await holder.query("COMMIT");
  await holder.end();
  assert.deepEqual([(await made).seq, (await store.head()).position.seq], [1, 1]);
});

test("every connection ended at once: reads and writes go on with new ones", async () => {
  const address = await cluster.freshDatabase();
  const store = await at(address);
  await store.issue(accessToken(store));
  const database = new URL(address).pathname.slice(1);
  const ended = await cluster.query(
    `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = '${database}' AND pid <> pg_backend_pid()`,
    database,
  );
  // Others may be there already: the store renews its number by itself.
  await until(async () => {
    const [row] = await cluster.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE pid IN (${ended.map(({ pid }) => pid).join()})`,
    );
    return row?.n === 0;
  });
  let known = 0;
  store.onConnected(() => (known += 1));
  const token = accessToken(store);
  await store.issue(token);
  const before = known;
  assert.equal((await store.findAccessToken(token.token.id)).token?.id, token.token.id);
  assert.ok(
    known > before,
    "that it may have been read from another server is known before the read is answered",
  );
  assert.equal((await store.revoke(order(store, unit("all", "")))).seq, 1);
});

test("FAULTS 10 the server dies and comes back: what was answered is there, and nobody starts anything anew", async () => {
  const mine = await startCluster({ fsync: true });
  try {
    const store = await openPostgres({ address: await mine.freshDatabase(), issuer });
    const answered = new Set<number>();
    let done = false;
    const load = (async () => {
      for (let index = 0; !done; index += 1)
        try {
          answered.add((await store.revoke(order(store, unit("subject", `usr_${index}`)))).seq);
        } catch (error) {
          assert.ok(error instanceof StoreUnavailable);
          await new Promise((resolve) => setImmediate(resolve));
        }
    })();
    await until(async () => answered.size > 50);
    await mine.kill();
    await mine.restart();
    const before = answered.size;
    await until(async () => answered.size > before + 50);
    done = true;
    await load;
    const kept = new Set((await store.readFeed(0, 100_000)).entries.map(({ seq }) => seq));
    for (const seq of answered) assert.ok(kept.has(seq), `answered and lost: ${seq}`);
    await store.ping();
    await store.close();
  } finally {
    await mine.stop();
  }
});

test("FAULTS 11 with a synchronous standby a commit that the standby does not have is not confirmed", async () => {
  const primary = await startCluster();
  let standby: Cluster | undefined;
  try {
    standby = await primary.standby({ synchronous: true });
    await assert.rejects(openPostgres({ address: standby.url(), issuer }), (error) => {
      return error instanceof StoreRefused && /standby/.test(error.message);
    });
    const address = `${standby.url()},`.replace(/^(.*@)([^/]*)(.*),$/, `$1$2,127.0.0.1:${primary.port}$3`);
    const store = await openPostgres({ address, issuer });
    assert.equal(await store.durability(), "replicated");
    await store.revoke(order(store, unit("subject", "usr_1")));
    await standby.kill();
    const refused = assert.rejects(
      store.revoke(order(store, unit("subject", "usr_2"))),
      (error) => error instanceof StoreUnavailable && /not known/.test(error.message),
    );
    const pid = await until(
      async () =>
        (await primary.query("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))[0]?.pid,
    );
    assert.equal((await store.head()).position.seq, 1, "nobody sees it before the standby has it");
    await primary.query(`SELECT pg_cancel_backend(${pid})`);
    await refused;
    await standby.restart();
    assert.ok((await store.revoke(order(store, unit("subject", "usr_3")))).seq >= 2);
    await store.close();
  } finally {
    await standby?.stop();
    await primary.stop();
  }
});

test("FAULTS 13 what the role's own defaults weaken is in force all the same", async () => {
  const address = await cluster.freshDatabase();
  const database = new URL(address).pathname.slice(1);
  for (const setting of [
    "synchronous_commit = off",
    "default_transaction_isolation = 'serializable'",
    "default_transaction_read_only = on",
    "bytea_output = 'escape'",
  ])
    await cluster.query(`ALTER DATABASE ${database} SET ${setting}`);
  const store = await at(address);
  await cluster.query(
    `BEGIN READ WRITE; CREATE TABLE seen (setting TEXT);
    CREATE FUNCTION see() RETURNS TRIGGER LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
    CREATE TRIGGER see AFTER INSERT ON entries FOR EACH ROW EXECUTE FUNCTION see(); COMMIT`,
    database,
  );
  await Promise.all(Array.from({ length: 50 }, () => store.revoke(order(store, unit("all", "")))));
  const seen = await cluster.query("SELECT DISTINCT setting FROM seen", database);
  assert.deepEqual(seen, [{ setting: "on" }]);
  const token = accessToken(store);
  await store.issue(token);
  const digest = (await store.findAccessToken(token.token.id)).token?.digest;
  assert.deepEqual(Buffer.from(digest ?? []), Buffer.from(token.digest ?? []));
});

test("servers and schemas that may not be served are refused with the reason", async () => {
  const unsafe = cluster.url().replace("rescind_unsafe_fsync_off=1", "");
  await assert.rejects(
    openPostgres({ address: unsafe }),
    (error) => error instanceof StoreRefused && /fsync off/.test(error.message),
  );
  await cluster.query("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0");
  await assert.rejects(
    openPostgres({ address: cluster.url("ascii") }),
    (error) => error instanceof StoreRefused && /UTF8/.test(error.message),
  );
  const address = await cluster.freshDatabase();
  await (await openPostgres({ address })).close();
  await cluster.query("INSERT INTO rescind_schema VALUES (1000)", new URL(address).pathname.slice(1));
  await assert.rejects(
    openPostgres({ address }),
    (error) => error instanceof StoreRefused && /schema 1000.*newer/.test(error.message),
  );
  const nowhere = "postgres://rescind:secret@127.0.0.1:1/none";
  await assert.rejects(openPostgres({ address: nowhere }), (error) => {
    return error instanceof StoreUnavailable && !error.message.includes("secret");
  });
});
