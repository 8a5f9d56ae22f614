// What node A has answered holds at node B before the answer: DESIGN.md section 4, FAULTS A1. One of the nodes has two
// workers, which are nodes of their own.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startNodes } from "../nodes.ts";
import { pinnedWorkers } from "../workers/pinned.ts";
import { revokeElsewhere } from "./revoked-elsewhere.ts";

test("A1 IN-04 revoked at one node, used at another at once: 2,000 times, all units, under load on both, no acceptance", async (t) => {
  const { node, add, close } = await startNodes(1);
  const pinned = pinnedWorkers(await add(["--workers", "2"]), 2);
  t.after(async () => {
    pinned.close();
    await close();
  });
  const { uses, accepted } = await revokeElsewhere([node(0), ...pinned.workers], 2000, 8);
  assert.deepEqual(accepted, []);
  assert.equal(uses.size, 15);
});
