// The checker judged: histories of a small correct server pass, and each of a list of bugs put into that server is
// found. Without this a checker that finds nothing would prove nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistoryRecord } from "./history.ts";
import { type Violation, violations } from "./history-checker.ts";
import { type Random, seededRandom } from "./random.ts";

const graceMs = 10_000;
const seeds = 300;

/** Each with the invariants one of which must be named. */
const bugs = {
  "an acknowledged revocation is lost in a crash": ["A4", "A5"],
  "a revocation is acknowledged before it is in force": ["A1", "A5", "B4"],
  "a check reads a stale replica": ["A1", "A5"],
  "an acknowledged token is lost in a crash": ["A6"],
  "a revocation ends another grant too": ["A6", "B3"],
  "a revocation of a grant leaves its access tokens alive": ["A1", "A7", "B4"],
  "an unanswered revocation is applied to one token only": ["A7"],
  "two refreshes of one token both win": ["B1"],
  "a spent token is given its successor for ever": ["B1"],
  "a spent token works although its successor was used": ["B2"],
  "a replay leaves the grant alive": ["A1", "B2", "B4"],
  "a refresh that failed consumes the token": ["B3"],
  "a refresh wins after its grant was revoked": ["B4"],
  "a lease is signed over a head read too early": ["D2"],
  "a revocation leaves no audit record": ["E1"],
} as const satisfies Record<string, readonly Violation["invariant"][]>;

type Bug = keyof typeof bugs;

test("FAULTS A1-E1 the checker passes what a correct server does, whatever fails", () => {
  for (let seed = 1; seed <= seeds; seed++)
    assert.deepEqual(violations(simulate(seededRandom(seed)), { graceMs }), [], `seed ${seed}`);
});

for (const [bug, invariants] of Object.entries(bugs))
  test(`FAULTS A1-E1 the checker finds a server in which ${bug}`, (t) => {
    const named = new Set<string>();
    let histories = 0;
    for (let seed = 1; seed <= seeds; seed++) {
      const found = violations(simulate(seededRandom(seed), bug as Bug), { graceMs }); // keys of `bugs`
      if (found.length > 0) histories++;
      for (const { invariant } of found) named.add(invariant);
    }
    t.diagnostic(`found in ${histories} of ${seeds} histories, as ${[...named].toSorted().join(", ")}`);
    assert.ok(
      invariants.some((invariant) => named.has(invariant)),
      `named: ${[...named].join(", ")}`,
    );
  });

interface Grant {
  readonly name: string;
  readonly access: string[];
  /** Of all refresh tokens, in the order of rotation; the last is unspent. */
  readonly chain: string[];
  dead: boolean;
}

