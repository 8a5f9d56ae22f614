// What the store does by itself, durably, through the writer's thread: issues, revocations and rotations a second with
// 128 outstanding, and look-ups; on a file, or on a PostgreSQL of its own with fsync on. `npm run start` and HTTP are not
// part of it; `npm run bench` measures those.
// Run: node --conditions=source bench/store.ts [seconds] [sqlite|postgres]

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AccessToken, entryLife, formatId, type Grant, type RowId } from "@rescind/core";
import { type NewAccessToken, type NewRefreshToken, type Order, openStore, type Store } from "@rescind/store";
import { startCluster } from "../test/postgres.ts";

const outstanding = 128;
const seconds = Number(process.argv[2] ?? 3);
const nowS = Math.floor(Date.now() / 1000);
const directory = mkdtempSync(join(tmpdir(), "rescind-bench-"));
const cluster = process.argv[3] === "postgres" ? await startCluster({ fsync: true }) : undefined;
const address = cluster?.url() ?? `sqlite:${join(directory, "rescind.db")}`;
const store = await openStore(address, { issuer: "http://127.0.0.1:9400" });
const issued: RowId[] = [];

try {
  console.log("work                       per second   p50 ms   p99 ms   longest turn ms");
  await measure("issue (opaque)", async () => {
    const access = accessToken(store, undefined);
    await store.issue(access);
    issued.push(access.token.id);
  });
  let next = 0;
  await measure("find access token", async () => {
    await store.findAccessToken(issued[next++ % issued.length] ?? "1");
  });
  await measure("revoke one token", async () => {
    await store.revoke(order(store, issued[next++ % issued.length] ?? "1", next));
  });
  await measure("open grant and rotate once", async () => {
    const grant = newGrant(store);
    const first = refreshToken(store, grant);
    await store.openGrant(grant, { access: accessToken(store, grant), refresh: first });
    const successor = refreshToken(store, grant);
    const access = accessToken(store, grant);
    await store.rotate({ spent: first.token.id, successor, sealed: new Uint8Array(140), access });
  });
} finally {
  await store.close();
  await cluster?.stop();
  rmSync(directory, { recursive: true });
}

async function measure(work: string, once: () => Promise<void>): Promise<void> {
  const times: number[] = [];
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
  times.sort((a, b) => a - b);
  const at = (part: number) => (times[Math.floor(times.length * part)] ?? 0).toFixed(2).padStart(8);
  const rate = Math.round(times.length / took).toLocaleString("en");
  console.log(
    `${work.padEnd(26)} ${rate.padStart(10)} ${at(0.5)} ${at(0.99)} ${longestTurn.toFixed(1).padStart(17)}`,
  );
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

/** Distinct tokens first; then, where more are revoked than were issued, made-up ones. */
function order(of: Store, id: RowId, count: number): Order {
  const atMs = Date.now();
  const value = formatId("token", count > issued.length ? of.nextId() : id);
  return {
    id: of.nextId(),
    unit: { name: "token", issuer: "http://127.0.0.1:9400", value },
    fp: "A".repeat(22),
    atMs,
    final: false,
    lifeFor: (longest) => entryLife("token", false, atMs / 1000, longest),
    actor: { kind: "client", id: "orders-service" },
    reason: "client_request",
    select: { token_id: value },
  };
}
