// Tokens of sign-ins on their way to their provider: nothing is lost or told twice by a crash between two steps, what is
// given up is seen, and a provider that cannot is said so.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { formatId, type RowId, type Unit } from "@rescind/core";
import { openStore, type UpstreamToken } from "@rescind/store";
import { pino } from "pino";
import { until } from "../../../../test/until.ts";
import { tokenHashing } from "../../src/keys/digest.ts";
import { loadMasterKey } from "../../src/keys/master-key.ts";
import { metrics } from "../../src/metrics.ts";
import { orderOf } from "../../src/revocation/order.ts";
import { selectOf } from "../../src/revocation/select.ts";
import { StandingEntries } from "../../src/tokens/standing.ts";
import { localTurns } from "../../src/turns.ts";
import { upstreamTokenPurpose } from "../../src/upstream/revoker.ts";
import { upstreamSchedule } from "../../src/upstream/schedule.ts";
import { upstreams } from "../../src/upstream/upstreams.ts";
import { tokenWatch } from "../../src/upstream/watch.ts";

/** However busy the machine is. */
function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  return until(ask, 60_000);
}

const data = mkdtempSync(join(tmpdir(), "rescind-test-"));
const store = await openStore(`sqlite:${join(data, "rescind.db")}`);
const seal = loadMasterKey(undefined, data);
const issuer = "https://issuer.example";
const hashing = tokenHashing(undefined, new Uint8Array(32));
const standing = new StandingEntries(store, hashing.fingerprint);
await standing.load();
const now = (): number => Date.now();

/** What the provider's revocation endpoint answers; undefined: it has none. */
let answer: { status: number; body?: string } | undefined = { status: 200 };
const asked: string[] = [];
const provider = createServer(async (request, response) => {
  const base = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`; // a TCP server's address
  if (request.url !== "/revoke") {
    const metadata = {
      issuer: base,
      ...(answer === undefined ? {} : { revocation_endpoint: `${base}/revoke` }),
    };
    return void response.setHeader("content-type", "application/json").end(JSON.stringify(metadata));
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  asked.push(new URLSearchParams(body).get("token") ?? "");
  response.writeHead(answer?.status ?? 404, { "content-type": "application/json" }).end(answer?.body);
});
await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve));
const schedule = { ...upstreamSchedule, firstMs: 20, factor: 1, attempts: 3, pollMs: 50 };
const parts = {
  turns: localTurns(),
  store,
  seal,
  standing,
  now,
  metrics: metrics(),
  log: pino({ level: "silent" }),
  allowPrivate: true,
};
const node = upstreams(parts, schedule);
after(async () => {
  await node.stop();
  provider.close();
  await store.close();
  rmSync(data, { recursive: true, force: true });
});

/** A provider of its own, so that nothing of its metadata is remembered, and a sign-in through it. */
async function signIn(more: { expiresAt?: number; isLoose?: boolean } = {}) {
  const row = store.nextId();
  const upstream = {
    upstreamId: `up-${row}`,
    name: "Up",
    issuer: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`, // as above
    clientId: "here",
    scopes: ["openid"],
    createUsers: false,
    linkByEmail: false,
    trustMfa: false,
    isEnabled: true,
  };
  await store.createUpstream({ row, upstream, sealedSecret: undefined, createdAtMs: now() });
  const sessionRow = store.nextId();
  const sessionId = formatId("session", sessionRow);
  const { position } = await store.head();
  const times = { authenticatedAtMs: now(), lastSeenMs: now(), openedAtMs: now() };
  const session = {
    sessionId,
    subject: "usr_1",
    rev: position.seq,
    amr: ["fed"],
    userAgent: undefined,
    address: undefined,
    ...times,
  };
  await store.openSession({ rowId: sessionRow, session, digest: new Uint8Array(32) });
  const id = store.nextId();
  const sealed = seal.seal(upstreamTokenPurpose(id), Buffer.from(`secret ${id}`));
  const token = {
    id,
    upstreamRow: row,
    subject: "usr_1",
    kind: "refresh_token",
    createdAtMs: now(),
    sealed,
  } as const;
  await store.keepUpstreamToken({ ...token, expiresAt: more.expiresAt });
  if (more.isLoose !== true) await store.attachUpstreamToken({ id, sessionId, atMs: now() });
  return { id, row, sessionId, secret: `secret ${id}` };
}

