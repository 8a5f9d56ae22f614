// A grant that is refreshed every five minutes for most of a year (THREATS RT-12): access tokens do not pile up, of each
// rotation stays what recognises a replay and no more, and nothing is left when the grant is over. In virtual time, on a
// store of its own.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { openStore } from "@rescind/store";
import { client, grant, nowS, refreshToken, tokenOf } from "../../packages/store/test/conformance/facts.ts";
import { rounds } from "../seed.ts";

const folder = mkdtempSync(join(tmpdir(), "rescind-long-grant-"));
const path = join(folder, "rescind.db");
const store = await openStore(`sqlite:${path}`);
after(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Seconds. */
const interval = 300;
const accessTokenLife = 900;
const idle = 30 * 86_400;
const year = 365 * 86_400;
const pruneEvery = 100;
/** A day after they have expired, access tokens go. */
const mostAccessTokens = (86_400 + accessTokenLife) / interval + pruneEvery + 2;
const mostBytesPerRotation = 1024;

function count(table: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  database.close();
  return rows;
}

function bytes(): number {
  const database = new DatabaseSync(path, { readOnly: true });
  const size = database.prepare(
    "SELECT page_count * page_size AS n FROM pragma_page_count, pragma_page_size",
  );
  const all = Number(size.get()?.n);
  database.close();
  return all;
}

async function prune(at: number): Promise<void> {
  for (;;) {
    const removed = await store.prune(at, 1000);
    if (Object.values(removed).every((of) => of < 1000)) return;
  }
}

test("RT-12 rotations leave bounded rows, and an ended grant none", async (t) => {
  const rotations = rounds(2500, 100_000);
  await store.createClient(client("client"), [], 0);
  const of = grant(store, { expiresAt: nowS + year });
  const first = refreshToken(store, of, { expiresAt: nowS + idle });
  await store.openGrant(of, { access: tokenOf(store, of), refresh: first });
  const before = bytes();
  let current = first;
  let at = nowS;
  for (let rotation = 1; rotation <= rotations; rotation++) {
    at = nowS + rotation * interval;
    const times = { issuedAt: at, expiresAt: at + accessTokenLife };
    const successor = refreshToken(store, of, { issuedAt: at, expiresAt: at + idle });
    const access = tokenOf(store, of, times);
    const sealed = new Uint8Array(96);
    assert.equal(await store.rotate({ spent: current.token.id, successor, sealed, access }), "rotated");
    current = successor;
    if (rotation % pruneEvery !== 0) continue;
    await prune(at);
    assert.ok(count("access_tokens") <= mostAccessTokens, `${count("access_tokens")} after ${rotation}`);
    assert.equal(count("refresh_tokens"), rotation + 1);
  }
  const each = (bytes() - before) / rotations;
  t.diagnostic(
    `${rotations} rotations: ${Math.round(each)} bytes each, ${count("access_tokens")} access tokens`,
  );
  assert.ok(each < mostBytesPerRotation, `${each} bytes per rotation`);
  const { token } = await store.findRefreshToken(first.token.id);
  assert.equal(token?.successorSpent, true, "the very first one is still known as spent");

  for (let later = at; later < at + idle + 3 * 86_400; later += 20 * 3600) await prune(later);
  for (const table of ["grants", "refresh_tokens", "access_tokens"]) assert.equal(count(table), 0, table);
});
