// A database of an older schema with rows in it is brought up to date and keeps them; a process that is killed meanwhile
// leaves it as it was or as it shall be.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { auditBytes, canonicalMembers } from "@rescind/core";
import { randomFrom, rounds, seed } from "../../../test/seed.ts";
import { migrations } from "../src/migrations/migrations.ts";
import { defineFunctions } from "../src/sqlite/functions.ts";
import { administrator, fingerprint, firstPage, issuer, nowS, unit } from "./conformance/facts.ts";
import { freshPath, openAt } from "./opened.ts";

const opener = fileURLToPath(new URL("./upgrade-victim.ts", import.meta.url));
const random = randomFrom(seed);
const tokens = 20_000;
const revoked = unit("session", "ses_1");
const orders = [
  unit("subject", "usr_1"),
  unit("subject+client", "usr_2", "one"),
  unit("client", "one"),
  unit("grant", "gnt_7"),
  revoked,
];

test("a database at schema 2 is brought to the newest and keeps its rows", async () => {
  const path = freshPath();
  fillSchemaTwo(path, 40);
  const store = await openAt(path);
  try {
    const { token } = (await store.findAccessToken("1007")) ?? assert.fail();
    assert.deepEqual([token?.lineage.length, token?.exchanges, token?.act], [2, 0, undefined]);
    const { items } = await store.listTokens({ status: "live" }, firstPage, nowS);
    assert.equal(items.length, 40, "other rules than before: none; only the index of lineages is new");
    const of = unit("token", "tid_8007");
    const found = await store.countAffected({
      unit: of,
      fp: fingerprint(of),
      before: undefined,
      at: nowS,
      limitMs: 60_000,
    });
    assert.equal(found.accessTokens, 1, "exchanged from it");
    assert.deepEqual(await store.verifyAudit(), { records: orders.length, brokenAt: undefined });
    const about = async (filter: { subject?: string; clientId?: string }) =>
      (await store.listOrders(filter, firstPage)).items.map(({ seq, about }) => [seq, about]);
    assert.deepEqual(await about({ subject: "usr_1" }), [[1, { subject: "usr_1" }]]);
    assert.deepEqual(await about({ clientId: "one" }), [
      [3, { clientId: "one" }],
      [2, { subject: "usr_2", clientId: "one" }],
    ]);
    assert.deepEqual((await store.findOrder("4004"))?.about, { grantId: "gnt_7" });
    assert.equal((await store.readFeed(0, 10)).entries.length, orders.length);
    assert.equal(await store.longestStaleness(), 0);
    assert.deepEqual((await store.findCode("6001")).code?.attributes, {});
    assert.ok(BigInt(store.nextId()) > 9999n);
  } finally {
    await store.close();
  }
});

test(`FAULTS 1: killed while the schema is brought up to date, a database loses nothing`, async () => {
  const filled = freshPath();
  fillSchemaTwo(filled, tokens);
  for (let round = 0; round < rounds(4, 40); round += 1) {
    const path = freshPath();
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(filled, path);
    const wasKilled = await killed(path, random() * 150);
    const version = versionOf(path);
    // Each step has a transaction of its own.
    const isWhole = Number(version) >= 2 && Number(version) <= migrations.length;
    assert.ok(isWhole, `killed: ${wasKilled}, schema ${version}`);
    const store = await openAt(path);
    assert.equal((await store.describe()).accessTokens, tokens);
    assert.deepEqual(await store.verifyAudit(), { records: orders.length, brokenAt: undefined });
    await store.close();
    assert.equal(versionOf(path), migrations.length);
  }
});

/** Opens it in a process of its own and kills that; whether it still ran. */
async function killed(path: string, afterMs: number): Promise<boolean> {
  const child = spawn(process.execPath, ["--conditions=source", opener, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.on("close", resolve));
  child.stdout.once("data", () => setTimeout(() => child.kill("SIGKILL"), afterMs));
  await exited;
  return child.signalCode === "SIGKILL";
}

function versionOf(path: string): unknown {
  const database = new DatabaseSync(path);
  const row = database.prepare("PRAGMA user_version").get();
  database.close();
  return row?.user_version;
}

/** As a server of schema 2 left it: so many tokens, each exchanged from another, a code, and orders. */
function fillSchemaTwo(path: string, many: number): void {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  defineFunctions(database);
  database.exec(`PRAGMA application_id = ${0x72736364}; PRAGMA journal_mode = WAL; BEGIN`);
  for (const { number, sqlite } of migrations.slice(0, 2))
    database.exec(`${sqlite}; PRAGMA user_version = ${number}`);
  database.prepare("UPDATE catalog SET issuer = ?").run(issuer);
  const token =
    database.prepare(`INSERT INTO access_tokens (id, client_id, subject, scope, rev, iat, exp, offline, lineage)
    VALUES (?, 'two', 'two', '', 9, ?, ?, 0, ?)`);
  for (let row = 1001; row <= 1000 + many; row += 1) {
    const parents = [unit("token", `tid_${7000 + row}`), revoked].map(fingerprint);
    token.run(row, nowS, nowS + 900, parents.join(" "));
  }
  database.exec(`INSERT INTO codes (id, digest, made_by, client_id, subject, session_row, redirect_uri,
      redirect_uri_sent, scope, auth_time, rev, iat, exp)
    VALUES (6001, x'00', 'transaction', 'one', 'usr_1', 6002, 'https://app.example', 1, 'openid', 1, 1, 1, 2)`);
  for (const [index, of] of orders.entries()) {
    const id = String(4001 + index);
    const content = JSON.stringify({ unit: of, select: {}, reason: "administrator", final: false });
    const entry = {
      seq: 0,
      kind: "revoke",
      unit: of.name,
      fp: fingerprint(of),
      expires: nowS + 900,
    } as const;
    const record = { action: "revoke", actor: administrator, atMs: 1000, orderId: id, content };
    database
      .prepare("UPDATE feed_head SET seq = seq + 1, hash = rescind_chain(hash, seq + 1, ?)")
      .run(canonicalMembers(entry));
    database
      .prepare(`UPDATE feed_head SET audit_number = audit_number + 1,
        audit_hash = rescind_audit_chain(audit_hash, audit_number + 1, seq, hash, ?)`)
      .run(auditBytes(record));
    database
      .prepare(`INSERT INTO entries (seq, kind, unit, issuer, value, client, fp, expires_s, keep_until_s, hash, at_ms,
          order_id)
        SELECT h.seq, 'revoke', ?, ?, ?, ?, ?, ?, ?, h.hash, 1000, ? FROM feed_head h`)
      .run(of.name, of.issuer, of.value, of.client ?? null, entry.fp, nowS + 900, nowS + 900, id);
    database
      .prepare(`INSERT INTO audit (number, order_id, seq, at_ms, action, actor_kind, actor_id, content, feed_hash, hash,
          idempotency)
        SELECT h.audit_number, ?, h.seq, 1000, 'revoke', ?, ?, ?, h.hash, h.audit_hash, ? FROM feed_head h`)
      .run(id, administrator.kind, administrator.id, content, `digest ${index}`);
  }
  database.exec("COMMIT");
  database.close();
}
