// The compact set against the plain one: whatever is applied, lifted, removed, loaded and expired, both hold the same.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import {
  type FeedEntry,
  FingerprintSet,
  type FrozenEntries,
  fingerprintText,
  origin,
  RevocationSet,
  type RevokeEntry,
  readFingerprint,
  unitNames,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { fingerprints, hashAt, logs, seconds } from "./world.ts";

/** Few fingerprints, so that they repeat; some differ in their last word only, and lie in one part of the index. */
const few = Array.from({ length: 12 }, (_, i) => {
  const bytes = createHash("sha256")
    .update(String(i % 6))
    .digest()
    .subarray(0, 16);
  if (i >= 6) bytes[15] = i;
  return bytes.toString("base64url");
});

/** The compact set and the plain one, fed the same. */
class Both {
  readonly compact = new FingerprintSet();
  readonly plain = new RevocationSet<RevokeEntry>((entry) => [entry.fp]);

  apply(entry: FeedEntry): void {
    const applied = this.compact.apply(entry, hashAt(entry));
    if (applied !== this.plain.apply(entry, hashAt(entry))) assert.fail(`${applied}: ${entry.seq}`);
  }

  revoke(fp: string, more: Partial<RevokeEntry> = {}): number {
    const seq = this.plain.position.seq + 1;
    this.apply({ seq, kind: "revoke", unit: "token", fp, ...more });
    return seq;
  }

  lift(lifts: number): void {
    this.apply({ seq: this.plain.position.seq + 1, kind: "lift", lifts });
  }

  expire(at: number): void {
    this.plain.expire(at);
    while (this.compact.expire(at));
  }

  load(log: readonly FeedEntry[]): void {
    const last = log.at(-1);
    const position = last === undefined ? origin : { seq: last.seq, hash: hashAt(last) };
    this.plain.load(log, position);
    const loading = this.compact.loading();
    for (const entry of log) loading.take(entry);
    loading.finish(position);
  }

  compare(fps: Iterable<string> = few): void {
    assert.deepEqual(this.compact.position, this.plain.position);
    assert.equal(this.compact.size, this.plain.size);
    assert.ok(textOf(this.compact.entries()) === textOf(this.plain.entries()), "the same entries");
    for (const fp of fps) assert.equal(textOf(this.compact.find(fp)), textOf(this.plain.find(fp)));
    for (const unit of unitNames) assert.equal(this.compact.holds(unit), this.plain.holds(unit), unit);
  }
}

/** The members that a set keeps, of each. */
function textOf(entries: readonly RevokeEntry[]): string {
  const text = ({ seq, unit, fp, before, suspend, expires }: RevokeEntry) =>
    [seq, unit, fp, before, suspend === true, expires].join();
  return entries.map(text).join("\n");
}

/** What was frozen, as `textOf`. */
function frozenText({ count, records }: FrozenEntries): string {
  const entries: RevokeEntry[] = [];
  for (const { words, ...record } of records())
    entries.push({ kind: "revoke", fp: fingerprintText(words), ...record });
  assert.equal(entries.length, count);
  return textOf(entries);
}

type Step =
  | { readonly kind: "revoke"; readonly fp: number; readonly entry: Partial<RevokeEntry> }
  | { readonly kind: "lift" | "remove"; readonly back: number }
  | { readonly kind: "expire"; readonly at: number };

const optional = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("revoke" as const),
        fp: fc.nat(11),
        entry: fc.record({
          unit: fc.constantFrom(...unitNames),
          before: optional(fc.nat(5000)),
          suspend: optional(fc.boolean()),
          expires: optional(fc.oneof(seconds, fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, 2 ** 33))),
        }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constantFrom("lift" as const, "remove" as const), back: fc.nat(40) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const), at: seconds }) },
  ),
  { maxLength: 120, size: "max" },
);

test("D1 orders, lifts, removals and ends leave the compact set and the plain one the same", () => {
  holds(
    fc.property(steps, fc.nat(120), (plan, moment) => {
      const both = new Both();
      let frozen = both.compact.frozen();
      let stood = "";
      for (const [at, step] of plan.entries()) {
        if (at === moment) [frozen, stood] = [both.compact.frozen(), textOf(both.plain.entries())];
        if (step.kind === "revoke") both.revoke(few[step.fp] ?? "", step.entry);
        else if (step.kind === "expire") both.expire(step.at);
        else {
          const seq = Math.max(0, both.plain.position.seq - step.back);
          if (step.kind === "lift") both.lift(seq);
          else {
            both.plain.remove(seq);
            both.compact.remove(seq);
          }
        }
      }
      both.compare();
      assert.equal(frozenText(frozen), stood, "what was frozen is as it was");
    }),
  );
});