async function order(sessionId: string): Promise<void> {
  const unit: Unit = { name: "session", issuer, value: sessionId };
  const actor = { kind: "admin", id: "admin" } as const;
  const request = { unit, actor, reason: "administrator", final: false, select: selectOf(unit) } as const;
  await store.revoke(orderOf(request, { hashing, now, store, issuer }));
}

async function stateOf({ row, id }: { row: RowId; id: RowId }): Promise<UpstreamToken> {
  const { items } = await store.listUpstreamTokens({ upstreamRow: row }, { limit: 10, cursor: undefined });
  const found = items.find((item) => item.id === id);
  assert.ok(found);
  return found;
}

async function recordsOf({ sessionId }: { sessionId: string }): Promise<string[]> {
  const records = await store.readAudit(0, 1000);
  return records.filter(({ content }) => content.session_id === sessionId).map(({ action }) => action);
}

test("A4 what stops between an order and its marks, or between the marks and the number, loses nothing", async () => {
  const [first, second] = [await signIn(), await signIn()];
  await order(first.sessionId);
  const cut = new Error("killed");
  const beforeMarks = tokenWatch({ now, store: { ...store, endUpstreamTokens: () => Promise.reject(cut) } });
  await assert.rejects(beforeMarks.follow(), cut);
  assert.equal((await stateOf(first)).status, "held");
  const beforeMove = tokenWatch({ now, store: { ...store, moveUpstreamCursor: () => Promise.reject(cut) } });
  await assert.rejects(beforeMove.follow(), cut);
  assert.equal((await stateOf(first)).status, "pending");
  await order(second.sessionId);
  assert.equal(await tokenWatch({ now, store }).follow(), true);
  const { number, newest } = await store.upstreamCursor();
  assert.equal(number, newest);
  node.start();
  for (const token of [first, second]) {
    await eventually(async () => (await stateOf(token)).status === "revoked");
    assert.deepEqual(await recordsOf(token), ["upstream.token-revoked"]);
  }
  assert.deepEqual(asked.toSorted(), [first.secret, second.secret].toSorted());
});

test("a session that ended before it got its token is found by looking once more", async () => {
  const token = await signIn({ isLoose: true });
  await order(token.sessionId);
  const { newest } = await store.upstreamCursor();
  await eventually(async () => (await store.upstreamCursor()).number >= newest);
  await store.attachUpstreamToken({ id: token.id, sessionId: token.sessionId, atMs: now() });
  assert.equal((await stateOf(token)).status, "held");
  node.attached(token.sessionId);
  await eventually(async () => (await stateOf(token)).status === "revoked");
});

test("what fails is tried so often, then given up with a record, and can be tried again by hand", async () => {
  answer = { status: 503 };
  const token = await signIn();
  await order(token.sessionId);
  await eventually(async () => (await stateOf(token)).status === "dead");
  const { attempts, lastResult } = await stateOf(token);
  assert.deepEqual([attempts, lastResult], [3, "the provider answered with status 503"]);
  assert.deepEqual(await recordsOf(token), ["upstream.token-given-up"]);
  answer = { status: 200 };
  assert.equal(await store.retryUpstreamToken(token.id, now()), true);
  node.wake();
  await eventually(async () => (await stateOf(token)).status === "revoked");
  assert.deepEqual(await recordsOf(token), ["upstream.token-given-up", "upstream.token-revoked"]);
});

test("a token that has expired, that its provider never revokes, or whose provider has no endpoint is said so", async () => {
  const expired = await signIn({ expiresAt: 1 });
  await order(expired.sessionId);
  await eventually(async () => (await stateOf(expired)).status === "expired");
  answer = { status: 400, body: '{"error":"unsupported_token_type"}' };
  const unsupported = await signIn();
  await order(unsupported.sessionId);
  await eventually(async () => (await stateOf(unsupported)).status === "dead");
  assert.equal((await stateOf(unsupported)).attempts, 1);
  answer = undefined;
  const left = await signIn();
  await order(left.sessionId);
  await eventually(async () => (await stateOf(left)).status === "left");
  assert.equal((await stateOf(left)).lastResult, "the provider has no revocation endpoint");
  const counted = await parts.metrics.registry.getSingleMetricAsString("rescind_upstream_revocations_total");
  for (const outcome of ["revoked", "expired", "left", "failed", "dead"])
    assert.match(counted, new RegExp(`outcome="${outcome}"`));
});
