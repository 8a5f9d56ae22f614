// The stated number of THREATS IN-04: revoked at one node, used at another at once, 100,000 times, on three nodes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startNodes } from "../nodes.ts";
import { revokeElsewhere } from "./revoked-elsewhere.ts";

test("A1 IN-04 revoked at one of three nodes, used at the next at once: 100,000 times, no acceptance", async (t) => {
  const { nodes, close } = await startNodes(3);
  t.after(close);
  const { uses, accepted } = await revokeElsewhere(nodes, 100_000, 12);
  assert.deepEqual(accepted, []);
  for (const [way, times] of uses) t.diagnostic(`${way}: ${times}`);
});
