// The reader's reducer against a naive one: loaded anywhere and continued, with lifts, duplicates, holes, expiry.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  chainInput,
  firstOfEpoch,
  liveness,
  origin,
  RevocationSet,
  unitKey,
  unitNames,
  unitsOf,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { hashAt, type KeyedEntry, type KeyedRevoke, keysOf, logs, seconds, tokens } from "./world.ts";

const positionOf = (entry: KeyedEntry | undefined) =>
  entry === undefined ? origin : { seq: entry.seq, hash: hashAt(entry) };

/** What stands after a log, said as plainly as possible. */
function standingIn(log: readonly KeyedEntry[]): KeyedRevoke[] {
  const lifted = (seq: number) =>
    log.some((later) => later.kind === "lift" && later.seq > seq && later.lifts === seq);
  return log.filter((entry) => entry.kind === "revoke").filter((entry) => !lifted(entry.seq));
}

function built(log: readonly KeyedEntry[]): RevocationSet<KeyedRevoke> {
  const set = new RevocationSet<KeyedRevoke>(keysOf);
  for (const entry of log) assert.equal(set.apply(entry, hashAt(entry)), "applied");
  return set;
}

function contentOf(set: RevocationSet<KeyedRevoke>) {
  const entries = set.entries();
  const byKey = entries.map((entry) => set.find(unitKey(entry.of)).map((found) => found.seq));
  const kinds = unitNames.filter((unit) => set.holds(unit));
  assert.deepEqual(
    new Set(kinds),
    new Set(entries.map((entry) => entry.unit)),
    "it holds the kinds that stand",
  );
  return { position: set.position, size: set.size, entries, byKey, kinds };
}

test("D1 a set at a position holds exactly the standing entries up to it", () => {
  holds(
    fc.property(logs, (log) => {
      const set = built(log);
      assert.deepEqual(set.entries(), standingIn(log));
      assert.deepEqual(set.position, positionOf(log.at(-1)));
      for (const entry of standingIn(log))
        assert.ok(set.find(unitKey(entry.of)).includes(entry), "an entry is found under its key");
    }),
  );
});

test("D1 a set loaded at any position and continued equals the one built from the start", () => {
  holds(
    fc.property(logs, fc.nat(30), (log, cut) => {
      const loaded = new RevocationSet<KeyedRevoke>(keysOf);
      const before = log.slice(0, cut);
      loaded.load(before, positionOf(before.at(-1)));
      for (const entry of log.slice(cut)) loaded.apply(entry, hashAt(entry));
      assert.deepEqual(contentOf(loaded), contentOf(built(log)));
    }),
  );
});

test("D1 a set loaded from what is kept, with holes where lifted entries were, equals the one built from the start", () => {
  holds(
    fc.property(logs, fc.nat(30), (log, cut) => {
      const loaded = new RevocationSet<KeyedRevoke>(keysOf);
      const before = log.slice(0, cut);
      loaded.load(standingIn(before), positionOf(before.at(-1)));
      for (const entry of log.slice(cut)) loaded.apply(entry, hashAt(entry));
      assert.deepEqual(contentOf(loaded), contentOf(built(log)));
    }),
  );
});

test("FD-03 FD-04 D3 lost, repeated or disordered entries end, once healed, in the same set", () => {
  const deliveries = fc.array(fc.nat(29), { maxLength: 60 });
  holds(
    fc.property(logs, deliveries, (log, order) => {
      const hashes = chain(log);
      const set = new RevocationSet<KeyedRevoke>(keysOf);
      const deliver = (index: number) => {
        const entry = log[index];
        const hash = hashes[index];
        if (entry === undefined || hash === undefined) return;
        const broken = entry.seq > set.position.seq && next(set.position.hash, entry) !== hash;
        if (broken || set.apply(entry, hash) === "gap")
          set.load(log.slice(0, index + 1), { seq: entry.seq, hash });
      };
      for (const index of [...order, ...log.keys()]) deliver(index);
      assert.deepEqual(set.entries(), standingIn(log));
      assert.deepEqual(set.position, { seq: log.at(-1)?.seq ?? 0, hash: hashes.at(-1) ?? origin.hash });
    }),
  );
});

test("FD-03 entries lost before a new epoch do not show in the numbers, but in the hash", () => {
  const log: KeyedEntry[] = [
    { seq: 1, kind: "lift", lifts: 0 },
    { seq: 2, kind: "lift", lifts: 0 },
    { seq: firstOfEpoch(7), kind: "epoch" },
  ];
  const [first, , third] = chain(log);
  const opening = log[2];
  assert.ok(first !== undefined && opening !== undefined);
  assert.notEqual(next(first, opening), third);
});

function next(previous: string, entry: KeyedEntry): string {
  return createHash("sha256")
    .update(chainInput(Buffer.from(previous, "base64url"), entry))
    .digest("base64url");
}

/** The hash at each entry of a log. */
function chain(log: readonly KeyedEntry[]): string[] {
  let hash = origin.hash;
  return log.map((entry) => {
    hash = next(hash, entry);
    return hash;
  });
}

function reload(log: readonly KeyedEntry[]): RevocationSet<KeyedRevoke> {
  const set = new RevocationSet<KeyedRevoke>(keysOf);
  set.load(log, positionOf(log.at(-1)));
  return set;
}

test("FD-04 an entry at or below the position changes nothing, whatever it says", () => {
  holds(
    fc.property(logs, fc.nat(29), (log, index) => {
      const set = built(log);
      const again = log[index];
      if (again === undefined) return;
      const before = { ...contentOf(set), generation: set.generation };
      const altered: KeyedEntry = { seq: again.seq, kind: "lift", lifts: log[0]?.seq ?? 0 };
      for (const entry of [again, altered]) assert.equal(set.apply(entry, "other"), "known");
      assert.deepEqual({ ...contentOf(set), generation: set.generation }, before);
    }),
  );
});

