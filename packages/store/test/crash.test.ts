// FAULTS rows 1 and 2: killed at any moment, an acknowledged revocation, token, rotation or redemption is there afterwards.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { formatId } from "@rescind/core";
import type { LoggedEntry, Store } from "@rescind/store";
import { randomFrom, rounds, seed } from "../../../test/seed.ts";
import { allOf } from "./conformance/suite.ts";
import { freshPath, openAt } from "./opened.ts";

const victim = fileURLToPath(new URL("./crash-victim.ts", import.meta.url));
const manyVictim = fileURLToPath(new URL("./crash-many-victim.ts", import.meta.url));
const many = 25;
const random = randomFrom(seed);
const timesKilled = rounds(15, 150);

test(`FAULTS 1, 2: A4 B1 C1 nothing acknowledged is lost by kill -9, ${timesKilled} times in one database`, async () => {
  const path = freshPath();
  await (await openAt(path)).close();
  let acknowledged = 0;
  for (let round = 0; round < timesKilled; round += 1) {
    const lines = await killed(path);
    const store = await openAt(path);
    try {
      await holds(store, lines);
      assert.equal((await store.verifyAudit()).brokenAt, undefined);
    } finally {
      await store.close();
    }
    acknowledged += lines.length;
  }
  assert.ok(acknowledged > timesKilled, "the process was killed while it worked");
});

test("FAULTS 1: RV-19 many orders, and the subscriptions that end with them, are there whole or not at all", async () => {
  const path = freshPath();
  await (await openAt(path)).close();
  const acknowledged = new Set<string>();
  for (let round = 0; round < rounds(8, 80); round += 1) {
    const lines = await killed(path, [manyVictim, path, String(many)]);
    for (const line of lines) acknowledged.add(line.split(" ")[1] ?? "");
    const store = await openAt(path);
    try {
      await holdsMany(store, acknowledged);
    } finally {
      await store.close();
    }
  }
  assert.ok(acknowledged.size > 0, "the process was killed while it worked");
});

async function holdsMany(store: Store, acknowledged: ReadonlySet<string>): Promise<void> {
  const { position } = await store.head();
  assert.equal(position.seq % many, 0);
  assert.equal((await store.verifyAudit()).brokenAt, undefined);
  const ended = new Set<string>();
  const unended: string[] = [];
  const all = await allOf((page) => store.listSubscriptions({}, page), 500);
  for (const { binding, cancelledBy } of all) {
    assert.ok(binding.kind === "grant");
    if (cancelledBy === undefined) unended.push(binding.grantId);
    else {
      ended.add(binding.grantId);
      const [record] = await store.readAudit(cancelledBy - 1, 1);
      assert.deepEqual(record?.content.about, { grantId: binding.grantId });
    }
  }
  for (const grantId of acknowledged) assert.ok(ended.has(grantId), grantId);
  const { entries } = await store.readFeed(0, 1_000_000);
  const revoked = new Set(entries.map((entry) => (entry.kind === "revoke" ? entry.value : "")));
  for (const grantId of unended)
    assert.ok(!revoked.has(grantId), `${grantId} is revoked, its subscription active`);
}

/**
 * Starts the victim and kills it at some moment after it has acknowledged some things, however long it takes for them;
 * the lines that came out whole.
 */
async function killed(path: string, run = [victim, path]): Promise<string[]> {
  const atLeast = Math.floor(random() * 40);
  const furtherMs = random() * 20;
  const child = spawn(process.execPath, ["--conditions=source", ...run], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.on("close", resolve));
  let output = "";
  let isEnding = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (isEnding || output.split("\n").length < atLeast + 2) return;
    isEnding = true;
    setTimeout(() => child.kill("SIGKILL"), furtherMs);
  });
  await exited;
  assert.equal(child.signalCode, "SIGKILL");
  return output.split("\n").slice(1, -1);
}

async function holds(store: Store, lines: readonly string[]): Promise<void> {
  const entries = new Map<number, LoggedEntry>();
  for (const line of lines) {
    const [what, ...of] = line.split(" ");
    const [first = "", second = ""] = of;
    if (what === "issued") assert.ok((await store.findAccessToken(first)).token, line);
    else if (what === "revoked") {
      const entry = entries.get(Number(first)) ?? (await entryAt(store, Number(first), entries));
      assert.ok(entry?.kind === "revoke" && entry.value === formatId("token", second), line);
    } else if (what === "rotated") {
      const spent = (await store.findRefreshToken(first)).token;
      assert.ok(spent?.spentAtMs !== undefined, line);
      assert.ok((await store.findRefreshToken(second)).token, line);
    } else if (what === "redeemed") {
      assert.equal((await store.findCode(first)).code?.grantId, second, line);
      assert.ok((await store.findGrant(second)).grant, line);
    } else assert.fail(`not a line of the victim: ${line}`);
  }
}

async function entryAt(
  store: Store,
  seq: number,
  entries: Map<number, LoggedEntry>,
): Promise<LoggedEntry | undefined> {
  for (const entry of (await store.readFeed(seq - 1, 1000)).entries) entries.set(entry.seq, entry);
  return entries.get(seq);
}
