// When the keys of a foreign issuer are asked for, and how long they are good for while nobody answers. A clock and a
// network of the test's own. THREATS JW-09, JW-10.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { ForeignKeySets } from "../../src/tokens/foreign-key-sets.ts";

const uri = "https://idp.example/jwks";
const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const set = (...kids: readonly string[]) => ({
  keys: kids.map((kid) => ({ ...publicKey.export({ format: "jwk" }), kid })),
});
const minute = 60_000;

function world() {
  const state = { nowMs: 1_000_000_000_000, document: set("one") as unknown, asked: 0, failures: 0 };
  const sets = new ForeignKeySets({
    now: () => state.nowMs,
    async fetch() {
      state.asked += 1;
      if (state.document === undefined) throw new Error("nobody answers");
      return state.document;
    },
    onFailure: () => {
      state.failures += 1;
    },
  });
  const knows = async (kid: string | undefined) => (await sets.keysFor(uri, kid)).length > 0;
  return { state, knows };
}

test("a set is asked for once in five minutes, however many ask at the same time", async () => {
  const { state, knows } = world();
  assert.deepEqual(await Promise.all([1, 2, 3].map(() => knows("one"))), [true, true, true]);
  state.nowMs += 5 * minute - 1;
  assert.equal(await knows("one"), true);
  assert.equal(state.asked, 1);
  state.nowMs += 1;
  assert.equal(await knows("one"), true);
  assert.equal(state.asked, 2);
});

test("JW-09 a key that was taken out of the set verifies nothing five minutes later", async () => {
  const { state, knows } = world();
  await knows("one");
  state.document = set("two");
  assert.equal(await knows("one"), true);
  state.nowMs += 5 * minute;
  assert.deepEqual([await knows("one"), await knows("two")], [false, true]);
});

test("JW-10 a key that is missing is asked for at once, and then at most every ten seconds", async () => {
  const { state, knows } = world();
  await knows("one");
  state.document = set("one", "two");
  assert.equal(await knows("two"), true);
  assert.equal(state.asked, 2);
  for (let i = 0; i < 50; i++) assert.equal(await knows(`made-up-${i}`), false);
  assert.equal(state.asked, 2);
  state.nowMs += 10_000;
  for (let i = 0; i < 50; i++) await knows(`made-up-${i}`);
  assert.equal(state.asked, 3);
  assert.equal(await knows("one"), true);
});

test("while nobody answers, what is known is good for a day, and is asked for every ten seconds", async () => {
  const { state, knows } = world();
  await knows("one");
  state.document = undefined;
  state.nowMs += 5 * minute;
  for (let i = 0; i < 10; i++) assert.equal(await knows("one"), true);
  assert.deepEqual([state.asked, state.failures], [2, 1]);
  state.nowMs += 24 * 60 * minute - 5 * minute;
  assert.equal(await knows("one"), true);
  state.nowMs += 1;
  assert.equal(await knows("one"), false);
  state.document = set("one");
  state.nowMs += 10_000;
  assert.equal(await knows("one"), true, "it is back");
});

test("an issuer that never answered is asked again after ten seconds, not at every token", async () => {
  const { state, knows } = world();
  state.document = undefined;
  for (let i = 0; i < 10; i++) assert.equal(await knows("one"), false);
  assert.equal(state.asked, 1);
  state.document = set("one");
  assert.equal(await knows("one"), false);
  state.nowMs += 10_000;
  assert.equal(await knows("one"), true);
});

test("a token without a kid may be of any key, one with a kid of no other", async () => {
  const { state, knows } = world();
  state.document = { keys: [...set("one").keys, ...set("two").keys] };
  assert.deepEqual([await knows(undefined), await knows("two"), await knows("three")], [true, true, false]);
});