test("D1 a log that is loaded and continued, epochs and holes included, is the same in both", () => {
  holds(
    fc.property(logs, fc.nat(30), (log, cut) => {
      const both = new Both();
      both.load(log.slice(0, cut));
      for (const entry of log.slice(cut)) both.apply(entry);
      both.compare(log.flatMap((entry) => (entry.kind === "revoke" ? [entry.fp] : [])));
    }),
  );
});

test("while a log is loaded the set says what it said before", () => {
  const set = new FingerprintSet();
  const revoke: RevokeEntry = { seq: 1, kind: "revoke", unit: "token", fp: few[0] ?? "" };
  set.apply(revoke, "h");
  const { generation } = set;
  const loading = set.loading();
  loading.take({ ...revoke, seq: 7, fp: few[1] ?? "" });
  assert.deepEqual([set.size, set.generation, set.find(few[0] ?? "").length], [1, generation, 1]);
  loading.finish({ seq: 9, hash: "other" });
  assert.deepEqual([set.size, set.position.seq], [1, 9]);
  assert.deepEqual([set.find(few[0] ?? "").length, set.find(few[1] ?? "").length], [0, 1]);
  assert.ok(set.generation > generation);
});

test("RV-22 tens of thousands of entries come and go in every order, and the memory goes with them", () => {
  const both = new Both();
  const fps = Array.from({ length: 70_000 }, (_, i) => fpOf(i));
  for (const [i, fp] of fps.entries()) both.revoke(fp, { expires: 1000 + ((i * 7919) % 5000) });
  const sample = fps.filter((_, i) => i % 997 === 0);
  both.compare(sample);
  const frozen = both.compact.frozen();
  const stood = textOf(both.plain.entries());
  const full = both.compact.bytes;
  for (const at of [1500, 3000, 5500]) {
    both.expire(at);
    both.compare(sample);
  }
  assert.ok(both.compact.bytes < full, "what is empty is given back");
  for (let i = 0; i < 30_000; i++) both.revoke(fpOf(200_000 + i), { expires: 9000 });
  both.compare([...sample, fpOf(200_001)]);
  both.expire(9001);
  both.compare(sample);
  assert.equal(both.compact.size, 0);
  assert.ok(both.compact.bytes < full / 2, `${both.compact.bytes} of ${full}`);
  assert.ok(frozenText(frozen) === stood, "what was frozen is as it was");
});

test("entries that stay do not keep the place of those that go", () => {
  const both = new Both();
  const count = 140_000;
  for (let i = 0; i < count; i++) both.revoke(fpOf(i % 100_000), i % 50 === 0 ? {} : { expires: 1000 });
  const full = both.compact.bytes;
  both.expire(1001);
  assert.equal(both.compact.size, count / 50);
  both.compare(Array.from({ length: 2000 }, (_, i) => fpOf(i * 50)));
  assert.ok(both.compact.bytes < full / 2, `${both.compact.bytes} of ${full}`);
});

test("thousands of entries of one unit stand side by side, and each is lifted by itself", () => {
  const both = new Both();
  const fp = few[0] ?? "";
  for (let i = 0; i < 3000; i++) both.revoke(fp, { unit: "subject" });
  assert.equal(both.compact.find(fp).length, 3000);
  for (let i = 0; i < 3000; i++) both.lift(1 + ((i * 1009) % 3000));
  both.compare();
  assert.equal(both.compact.find(fp).length, 0);
});

test("a fingerprint's words are its text, and what is no fingerprint is never found", () => {
  const words = new Uint32Array(4);
  holds(
    fc.property(fingerprints, (fp) => {
      assert.equal(readFingerprint(fp, words), true);
      assert.equal(fingerprintText(words), fp);
      const bytes = Buffer.from(fp, "base64url");
      assert.deepEqual(
        [...words],
        [0, 4, 8, 12].map((at) => bytes.readUInt32BE(at)),
      );
    }),
  );
  const set = new FingerprintSet();
  const [fp = ""] = few;
  set.apply({ seq: 1, kind: "revoke", unit: "token", fp }, "h");
  for (const text of [
    "",
    fp.slice(1),
    `${fp}A`,
    `${fp.slice(0, 21)}!`,
    `${fp.slice(0, 21)}B`,
    "é".repeat(22),
  ])
    assert.deepEqual(set.find(text), [], text);
});

function fpOf(i: number): string {
  const bytes = createHash("md5").update(String(i)).digest(); // 16 bytes, spread evenly; nothing secret
  return bytes.toString("base64url");
}
