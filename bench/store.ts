// What the store does by itself, durably: issues, revocations and rotations with 128 outstanding, and look-ups; on a file,
// or on a PostgreSQL of its own with fsync on. By the clock, and in processor time per operation of the thread that calls
// it, of all others of this process (the writer's, mostly) and of PostgreSQL. HTTP is not part of it: `npm run bench`
// measures that.
// Run: node --conditions=source bench/store.ts [seconds] [sqlite|postgres] [part of a name]

import { hash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccessToken, entryLife, formatId, type Grant, type RowId } from "@rescind/core";
import { type NewAccessToken, type NewRefreshToken, type Order, openStore, type Store } from "@rescind/store";
import { startCluster } from "../test/postgres.ts";
import { processorSeconds } from "./measure/processor-time.ts";

const outstanding = 128;
const seconds = Number(process.argv[2] ?? 3);
const nowS = Math.floor(Date.now() / 1000);
const directory = mkdtempSync(join(tmpdir(), "rescind-bench-"));
const cluster = process.argv[3] === "postgres" ? await startCluster({ fsync: true }) : undefined;
const address = cluster?.url() ?? `sqlite:${join(directory, "rescind.db")}`;
const issuer = "http://127.0.0.1:9400";
const store = await openStore(address, { issuer });
const issued: RowId[] = [];

const columns = [
  "per second",
  "p50 ms",
  "p99 ms",
  "longest turn ms",
  "here µs",
  "other threads µs",
  "PostgreSQL µs",
];

try {
  console.log(`${"work".padEnd(28)}${columns.map((name) => name.padStart(18)).join("")}`);
  await measure("issue (opaque)", async () => {
    const access = accessToken(store, undefined);
    await store.issue(access);
    issued.push(access.token.id);
  });
  let next = 0;
  await measure("find access token", async () => {
    await store.findAccessToken(issued[next++ % issued.length] ?? "1");
  });
  next = 0;
  await measure("revoke one token", async () => {
    await store.revoke(order(store, issued[next++] ?? store.nextId()));
  });
  const revoked = next;
  await measure("revoke it again", async () => {
    await store.revoke(order(store, issued[next++ % Math.max(1, revoked)] ?? "1"));
  });
  await measure("pass through", async () => {
    await store.passThrough(order(store, store.nextId()));
  });
  await measure("revoke 50 at once", async () => {
    await store.revokeMany(Array.from({ length: 50 }, () => order(store, store.nextId())));
  });
  await measure("count a failure", async () => {
    await store.countFailure(`name ${next++ % 1000}`, 60_000);
  });
  const live: { grant: Grant; token: RowId }[] = [];
  await measure("open grant", async () => {
    const grant = newGrant(store);
    const refresh = refreshToken(store, grant);
    await store.openGrant(grant, { access: accessToken(store, grant), refresh });
    live.push({ grant, token: refresh.token.id });
  });
  next = 0;
  await measure("find refresh token", async () => {
    await store.findRefreshToken(live[next++ % live.length]?.token ?? "1");
  });
  await measure("rotate", async () => {
    const of = live[next++ % live.length];
    if (of === undefined) return;
    const [spent, successor] = [of.token, refreshToken(store, of.grant)];
    of.token = successor.token.id;
    const access = accessToken(store, of.grant);
    await store.rotate({ spent, successor, sealed: new Uint8Array(140), access });
  });
} finally {
  await store.close();
  await cluster?.stop();
  rmSync(directory, { recursive: true });
}

