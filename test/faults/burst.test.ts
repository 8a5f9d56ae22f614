// FAULTS row 24 on SQLite: a burst of revocations leaves nobody without an answer. Statuses and liveness only; the
// numbers and times of the row are in the long run.

import { join } from "node:path";
import { test } from "node:test";
import { revokeInBursts } from "./burst.ts";
import { startServerProcess } from "./server-process.ts";

test("FAULTS 24 A1 RV-18 thousands of revocations at once leave no request without an answer", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const database = `sqlite:${join(server.data, "rescind.db")}`;
  await revokeInBursts(t, server, { tokens: 2000, database, stopsToStore: true, isMeasured: false });
});
