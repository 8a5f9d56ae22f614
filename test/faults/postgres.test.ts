// FAULTS rows 12, 13, 24 and 27 on PostgreSQL with two nodes, which all of them share: a start of everything takes longer
// than most of the faults. Row 24 with statuses and liveness only; its numbers and times are in the long run.

import { after, before, describe, test } from "node:test";
import { revokeInBursts } from "./burst.ts";
import { testVersions } from "./nodes-versions.ts";
import { testLostCommits } from "./postgres-commit.ts";
import { testLocks } from "./postgres-locks.ts";
import { type PostgresWorld, startPostgresWorld } from "./postgres-world.ts";

let shared: PostgresWorld;
before(async () => {
  shared = await startPostgresWorld();
});
after(() => shared.close());
const world = (): PostgresWorld => shared;

describe("commits that are lost", () => testLostCommits(world));

describe("locks that others hold", () => testLocks(world));

test("FAULTS 24 A1 RV-18 a thousand revocations at once at one node leave no request at the other without an answer", async (t) => {
  const { whole, cut, url } = shared;
  const settings = { tokens: 1000, database: url, othersAt: cut, stopsToStore: false, isMeasured: false };
  await revokeInBursts(t, whole, settings);
});

describe("two versions side by side", () => testVersions(world));