async function measure(work: string, once: () => Promise<void>): Promise<void> {
  if (!work.includes(process.argv[4] ?? "")) return;
  const times: number[] = [];
  const before = usage();
  const began = performance.now();
  let longestTurn = 0;
  let turn = performance.now();
  const watch = setInterval(() => {
    longestTurn = Math.max(longestTurn, performance.now() - turn);
    turn = performance.now();
  }, 1);
  const lane = async () => {
    while (performance.now() - began < seconds * 1000) {
      const start = performance.now();
      await once();
      times.push(performance.now() - start);
      // A look-up never waits for anything: it has to let the timers run.
      if (times.length % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: outstanding }, lane));
  clearInterval(watch);
  const took = (performance.now() - began) / 1000;
  const after = usage();
  times.sort((a, b) => a - b);
  const at = (part: number) => (times[Math.floor(times.length * part)] ?? 0).toFixed(2);
  const each = (which: keyof Usage) => ((after[which] - before[which]) / times.length).toFixed(1);
  const figures = [
    Math.round(times.length / took).toLocaleString("en"),
    at(0.5),
    at(0.99),
    longestTurn.toFixed(1),
    each("here"),
    each("others"),
    each("database"),
  ];
  console.log(`${work.padEnd(28)}${figures.map((figure) => figure.padStart(18)).join("")}`);
}

/** Microseconds. */
interface Usage {
  readonly here: number;
  readonly others: number;
  readonly database: number;
}

function usage(): Usage {
  const here = sum(process.threadCpuUsage());
  const database = (processorSeconds(cluster === undefined ? [] : backends(cluster.port)) ?? 0) * 1e6;
  return { here, others: sum(process.cpuUsage()) - here, database };
}

function sum({ user, system }: NodeJS.CpuUsage): number {
  return user + system;
}

/** The server that listens on a port and its children, as Linux lists them. */
function backends(port: number): number[] {
  const of = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, "utf8");
    } catch {
      return "";
    }
  };
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const isServer = (pid: string) =>
    /postgres/.test(of(pid, "cmdline")) && of(pid, "cmdline").split("\0").includes(`port=${port}`);
  const server = pids.find(isServer);
  return pids
    .filter(
      (pid) =>
        pid === server ||
        of(pid, "stat")
          .replace(/^.*\) /s, "")
          .split(" ")[1] === server,
    )
    .map(Number);
}

function accessToken(of: Store, grant: Grant | undefined): NewAccessToken {
  const token: AccessToken = {
    id: of.nextId(),
    clientId: "orders-service",
    subject: grant?.subject ?? "orders-service",
    grantId: grant?.grantId,
    sessionId: undefined,
    keyId: "key_241590483027591168",
    kid: undefined,
    scopes: ["orders:read"],
    audience: ["https://api.example"],
    rev: 0,
    issuedAt: nowS,
    expiresAt: nowS + 900,
    grantIat: grant?.openedAt,
    authTime: undefined,
    offline: false,
    lineage: [],
    claims: {},
  };
  return { token, digest: new Uint8Array(32) };
}

function newGrant(of: Store): Grant {
  return {
    grantId: formatId("grant", of.nextId()),
    clientId: "orders-app",
    subject: "usr_241590483027591169",
    scopes: ["orders:read"],
    audience: ["https://api.example"],
    sessionId: undefined,
    authTime: undefined,
    offline: false,
    openedAt: nowS,
    expiresAt: nowS + 86_400,
    claims: {},
  };
}

function refreshToken(of: Store, { grantId }: Grant): NewRefreshToken {
  const token = {
    id: of.nextId(),
    grantId,
    keyId: undefined,
    rev: 0,
    issuedAt: nowS,
    expiresAt: nowS + 3600,
  };
  return { token, digest: new Uint8Array(32) };
}

function order(of: Store, id: RowId): Order {
  const atMs = Date.now();
  const value = formatId("token", id);
  const unit = { name: "token", issuer, value } as const;
  return {
    id: of.nextId(),
    unit,
    fp: hash("sha256", value, "base64url").slice(0, 22),
    atMs,
    final: true,
    lifeFor: (longest) => entryLife("token", false, atMs / 1000, longest),
    actor: { kind: "client", id: "orders-service" },
    reason: "client_request",
    select: { token_id: value },
    about: { clientId: "orders-service", subject: "orders-service" },
  };
}
