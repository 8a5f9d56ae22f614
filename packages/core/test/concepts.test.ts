// The worked example of docs/concepts.md, step by step.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Judged, liveness, RevocationSet, type Unit, unitKey, unitsOf } from "@rescind/core";
import { readDocument } from "./vectors.ts";
import { hashAt, issuer, type KeyedEntry, type KeyedRevoke, keysOf } from "./world.ts";

const ann = {
  issuer,
  ours: true,
  subject: "usr_ann",
  clientId: "shop",
  expiresAt: 2000,
  lineage: [],
} as const;
const tokens: Record<string, Judged> = {
  tid_8: { ...ann, tokenId: "tid_8", grantId: "gnt_7", rev: 0, offline: true },
  tid_9: { ...ann, tokenId: "tid_9", grantId: "gnt_7", rev: 0, offline: true },
  R2: { ...ann, tokenId: "tid_10", grantId: "gnt_7", rev: 0, offline: true },
  tid_13: { ...ann, tokenId: "tid_13", grantId: "gnt_12", rev: 2, offline: true },
  R3: { ...ann, tokenId: "tid_14", grantId: "gnt_12", rev: 2, offline: true },
};

function revoke(seq: number, of: Unit): KeyedRevoke {
  return { seq, kind: "revoke", unit: of.name, fp: "A".repeat(22), of };
}

function liveIn(set: RevocationSet<KeyedRevoke>): string[] {
  return Object.keys(tokens).filter((name) => {
    const token = tokens[name];
    assert.ok(token);
    const found = unitsOf(token).flatMap((unit) => set.find(unitKey(unit)));
    return liveness(token, found, 1000).kind === "live";
  });
}

test("docs/concepts.md: who is live after each entry of the example", () => {
  const steps: readonly [KeyedEntry, readonly string[]][] = [
    [revoke(1, { name: "token", issuer, value: "tid_8" }), ["tid_9", "R2", "tid_13", "R3"]],
    [revoke(2, { name: "subject", issuer, value: "usr_ann" }), ["tid_13", "R3"]],
    [{ seq: 3, kind: "lift", lifts: 2 }, ["tid_9", "R2", "tid_13", "R3"]],
    [revoke(4, { name: "grant", issuer, value: "gnt_7" }), ["tid_13", "R3"]],
  ];
  const set = new RevocationSet<KeyedRevoke>(keysOf);
  for (const [entry, live] of steps) {
    assert.equal(set.apply(entry, hashAt(entry)), "applied");
    assert.deepEqual(liveIn(set), live, `after entry ${entry.seq}`);
  }
});

test("the example on the page names the tokens and units judged here", () => {
  const page = readDocument("concepts.md");
  for (const name of [...Object.keys(tokens), "usr_ann", "gnt_7", "gnt_12", "`rev` 2", "`lift 2`"])
    assert.ok(page.includes(name), `docs/concepts.md lacks ${name}`);
});
