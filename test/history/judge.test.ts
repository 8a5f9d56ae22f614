// The judge judged, without a server: on small histories of one token it says the same as an exhaustive search for an order
// in which every answer is right. That it finds the bugs of a real server is in mutants.test.ts.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type Random, seededRandom, testSeed } from "../faults/random.ts";
import { rounds } from "../seed.ts";
import { violations } from "./judge.ts";
import { isLinearizable, type Operation } from "./linearizable.ts";
import type { History, HistoryRecord } from "./record.ts";
import { saveHistory } from "./saved.ts";

const histories = rounds(2_000, 100_000);

test(`FAULTS A1 A5 A6 A7 of ${histories} histories of one token the judge passes exactly those that can be put in order`, (t) => {
  const counts = compare({ lifts: false });
  t.diagnostic(JSON.stringify(counts));
  assert.equal(counts.passedWrongly, 0);
  assert.ok(counts.right > histories / 10 && counts.found > histories / 10);
});

test(`FAULTS A1 A5 A6 where orders are lifted, too, the judge finds nothing in ${histories} histories that can be put in order`, (t) => {
  const counts = compare({ lifts: true });
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.found > 20 * counts.passedWrongly, "nearly all that cannot be put in order are found");
});

test("a saved history is judged again by its file alone", () => {
  const use = { kind: "use", inv: 4, ret: 5 } as const;
  const ordered = { kind: "order", result: "ok", order: 1, inv: 1, ret: 2 } as const;
  for (const result of ["ok", "fail"] as const) {
    const file = saveHistory(historyOf([ordered, { ...use, result }], 7));
    const judge = fileURLToPath(new URL("saved.ts", import.meta.url));
    const { status, stdout } = spawnSync(process.execPath, [
      "--conditions=source",
      "--no-warnings",
      judge,
      file,
    ]);
    rmSync(dirname(file), { recursive: true });
    assert.equal(status, result === "ok" ? 1 : 0);
    assert.match(
      String(stdout),
      result === "ok" ? /seed 7: A1 1\nA1: a1 was live at n1 2\.0 ms after/ : /^nothing/,
    );
  }
});

test("C3 what is known by its number at the end alone is not judged by an order of what is older, and by any other it is", () => {
  const times = { proc: "c1", node: "n1", result: "ok" } as const;
  const made = { name: "a1", kind: "access", client: "app", subject: "sub" } as const;
  for (const [before, expected] of [
    [5, []],
    [undefined, ["C3"]],
  ] as const) {
    const unit = { is: "subject", subject: "sub" } as const;
    const order = { seq: 2, unit, before, suspend: false, final: true, lifted: false };
    const records: HistoryRecord[] = [
      { ...times, t_inv: 1, t_ret: 2, op: "issue", args: { by: "app", evidence: [], made: [made] } },
      { ...times, t_inv: 5, t_ret: 6, op: "use", args: { thing: "a1", at: "the end", rev: 1 } },
      { ...times, t_inv: 7, t_ret: 8, op: "log", args: { entries: [], orders: [order], audited: [] } },
    ];
    const found = violations({ ...historyOf([], 1), records });
    assert.deepEqual(
      found.map(({ invariant }) => invariant),
      expected,
    );
  }
});

interface Counts {
  right: number;
  found: number;
  /** It cannot be put in order, and the judge finds nothing. */
  passedWrongly: number;
}

/** Fails where the judge finds something in a history that can be put in order. */
function compare({ lifts }: { readonly lifts: boolean }): Counts {
  const seed = testSeed();
  const counts: Counts = { right: 0, found: 0, passedWrongly: 0 };
  for (let i = 0; i < histories; i++) {
    const operations = draw(seededRandom(seed + i), lifts);
    const isRight = isLinearizable(operations);
    const found = violations(historyOf(operations, seed + i)).length > 0;
    if (isRight && found) assert.fail(`seed ${seed + i}: ${JSON.stringify(operations)}`);
    if (isRight) counts.right += 1;
    else if (found) counts.found += 1;
    else counts.passedWrongly += 1;
  }
  return counts;
}

/** What some clients saw of a token at once; now and then one of them something else than there was. */
function draw(random: Random, lifts: boolean): Operation[] {
  const clients = 1 + random.below(3);
  const length = 3 + random.below(20);
  const operations: Operation[] = [];
  const standing = new Set<number>();
  const answered: number[] = [];
  const free = new Array<number>(clients).fill(0);
  for (let now = 1; operations.length < length; now++) {
    const client = free.findIndex((at) => at <= now);
    if (client === -1) continue;
    // It happens now; the question was asked a little earlier, the answer is there a little later.
    const inv = Math.max(free[client] ?? 0, now - random.below(4)) + random.below(100) / 1000;
    const ret = now + random.below(4) + 0.5 + random.below(100) / 1000;
    free[client] = Math.ceil(ret) + 1;
    const roll = random.below(10);
    const isWrong = random.below(12) === 0;
    const lost = random.below(4) === 0;
    const lifted = lifts && roll === 1 ? answered.shift() : undefined;
    if (lifted !== undefined) {
      standing.delete(lifted);
      operations.push({ kind: "lift", result: "ok", order: lifted, inv, ret });
    } else if (roll === 0) {
      const order = operations.length;
      if (!lost || random.below(2) === 0) standing.add(order);
      if (!lost) answered.push(order);
      operations.push({ kind: "order", result: lost ? "info" : "ok", order, inv, ret });
    } else {
      const live = (standing.size === 0) !== isWrong;
      operations.push({ kind: "use", result: live ? "ok" : "fail", inv, ret });
    }
  }
  return operations;
}

function historyOf(operations: readonly Operation[], seed: number): History {
  const made = { name: "a1", kind: "access", id: "tid_1", client: "c", subject: "s", grant: "g" } as const;
  const fields = { proc: "c", node: "n1" };
  const begin = { ...fields, t_inv: -2, t_ret: -1, result: "ok" } as const;
  const issued: HistoryRecord = { ...begin, op: "issue", args: { by: "x", evidence: [], made: [made] } };
  const records = operations.map((operation): HistoryRecord => {
    const { kind, result, order, inv, ret } = operation;
    const times = { ...fields, t_inv: inv, t_ret: ret, result };
    if (kind === "use") return { ...times, op: "use", args: { thing: "a1", at: "introspection" } };
    const unit = { is: "client" as const, client: "c" };
    if (kind === "lift") return { ...times, op: "lift", args: { unit, suspensions: false, lifts: order } };
    const args = { unit, suspend: false, final: false, authorised: true };
    return { ...times, op: "order", args, ...(result === "ok" ? { position: order } : {}) };
  });
  const bounds = { graceMs: 10_000, maxStalenessMs: 2_000, convergeMs: 5_000 };
  return { seed, about: "one token", ...bounds, records: [issued, ...records] };
}
