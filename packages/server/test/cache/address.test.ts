// Where the cache is, and whether the network between could read or use it. THREATS WEB-25.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readCacheAddress } from "../../src/cache/address.ts";
import { ConfigurationError, readConfiguration } from "../../src/configuration.ts";

function address(text: string) {
  const read = readCacheAddress(text);
  return typeof read === "string" ? assert.fail(read) : read;
}

test("one server: host, port, user, password, database, TLS", () => {
  const one = address("rediss://app:p%40ss%2Fword@cache.example:6380/2");
  assert.deepEqual(
    [one.kind, one.tls, one.nodes, one.username, one.password, one.db],
    ["single", true, [{ host: "cache.example", port: 6380 }], "app", "p@ss/word", 2],
  );
  const short = address("redis://127.0.0.1");
  assert.deepEqual(
    [short.nodes, short.password, short.db, short.tls],
    [[{ host: "127.0.0.1", port: 6379 }], undefined, 0, false],
  );
  assert.deepEqual(address("redis://[::1]:7000").nodes, [{ host: "::1", port: 7000 }]);
  assert.equal(address("redis://:secret@127.0.0.1").username, undefined);
});

test("Sentinel and cluster: several hosts, the master's name", () => {
  const sentinel = address(
    "redis+sentinel://u:p@a,b:26380/mymaster/3?sentinel_username=s&sentinel_password=q",
  );
  assert.deepEqual(sentinel.nodes, [
    { host: "a", port: 26379 },
    { host: "b", port: 26380 },
  ]);
  assert.deepEqual(
    [sentinel.kind, sentinel.master, sentinel.db, sentinel.sentinelUsername, sentinel.sentinelPassword],
    ["sentinel", "mymaster", 3, "s", "q"],
  );
  const cluster = address("rediss+cluster://u:p@a:1,b:2");
  assert.deepEqual([cluster.kind, cluster.tls, cluster.nodes.length], ["cluster", true, 2]);
});

test("what cannot be used is refused in a sentence without the password", () => {
  const wrong = [
    "http://127.0.0.1",
    "redis://",
    "redis://a,b",
    "redis://a:70000",
    "redis://a/x",
    "redis+cluster://a/1",
    "redis+sentinel://a",
    "redis://a?family=6",
    "redis+sentinel://a/m?tls=1",
    "redis://u:%E0%A4%A@a",
  ];
  for (const text of wrong.map((one) => one.replace("://a", "://u:hunter2@a"))) {
    const read = readCacheAddress(text);
    assert.equal(typeof read, "string", text);
    assert.ok(String(read).startsWith("--cache"), String(read));
    assert.ok(!String(read).includes("hunter2"), String(read));
  }
});

test("WEB-25: beyond this machine, cache and database need TLS, the cache a password too, or consent", () => {
  const exposed = [
    ["--cache", "redis://cache.internal"],
    ["--cache", "redis://:password@10.0.0.5"],
    ["--cache", "rediss://cache.internal"],
    ["--cache", "redis+cluster://:password@127.0.0.1,10.0.0.5"],
    ["--cache", "redis+sentinel://127.0.0.1,sentinel.internal/m"],
    ["--database", "postgres://u:p@db.internal/rescind"],
    ["--database", "postgres://u:p@db.internal/rescind?sslmode=disable"],
    ["--database", "postgresql://u:p@db.internal/rescind?sslmode=prefer"],
    ["--database", "postgres:///rescind?host=db.internal"],
    ["--database", "postgres://u:p@10.0.0.5:5432,10.0.0.6:5432/rescind"],
    ["--database", "postgres://u:p@127.0.0.1:5432,db.internal:5432/rescind"],
    ["--database", "postgres://u:p@127.0.0.1:6432/rescind?rescind_listen=db.internal:5432"],
  ];
  const env = { RESCIND_MASTER_KEY: Buffer.alloc(32).toString("base64url") };
  for (const flags of exposed) {
    assert.throws(
      () => readConfiguration(flags, env),
      (error) => error instanceof ConfigurationError && /--insecure-backends/.test(error.message),
      flags.join(" "),
    );
    readConfiguration([...flags, "--insecure-backends"], env);
  }
  const fine = [
    ["--cache", "redis://127.0.0.1"],
    ["--cache", "redis://localhost:6400/1"],
    ["--cache", "redis://[::1]"],
    ["--cache", "rediss://:password@cache.internal"],
    ["--cache", "rediss+sentinel://:password@a.internal,b.internal/m"],
    ["--database", "postgres://u:p@localhost/rescind"],
    ["--database", "postgres://u:p@[::1]:5432,127.0.0.1:5433/rescind"],
    ["--database", "postgres://u:p@a.internal:5432,b.internal:5432/rescind?sslmode=verify-full"],
    ["--database", "postgres://u@%2Fvar%2Frun%2Fpostgresql/rescind"],
    ["--database", "postgres://u@/rescind?host=/var/run/postgresql"],
    ["--database", "postgres://u:p@db.internal/rescind?sslmode=verify-full"],
    ["--database", "postgres://u:p@db.internal/rescind?sslmode=require"],
  ];
  for (const flags of fine) readConfiguration(flags, env);
});

test("WEB-25: a prefix of keys is plain text that cannot move them to another slot", () => {
  assert.equal(readConfiguration(["--cache-prefix", "acme:prod"], {}).cachePrefix, "acme:prod");
  for (const prefix of ["", "a b", "{a}", "a}", "a*", "é", "x".repeat(65)])
    assert.throws(() => readConfiguration(["--cache-prefix", prefix], {}), ConfigurationError);
});

test("the cache is set by flag, environment and config file", () => {
  const file = join(mkdtempSync(join(tmpdir(), "rescind-test-")), "config.json");
  writeFileSync(file, JSON.stringify({ cache: "redis://127.0.0.1:1", cache_prefix: "tenant" }));
  const read = readConfiguration(["--config", file], {});
  assert.deepEqual([read.cache?.nodes[0].port, read.cachePrefix], [1, "tenant"]);
  const environment = { RESCIND_CACHE: "redis://127.0.0.1:2" };
  assert.equal(readConfiguration(["--config", file], environment).cache?.nodes[0].port, 2);
  assert.equal(readConfiguration(["--cache", "redis://127.0.0.1:3"], environment).cache?.nodes[0].port, 3);
  assert.equal(readConfiguration([], {}).cache, undefined);
});
