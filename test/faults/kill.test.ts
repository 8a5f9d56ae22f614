// FAULTS rows 1, 2 and 28: the process is killed at any moment under load and started again. Whatever it had
// acknowledged holds. The kernel keeps what was written, so this shows nothing about power loss (row 3).
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { chainInput, type FeedEntry, follows, formatPosition, origin } from "@rescind/core";
import { violations } from "./history-checker.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { seededRandom, testSeed } from "./random.ts";
import { requireStatus, type ServerProcess, startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

const kills = process.env.RESCIND_TEST_LONG === "1" ? 100 : 4;
const clients = 8;
/** Acknowledged requests of each kind before a kill. */
const enough = 10;

for (const workers of ["1", "2"])
  test(`FAULTS 1 2 D1 E1 RV-11 RT-05 ${kills} kills under load lose no acknowledged revocation and no acknowledged token: --workers ${workers}`, (t) =>
    killed(workers, t));

async function killed(workers: string, t: TestContext): Promise<void> {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const random = seededRandom(seed);
  const server = await startServerProcess({ flags: ["--log-level", "warn", "--workers", workers] });
  t.after(() => server.close());
  const load = new Load(server, await registerLoadClients(server), random);
  let lost = 0;

  for (let kill = 0; kill < kills; kill++) {
    const running = load.run(clients);
    await Promise.race([
      until("requests of each kind are acknowledged", () => load.leastAcknowledged >= enough),
      running,
    ]);
    await pause(random.below(51)); // the fault's own moment, not a wait for anything
    const down = performance.now();
    await server.kill();
    await running;
    await server.start();
    load.history.push({ op: "outage", sent: down, returned: performance.now() });
    lost += load.lostRefreshes;
    await load.repeatLostRefreshes();
    await load.checkTokens("round");
  }
  await load.checkTokens("all");
  await load.readAudit();
  await requireWholeLog(server);

  const counts = Object.groupBy(load.history, ({ op }) => op);
  const told = Object.entries(counts).map(([op, records]) => `${records?.length} ${op}`);
  const unanswered = load.history.filter(
    (record) => record.op === "revoke" && record.result === "info",
  ).length;
  t.diagnostic(`${told.join(", ")}; without an answer: ${lost} refreshes, ${unanswered} revocations`);
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
}

/** D1: read from the beginning, the log has no gap, and every hash is the one its entries give. */
async function requireWholeLog(server: ServerProcess): Promise<void> {
  const reader = await server.registerClient({ scope: "rescind:feed", grant_types: ["client_credentials"] });
  const headers = { authorization: `Bearer ${await server.clientToken(reader)}` };
  let position = origin;
  for (let more = true; more; ) {
    const answer = await server.ask(
      "GET",
      `/revocations?after=${formatPosition(position)}&limit=1000`,
      headers,
    );
    const page = requireStatus(answer, 200).json as unknown as Page; // parsing boundary: CONTRACT.md section 6
    for (const entry of page.entries) {
      assert.ok(follows(position.seq, entry), `${entry.seq} follows ${position.seq}`);
      const input = chainInput(Buffer.from(position.hash, "base64url"), entry);
      position = { seq: entry.seq, hash: createHash("sha256").update(input).digest("base64url") };
    }
    assert.equal(page.hash, position.hash);
    more = page.more;
    if (!more) assert.equal(page.head, position.seq);
  }
}

interface Page {
  readonly head: number;
  readonly hash: string;
  readonly entries: readonly FeedEntry[];
  readonly more: boolean;
}
