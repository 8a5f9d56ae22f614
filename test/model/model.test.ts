// After every step of whatever may happen, every token is live by introspection exactly where a plain model says so, in
// both directions: nothing outlives an order that covers it, nothing dies of one that does not. RESCIND_TEST_SEED repeats
// a run; what fails is printed as the shortest list of steps found.

import { after, test } from "node:test";
import fc from "fast-check";
import { peopleOf } from "../people.ts";
import { startTestServer } from "../running-server.ts";
import { rounds, seed } from "../seed.ts";
import { exchange, foreignToken, makeCode, openGrant, ownToken, redeem, refresh, signIn } from "./issuing.ts";
import { letTimePass, lift, logOut, order, revoke, suspend } from "./ordering.ts";
import { beginning, type Step, step } from "./steps.ts";

import { check, newWorld, type World } from "./world.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

/** Milliseconds in which a failure is made smaller. */
const shrinking = 60_000;

async function perform(world: World, what: Step): Promise<void> {
  switch (what.do) {
    case "own token":
      return ownToken(world, what);
    case "grant":
      return openGrant(world, what);
    case "sign in":
      return signIn(world, what);
    case "code":
      return makeCode(world, what);
    case "redeem":
      return redeem(world, what);
    case "refresh":
      return refresh(world, what);
    case "two minutes pass":
      return letTimePass(world, what);
    case "foreign token":
      return foreignToken(world, what);
    case "exchange":
      return exchange(world, what);
    case "revoke":
      return revoke(world, what);
    case "order":
      return order(world, what);
    case "lift":
      return lift(world, what);
    case "suspend":
    case "approve":
      return suspend(world, what);
    case "log out":
      return logOut(world, what);
  }
}

let worlds = 0;
let done = 0;
let firstFailureAt: number | undefined;

async function live(steps: readonly Step[]): Promise<void> {
  if (firstFailureAt !== undefined && Date.now() > firstFailureAt + shrinking) return;
  worlds += 1;
  const world = await newWorld({ server, people }, `w${worlds}`);
  try {
    for (const what of beginning) await perform(world, what);
    await check(world);
    await walk(world, steps);
  } finally {
    await world.foreign.close();
  }
}

async function walk(world: World, steps: readonly Step[]): Promise<void> {
  for (const [number, what] of steps.entries()) {
    try {
      await perform(world, what);
      await check(world);
      done += 1;
    } catch (cause) {
      firstFailureAt ??= Date.now();
      throw new Error(
        `step ${number} (${done} before it in ${worlds} worlds), ${JSON.stringify(what)}: ${cause}`,
        { cause },
      );
    }
  }
}

test("RV-05, RV-08, RV-10, RV-20, RT-02, IN-10, C3 after every step each token is live exactly where the model says so", async (t) => {
  const steps = fc.array(step, { minLength: 1, maxLength: 80, size: "max" });
  await fc.assert(fc.asyncProperty(steps, live), { seed, numRuns: rounds(16, 1000) });
  t.diagnostic(`seed ${seed}: ${done} steps in ${worlds} worlds`);
});
