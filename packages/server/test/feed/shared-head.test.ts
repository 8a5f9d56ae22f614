// One read of the head for all who ask in the same moment, and never one that began before somebody asked. FAULTS D2.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type Head, StoreUnavailable } from "@rescind/store";
import { sharedHead } from "../../src/feed/shared-head.ts";

/** A store whose log goes on by one at each read, answered when `answer` is called. */
function slowStore() {
  const begun: { resolve: () => void; reject: (cause: Error) => void }[] = [];
  const head = (): Promise<Head> => {
    const seq = begun.length + 1;
    const { promise, resolve, reject } = Promise.withResolvers<Head>();
    const position = { seq, hash: "A".repeat(43) };
    const longest = { accessToken: 900, grant: 900 };
    begun.push({ resolve: () => resolve({ position, longest, catalog: 1, nowMs: 0 }), reject });
    return promise;
  };
  return { head, begun };
}

test("D2 those who ask in the same moment share a read that begins after all of them asked", async () => {
  const { head, begun } = slowStore();
  const shared = sharedHead({ head });
  const first = [shared(), shared(), shared()];
  assert.equal(begun.length, 0);
  await setImmediate();
  assert.equal(begun.length, 1);
  // The read is under way: what it will say may be older than this call.
  const later = shared();
  await setImmediate();
  assert.equal(begun.length, 2);
  for (const { resolve } of begun) resolve();
  for (const one of await Promise.all(first)) assert.equal(one.position.seq, 1);
  assert.equal((await later).position.seq, 2);
});

test("a read that fails fails for all who share it, and the next one begins anew", async () => {
  const { head, begun } = slowStore();
  const shared = sharedHead({ head });
  const failing = [shared(), shared()].map((one) => assert.rejects(one, StoreUnavailable));
  await setImmediate();
  begun[0]?.reject(new StoreUnavailable("away"));
  await Promise.all(failing);
  const next = shared();
  await setImmediate();
  begun[1]?.resolve();
  assert.equal((await next).position.seq, 2);
});
