// FAULTS row 25: all subscribers lose the server at once and come back at once.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { requireStatus, startServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { startHost } from "./host.ts";
import { processorSeconds, residentMiB } from "./process-figures.ts";
import { subscribe } from "./subscribers.ts";
import { assertKept, prepareWorld, revoke } from "./world.ts";

/** Milliseconds in which all of them have to be back at the head once the server answers again. */
const backWithin = 30_000;

/** `count` synthetic subscribers beside 10 verifiers; the server is killed and started again. */
export async function reconnect(t: TestContext, count: number): Promise<void> {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server);
  const feed = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:feed" });
  const authorization = `Bearer ${await server.clientToken(feed)}`;
  // So long that nothing is refused because the restart takes long on a busy machine.
  const host = await startHost(10, { ...world.options, maxStaleness: 120 });
  t.after(() => host.close());
  const [good, revoked] = [await world.token(), await world.token()];
  host.keepAsking(good);
  const subscribers = subscribe(`${server.issuer}/revocations`, authorization, count, 0);
  t.after(() => subscribers.close());
  await until(`${count} subscribers have a stream`, () => subscribers.open === count, 120_000);
  const memory = residentMiB(server);

  await server.kill();
  await until("all have noticed", () => subscribers.open === 0);
  await server.start();
  const [began, worked] = [performance.now(), processorSeconds(server)];
  await revoke(world, revoked);
  const { head } = requireStatus(await server.admin("GET", "/admin/v1/settings"), 200).json;
  const { seq } = head as { readonly seq: number }; // the admin contract
  await until("all are back at the head", () => subscribers.at(seq) === count, backWithin);
  t.diagnostic(
    `${count} subscribers back at the head after ${((performance.now() - began) / 1000).toFixed(1)} s, ` +
      `${(processorSeconds(server) - worked).toFixed(1)} s of the server's processor time, ` +
      `${residentMiB(server)} MiB (before: ${memory})`,
  );
  await until("the verifiers are fresh at the head", async () => {
    const { freshness, lowestSeq } = await host.report();
    return freshness.fresh === 10 && lowestSeq >= seq;
  });
  await until("they refuse", async () => (await host.check([revoked]))[0]?.revoked === 10);
  assert.deepEqual(
    [...subscribers.refusals.keys()].filter((status) => status !== 503),
    [],
    "no answer but a stream, or 503 with Retry-After",
  );
  assert.ok((await assertKept([host])) > 0);
}
