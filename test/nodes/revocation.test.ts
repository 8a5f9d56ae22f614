// What node A has answered holds at node B before the answer: DESIGN.md section 4, FAULTS A1.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startNodes } from "../nodes.ts";
import { revokeElsewhere } from "./revoked-elsewhere.ts";

test("A1 IN-04 revoked at one node, used at another at once: 2,000 times, all units, under load on both, no acceptance", async (t) => {
  const { nodes, close } = await startNodes(2);
  t.after(close);
  const { uses, accepted } = await revokeElsewhere(nodes, 2000, 8);
  assert.deepEqual(accepted, []);
  assert.equal(uses.size, 15);
});
