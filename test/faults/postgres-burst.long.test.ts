// FAULTS row 24 on PostgreSQL with its numbers: a million revocations at one node, everybody else at another.

import { test } from "node:test";
import { startCluster } from "../postgres.ts";
import { revokeInBursts } from "./burst.ts";
import { startNodeProcesses } from "./node-processes.ts";

test("FAULTS 24 A1 A2 RV-18 a million revocations at one node: every request at the other is answered, no lease is late", async (t) => {
  const cluster = await startCluster({ fsync: true });
  t.after(() => cluster.stop());
  const database = await cluster.freshDatabase();
  const nodes = await startNodeProcesses({ count: 2, database: () => database });
  t.after(() => nodes.close());
  const [server, othersAt] = [nodes.node(0), nodes.node(1)];
  const settings = { tokens: 1_000_000, database, othersAt, stopsToStore: false, isMeasured: true };
  await revokeInBursts(t, server, settings);
});