/** A server of one second a step, with one bug at most, and what its clients saw. */
function simulate(random: Random, bug?: Bug): HistoryRecord[] {
  const history: HistoryRecord[] = [];
  const grants: Grant[] = [];
  const deadTokens = new Set<string>();
  const spentAt = new Map<string, number>();
  const answered = new Set<string>();
  const audited: number[] = [];
  const lately: (() => void)[] = [];
  let seq = 0;
  let named = 0;
  let outageEnd = 0;
  let now = 0;
  const has = (one: Bug): boolean => bug === one;
  const name = (kind: string): string => `${kind}${++named}`;
  const isLost = (): boolean => random.below(4) === 0;
  const interval = () => ({ sent: now, returned: now + 10 });

  const issue = (): void => {
    const grant: Grant = { name: name("g"), access: [name("a"), name("a")], chain: [name("r")], dead: false };
    grants.push(grant);
    const tokens = [...grant.access, ...grant.chain].map((token) => ({
      name: token,
      kind: token.startsWith("a") ? ("access" as const) : ("refresh" as const),
      grant: grant.name,
    }));
    history.push({ op: "issue", ...interval(), tokens });
    if (has("an acknowledged token is lost in a crash"))
      lately.push(() => deadTokens.add(tokens[0]?.name ?? ""));
  };

  const revoke = (grant: Grant): void => {
    const single = random.below(2) === 0;
    const token = random.pick((single ? grant.access : grant.chain).filter((one) => answered.has(one)));
    const lost = isLost();
    const effective = !lost || random.below(2) === 0;
    const apply = (): void => {
      if (single) deadTokens.add(token);
      else if (lost && has("an unanswered revocation is applied to one token only"))
        deadTokens.add(random.pick(grant.access));
      else grant.dead = true;
    };
    const undo = (): void => {
      if (single) deadTokens.delete(token);
      else grant.dead = false;
    };
    if (effective) {
      seq++;
      if (!has("a revocation leaves no audit record") || random.below(3) > 0) audited.push(seq);
      if (has("a revocation is acknowledged before it is in force")) lately.push(apply);
      else apply();
      if (has("an acknowledged revocation is lost in a crash")) lately.push(undo);
      const other = random.pick(grants);
      if (has("a revocation ends another grant too") && !lost) other.dead = true;
    }
    const receipt = lost ? {} : { seq, returnedAt: now + 10 };
    const reach = single ? "token" : "grant";
    history.push({ op: "revoke", ...interval(), token, reach, result: lost ? "info" : "ok", ...receipt });
  };

  const rotate = (grant: Grant, token: string): string => {
    const successor = name("r");
    grant.chain.push(successor);
    spentAt.set(token, now);
    return successor;
  };

  const refresh = (grant: Grant): void => {
    const index = Math.max(0, grant.chain.length - 1 - random.below(3));
    const token = grant.chain[index] ?? "";
    if (!answered.has(token)) return;
    const lost = isLost();
    const spent = spentAt.get(token);
    const successor = grant.chain[index + 1];
    const successorUsed = successor !== undefined && spentAt.has(successor);
    const inWindow = spent !== undefined && now <= Math.max(spent, outageEnd) + graceMs;
    const dead = grant.dead && !has("a refresh wins after its grant was revoked");
    let given: string | undefined;
    if (spent === undefined) {
      if (!dead) given = rotate(grant, token);
      if (lost && random.below(2) === 0 && has("a refresh that failed consumes the token"))
        spentAt.set(token, -graceMs);
    } else if (has("a spent token works although its successor was used") && successorUsed) given = successor;
    else if (successorUsed || (!inWindow && !has("a spent token is given its successor for ever"))) {
      if (!has("a replay leaves the grant alive")) grant.dead = true;
    } else if (!dead) given = has("two refreshes of one token both win") ? rotate(grant, token) : successor;
    const record = { op: "refresh", ...interval(), token } as const;
    if (lost) history.push({ ...record, result: "info" });
    else if (given === undefined) history.push({ ...record, result: "fail" });
    else {
      const access = name("a");
      grant.access.push(access);
      history.push({ ...record, result: "ok", successor: given, access });
    }
  };

  const check = (grant: Grant): void => {
    const known = [...grant.access, ...grant.chain].filter((token) => answered.has(token));
    if (known.length === 0) return;
    const token = random.pick(known);
    const leaves = has("a revocation of a grant leaves its access tokens alive") && token.startsWith("a");
    const dead = deadTokens.has(token) || (grant.dead && !leaves) || spentAt.has(token);
    const active = !dead || (has("a check reads a stale replica") && random.below(3) === 0);
    history.push({ op: "check", ...interval(), token, active });
  };

  const crash = (): void => {
    for (const apply of lately.splice(0)) apply();
    history.push({ op: "outage", sent: now, returned: now + 500 });
    outageEnd = now + 500;
  };

  const lease = (): void => {
    const early = has("a lease is signed over a head read too early") ? random.below(3) : 0;
    history.push({ op: "lease", ...interval(), head: seq - early, issuedAt: now + 5 });
  };

  for (let step = 0; step < 60; step++) {
    now += 1000;
    const grant = grants.length === 0 ? undefined : random.pick(grants);
    const roll = random.below(20);
    if (grant === undefined || roll < 3) issue();
    else if (roll < 6) revoke(grant);
    else if (roll < 11) refresh(grant);
    else if (roll < 17) check(grant);
    else if (roll < 18) crash();
    else lease();
    for (const record of history.slice(-1)) {
      if (record.op === "issue") for (const token of record.tokens) answered.add(token.name);
      if (record.op === "refresh" && record.result === "ok") {
        answered.add(record.successor ?? "");
        answered.add(record.access ?? "");
      }
    }
  }
  history.push({ op: "audit", ...interval(), seqs: audited });
  return history;
}
