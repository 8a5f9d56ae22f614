// A million standing entries: how long the copy takes to be rebuilt, by one node and by two at once, what that costs the
// cache in memory and this process in pauses, and that orders go first meanwhile.

import assert from "node:assert/strict";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { test } from "node:test";
import { until } from "../../../../test/until.ts";
import { type CopiesWorld, keys, type NodeCopy, newToken, openCopies } from "./copies-world.ts";

const entries = Number(process.env.RESCIND_TEST_ENTRIES ?? 1_000_000);

test(`${entries} entries are written anew, by one node and by two at once`, {
  timeout: 1_800_000,
}, async (t) => {
  const world = await openCopies(t);
  await fill(world);
  const one = await world.node();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  await held(one);
  const memory = /used_memory:(\d+)/.exec(await world.redis.ask.info("memory"));
  const size = await world.redis.ask.dbsize();
  assert.ok(size >= entries);
  const pause = Math.round(delay.max / 1e6);
  const bytes = Math.round(Number(memory?.[1]) / entries);
  t.diagnostic(`one node: ${one.copy.figures.rebuild} s, ${bytes} bytes an entry, longest pause ${pause} ms`);

  const other = await world.node();
  await held(other);
  await world.redis.ask.flushall();
  await until(async () => one.copy.state === "rebuilding" && other.copy.state === "rebuilding");
  const waits: number[] = [];
  while (one.copy.state === "rebuilding" || other.copy.state === "rebuilding") {
    const unit = newToken(world.store);
    waits.push((await one.order(unit)).ms);
    assert.notEqual(await world.check(unit), "live");
  }
  await held(one);
  await held(other);
  assert.ok((await world.redis.ask.dbsize()) >= entries);
  waits.sort((a, b) => a - b);
  const took = [one, other].map(({ copy }) => copy.figures.rebuild).join(" and ");
  const p99 = Math.round(waits[Math.floor(waits.length * 0.99)] ?? 0);
  t.diagnostic(`two nodes at once: ${took} s; ${waits.length} orders meanwhile, p99 ${p99} ms`);
  assert.equal(await world.redis.ask.exists(keys.lease), 1);
});

async function held({ copy }: NodeCopy): Promise<void> {
  await until(async () => copy.state === "held", 600_000);
}

/** Appends so many entries of single tokens, a thousand in a transaction. */
async function fill(world: CopiesWorld): Promise<void> {
  for (let done = 0; done < entries; done += 1000)
    await world.orderMany(
      Array.from({ length: Math.min(1000, entries - done) }, () => newToken(world.store)),
    );
}