test("FD-03 an entry that does not follow is a gap and changes nothing", () => {
  holds(
    fc.property(logs, fc.integer({ min: 2, max: 2 ** 19 }), (log, ahead) => {
      const set = built(log);
      const before = { ...contentOf(set), generation: set.generation };
      const entry: KeyedEntry = { seq: set.position.seq + ahead, kind: "lift", lifts: 1 };
      assert.equal(set.apply(entry, hashAt(entry)), "gap");
      assert.deepEqual({ ...contentOf(set), generation: set.generation }, before);
    }),
  );
});

test("a repeated load entry, or one beyond the position, changes nothing", () => {
  holds(
    fc.property(logs, fc.nat(30), (log, cut) => {
      const before = log.slice(0, cut);
      const set = new RevocationSet<KeyedRevoke>(keysOf);
      set.load([...before, ...before, ...log], positionOf(before.at(-1)));
      assert.deepEqual(contentOf(set), contentOf(reload(before)));
    }),
  );
});

test("a load replaces all there was, under every key", () => {
  holds(
    fc.property(logs, logs, (earlier, log) => {
      const set = built(earlier);
      set.load(log, positionOf(log.at(-1)));
      assert.deepEqual(contentOf(set), contentOf(reload(log)));
      for (const entry of earlier) {
        if (entry.kind !== "revoke") continue;
        const key = unitKey(entry.of);
        assert.deepEqual(set.find(key), reload(log).find(key));
      }
    }),
  );
});

test("a lift removes exactly the entry it names and no other with the same unit", () => {
  const of = { name: "subject", issuer: "https://as.example", value: "usr_1" } as const;
  const revoke = (seq: number): KeyedRevoke => ({
    seq,
    kind: "revoke",
    unit: "subject",
    fp: "A".repeat(22),
    of,
  });
  const set = built([revoke(1), revoke(2), { seq: 3, kind: "lift", lifts: 1 }]);
  assert.deepEqual(
    set.find(unitKey(of)).map((entry) => entry.seq),
    [2],
  );
});

test("a lift of an unknown number does nothing, also when an entry gets that number later", () => {
  const of = { name: "subject", issuer: "https://as.example", value: "usr_1" } as const;
  const set = built([
    { seq: 1, kind: "lift", lifts: 2 },
    { seq: 2, kind: "revoke", unit: "subject", fp: "A".repeat(22), of },
  ]);
  assert.equal(set.size, 1);
});

test("a lift cannot be lifted", () => {
  const of = { name: "subject", issuer: "https://as.example", value: "usr_1" } as const;
  const set = built([
    { seq: 1, kind: "revoke", unit: "subject", fp: "A".repeat(22), of },
    { seq: 2, kind: "lift", lifts: 1 },
    { seq: 3, kind: "lift", lifts: 2 },
  ]);
  assert.equal(set.size, 0);
});

test("an epoch may open over any number before it, and its all-entry is an entry like others", () => {
  const of = { name: "all", issuer: "https://as.example", value: "" } as const;
  const set = new RevocationSet<KeyedRevoke>(keysOf);
  const first = firstOfEpoch(53_222_400);
  assert.equal(
    set.apply({ seq: first, kind: "revoke", unit: "all", fp: "A".repeat(22), of }, "h"),
    "applied",
  );
  assert.deepEqual([set.size, set.position.seq], [1, first]);
  assert.equal(set.apply({ seq: firstOfEpoch(53_222_399), kind: "epoch" }, "h"), "known");
  assert.equal(set.apply({ seq: firstOfEpoch(53_222_401), kind: "epoch" }, "h"), "applied");
  assert.equal(set.size, 1);
});

test("JW-13 the generation rises with every entry and load, so that no remembered verdict outlives one", () => {
  holds(
    fc.property(logs, (log) => {
      const set = new RevocationSet<KeyedRevoke>(keysOf);
      let last = set.generation;
      for (const entry of log) {
        set.apply(entry, hashAt(entry));
        assert.ok(set.generation > last);
        last = set.generation;
      }
      set.load(log, positionOf(log.at(-1)));
      assert.ok(set.generation > last);
    }),
  );
});

test("E3 expiry drops what has expired and nothing else, and going on afterwards is the same", () => {
  holds(
    fc.property(logs, fc.nat(30), seconds, (log, cut, at) => {
      const set = built(log.slice(0, cut));
      set.expire(at);
      for (const entry of log.slice(cut)) set.apply(entry, hashAt(entry));
      set.expire(at);
      const kept = standingIn(log).filter((entry) => entry.expires === undefined || entry.expires >= at);
      assert.deepEqual(set.entries(), kept);
    }),
  );
});

test("what remove takes away is what a lift of that number would", () => {
  holds(
    fc.property(logs, fc.nat(40), (log, seq) => {
      const set = built(log);
      set.remove(seq);
      assert.deepEqual(
        set.entries(),
        standingIn(log).filter((entry) => entry.seq !== seq),
      );
    }),
  );
});

test("A1 the rule over a set says what the rule over the whole log says", () => {
  holds(
    fc.property(logs, tokens, seconds, (log, token, at) => {
      const set = built(log);
      const keys = unitsOf(token).map(unitKey);
      const found = keys.flatMap((key) => set.find(key));
      const all = standingIn(log).filter((entry) => keys.includes(unitKey(entry.of)));
      assert.equal(liveness(token, found, at).kind, liveness(token, all, at).kind);
    }),
    2000,
  );
});
