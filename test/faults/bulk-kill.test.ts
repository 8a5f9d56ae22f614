// THREATS RV-19, FAULTS row 1: the process is killed in the middle of a bulk of orders. Each order is there whole, with its
// entry and its record, or not at all; repeating the call completes it and doubles nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { randomFrom, rounds, seed } from "../seed.ts";
import { type Grant, requireStatus, type ServerProcess, startServerProcess } from "./server-process.ts";

const grantsInBulk = 60;
const tokensInBulk = 340;
/** Milliseconds after which the process is killed, at most; the whole call takes some hundred. */
const latest = 120;

test("RV-19 FAULTS 1 A4 E1 a bulk that is killed leaves every order whole or undone, and can be repeated", async (t) => {
  const random = randomFrom(seed);
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const client = await server.registerClient();
  const head = await headReader(server);
  const cut: string[] = [];
  for (let round = 0; round < rounds(3, 60); round++) {
    const grants = await Promise.all(
      Array.from({ length: grantsInBulk }, (_, index) => server.openGrant(client, `usr_${round}_${index}`)),
    );
    const tokens = await Promise.all(Array.from({ length: tokensInBulk }, () => server.clientToken(client)));
    const before = await head();
    const bulk = { grant_ids: grants.map(({ grant_id }) => grant_id), tokens };
    const calling = server.admin("POST", "/admin/v1/revocations/bulk", bulk).catch(() => undefined);
    // The fault's own moment: any, or the one when the first orders are there.
    if (round % 2 === 0) await pause(random() * latest);
    else while ((await head()) === before); // asked again at once: the whole call is over in no time
    await server.kill();
    const answer = await calling;
    await server.start();

    const revoked = await assertWhole(server, { grants, tokens });
    assert.equal((await head()) - before, revoked, `one entry for each, seed ${seed}, round ${round}`);
    if (answer?.status === 200) assert.equal(revoked, grantsInBulk + tokensInBulk, "what was answered holds");
    cut.push(`${revoked}${answer === undefined ? "" : " answered"}`);

    const again = requireStatus(await server.admin("POST", "/admin/v1/revocations/bulk", bulk), 200).json;
    assert.deepEqual([again.revoked, again.already], [grantsInBulk + tokensInBulk - revoked, revoked]);
    assert.equal(await assertWhole(server, { grants, tokens }), grantsInBulk + tokensInBulk);
    assert.equal((await head()) - before, grantsInBulk + tokensInBulk);
  }
  const { broken_at } = requireStatus(await server.admin("GET", "/admin/v1/audit/verify"), 200).json;
  assert.equal(broken_at, undefined, "the chain of records holds");
  t.diagnostic(
    `seed ${seed}: of ${grantsInBulk + tokensInBulk} orders were there after the kill: ${cut.join(", ")}`,
  );
});

interface Bulk {
  readonly grants: readonly Grant[];
  readonly tokens: readonly string[];
}

/** How many of the orders are in force; an order of a grant has ended both of its tokens or neither. */
async function assertWhole(server: ServerProcess, { grants, tokens }: Bulk): Promise<number> {
  const ofGrants = await Promise.all(
    grants.map(async ({ access_token, refresh_token }) => {
      const both = await Promise.all([access_token, refresh_token].map((token) => server.isActive(token)));
      assert.equal(both[0], both[1]);
      return both[0];
    }),
  );
  const ofTokens = await Promise.all(tokens.map((token) => server.isActive(token)));
  return [...ofGrants, ...ofTokens].filter((active) => active === false).length;
}

/** Reads where the log ends, by a client of its own. */
async function headReader(server: ServerProcess): Promise<() => Promise<number>> {
  const reader = await server.registerClient({ scope: "rescind:feed", grant_types: ["client_credentials"] });
  const headers = { authorization: `Bearer ${await server.clientToken(reader)}` };
  return async () =>
    Number(requireStatus(await server.ask("GET", "/revocations?limit=1", headers), 200).json.head);
}
