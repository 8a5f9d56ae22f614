// FAULTS row 24 on SQLite with its numbers: a million revocations by bulk calls of 1,000, a million by one order.

import { join } from "node:path";
import { test } from "node:test";
import { revokeInBursts } from "./burst.ts";
import { startServerProcess } from "./server-process.ts";

test("FAULTS 24 A1 A2 RV-18 a million revocations at once: every request is answered, no lease is late", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const database = `sqlite:${join(server.data, "rescind.db")}`;
  await revokeInBursts(t, server, { tokens: 1_000_000, database, stopsToStore: true, isMeasured: true });
});
