// FAULTS row 24 on PostgreSQL with two nodes: one takes a burst of revocations, the other everybody else's requests.
// Statuses and liveness only; the numbers and times of the row are in the long run.

import { test } from "node:test";
import { startCluster } from "../postgres.ts";
import { revokeInBursts } from "./burst.ts";
import { startNodeProcesses } from "./node-processes.ts";

test("FAULTS 24 A1 RV-18 thousands of revocations at once at one node leave no request at the other without an answer", async (t) => {
  const cluster = await startCluster();
  t.after(() => cluster.stop());
  const database = await cluster.freshDatabase();
  const nodes = await startNodeProcesses({ count: 2, database: () => database });
  t.after(() => nodes.close());
  const [server, othersAt] = [nodes.node(0), nodes.node(1)];
  const settings = { tokens: 3000, database, othersAt, stopsToStore: false, isMeasured: false };
  await revokeInBursts(t, server, settings);
});
