// FAULTS row 6: every sync takes a fifth of a second. Answers are late, and nothing else: nothing is lost, reading is
// not held up, and what waits is bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { violations } from "./history-checker.ts";
import { memoryOf } from "./limits.ts";
import { graceMs, Load, registerLoadClients } from "./load.ts";
import { seededRandom, testSeed } from "./random.ts";
import { startServerProcess } from "./server-process.ts";
import { type Tracing, TracingRefused, trace } from "./system-calls.ts";
import { until } from "./until.ts";

/** Microseconds. */
const delay = 200_000;
const mostGrowth = 150 * 1024 * 1024;

test("FAULTS 6 A1 a slow disk makes answers late and does nothing else", async (t) => {
  const seed = testSeed();
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const load = new Load(server, await registerLoadClients(server), seededRandom(seed));
  const before = memoryOf(server.pid).resident;
  let tracing: Tracing;
  try {
    const inject = `inject=fdatasync,fsync:delay_exit=${delay}`;
    tracing = await trace(server.pid, ["-o", "/dev/null", "-e", "trace=fdatasync,fsync", "-e", inject]);
  } catch (cause) {
    if (cause instanceof TracingRefused) return t.skip(cause.message);
    throw cause;
  }
  const running = load.run(64);
  await until("requests of each kind are acknowledged", () => load.leastAcknowledged >= 100, 300_000);
  load.stop();
  await running;
  const growth = memoryOf(server.pid).resident - before;
  await tracing.detach();

  const took = (op: "revoke" | "check"): number[] =>
    load.history
      .filter((record) => record.op === op)
      .map(({ sent, returned }) => returned - sent)
      .toSorted((a, b) => a - b);
  const median = (values: readonly number[]): number => values[Math.floor(values.length / 2)] ?? 0;
  const [revoking, checking] = [median(took("revoke")), median(took("check"))];
  t.diagnostic(
    `median: revoke ${revoking.toFixed(0)} ms, introspect ${checking.toFixed(0)} ms; ${growth >> 20} MiB more`,
  );
  assert.ok(revoking >= delay / 1000, "control: the delay was in force");
  assert.ok(checking < revoking, "reading does not wait for the disk");
  assert.ok(growth < mostGrowth, "what waits is bounded");
  await load.checkTokens("all");
  await load.readAudit();
  assert.deepEqual(violations(load.history, { graceMs }), [], `seed ${seed}`);
});
