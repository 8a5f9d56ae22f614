// FAULTS row 30 (and 18, 19 on the server's side): the event loop stands still at any moment. A lease says that nothing
// before `issued_at` is missing, so whatever was acknowledged before that must be at or below its head (D2).
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { HistoryRecord } from "./history.ts";
import { violations } from "./history-checker.ts";
import { graceMs } from "./load.ts";
import { seededRandom, testSeed } from "./random.ts";
import {
  type RegisteredClient,
  requireStatus,
  type ServerProcess,
  startServerProcess,
} from "./server-process.ts";

const pauses = process.env.RESCIND_TEST_LONG === "1" ? 1000 : 60;

test(`FAULTS 30 D2 ${pauses} pauses of the server between lease request and answer make no lease unsound`, async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const history = await pausedHistory(t, [], seed);
  assert.deepEqual(violations(history, { graceMs }), [], `seed ${seed}`);
});

test("FAULTS 30 D2 control: leases that claim a later time than their head's are found out", async (t) => {
  const aheadOfItsHead = "const now = Date.now; Date.now = () => now() + 300;";
  const history = await pausedHistory(t, ["--import", `data:text/javascript,${aheadOfItsHead}`], testSeed());
  const found = violations(history, { graceMs });
  assert.ok(found.length > 0 && found.every(({ invariant }) => invariant === "D2"));
});

async function pausedHistory(
  t: TestContext,
  nodeFlags: readonly string[],
  seed: number,
): Promise<HistoryRecord[]> {
  const random = seededRandom(seed);
  const server = await startServerProcess({ nodeFlags, flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const reader = await server.registerClient({ scope: "rescind:feed", grant_types: ["client_credentials"] });
  const feedToken = await server.clientToken(reader);
  const history: HistoryRecord[] = [];
  let paused = 0;

  const revoking = async (): Promise<void> => {
    while (paused < pauses) await revokeOne(server, client, history);
  };
  const leasing = async (): Promise<void> => {
    while (paused < pauses) await askLease(server, feedToken, history);
  };
  const pausing = async (): Promise<void> => {
    for (; paused < pauses; paused++) {
      await pause(random.below(20)); // the fault's own moment and length, not waits for anything
      server.signal("SIGSTOP");
      await pause(random.below(40));
      server.signal("SIGCONT");
    }
  };
  await Promise.all([revoking(), revoking(), revoking(), leasing(), leasing(), leasing(), pausing()]);

  const leases = history.filter(({ op }) => op === "lease").length;
  const revocations = history.filter(({ op }) => op === "revoke").length;
  t.diagnostic(`${leases} leases, ${revocations} revocations`);
  assert.ok(leases > 0 && revocations > 0);
  return history;
}

async function revokeOne(
  server: ServerProcess,
  client: RegisteredClient,
  history: HistoryRecord[],
): Promise<void> {
  const text = await server.clientToken(client);
  const name = `token-${history.length}-${randomUUID()}`;
  const born = performance.now();
  history.push({
    op: "issue",
    sent: born,
    returned: born,
    tokens: [{ name, kind: "access", grant: undefined }],
  });
  const sent = performance.now();
  const { headers } = requireStatus(await server.form("/oauth2/revoke", { token: text }, client), 200);
  const [returned, returnedAt, seq] = [performance.now(), Date.now(), Number(headers["rescind-seq"])];
  history.push({ op: "revoke", sent, returned, returnedAt, token: name, reach: "token", result: "ok", seq });
}

async function askLease(server: ServerProcess, feedToken: string, history: HistoryRecord[]): Promise<void> {
  const sent = performance.now();
  const applied = { seq: 0, hash: Buffer.alloc(32).toString("base64url") }; // where an empty log stands
  const body = { verifier: "paused", applied, max_staleness: 5, nonce: randomUUID() };
  const headers = { authorization: `Bearer ${feedToken}`, "content-type": "application/json" };
  const answer = await server.ask("POST", "/revocations/acks", headers, JSON.stringify(body));
  const { head, issued_at } = requireStatus(answer, 200).json;
  history.push({
    op: "lease",
    sent,
    returned: performance.now(),
    head: Number(head),
    issuedAt: Number(issued_at),
  });
}
