// FAULTS row 23: a verifier is away while a million things are revoked; what it takes to be back, and to begin anew. The
// six hours are not waited for: to the verifier, whose leases are long over then, they are like a minute.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { entryLife, type LongestLives } from "@rescind/core";
import { openStore } from "@rescind/store";
import { type ServerProcess, startServerProcess } from "../faults/server-process.ts";
import { until } from "../faults/until.ts";
import { startHost } from "./host.ts";
import { residentMiB } from "./process-figures.ts";
import { prepareWorld, revoke } from "./world.ts";

const revocations = 1_000_000;
const inOneTransaction = 1000;
const mostMiB = 40;

test("FAULTS 23 A2 D1 a verifier that was away for a million revocations refuses until it has all of them", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server);
  const host = await startHost(1, { ...world.options, onStale: "reject" });
  t.after(() => host.close());
  const [good, revoked] = [await world.token(), await world.token()];
  assert.deepEqual(await host.check([good, revoked]), [{ accepted: 1 }, { accepted: 1 }]);

  host.signal("SIGSTOP");
  await revoke(world, revoked);
  await server.kill();
  await revokeMillion(server);
  await server.start();
  const began = performance.now();
  const first = host.check([revoked]);
  host.signal("SIGCONT");
  assert.notEqual((await first)[0]?.accepted, 1);
  await until("it is fresh again", async () => (await host.check([good]))[0]?.accepted === 1, 120_000);
  t.diagnostic(`the verifier that was away is fresh after ${seconds(performance.now() - began)}`);
  assert.deepEqual(await host.check([revoked]), [{ revoked: 1 }]);

  const starting = performance.now();
  const anew = await startHost(1, { ...world.options, onStale: "reject" });
  t.after(() => anew.close());
  t.diagnostic(
    `one that begins now is ready after ${seconds(performance.now() - starting)}, its process's start included`,
  );
  assert.deepEqual(await anew.check([revoked, good]), [{ revoked: 1 }, { accepted: 1 }]);
  const [one, other] = [await host.report(), await anew.report()];
  assert.equal(one.lowestSeq, other.lowestSeq);

  const feed = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:feed" });
  const authorization = `Bearer ${await server.clientToken(feed)}`;
  const response = await fetch(`${server.issuer}/revocations/snapshot`, { headers: { authorization } });
  assert.equal(response.status, 200);
  const size = (await response.arrayBuffer()).byteLength / 2 ** 20;
  const sent = Number(response.headers.get("content-length")) / 2 ** 20;
  t.diagnostic(
    `the snapshot has ${size.toFixed(1)} MiB, ${sent.toFixed(1)} on the way; the server takes ${residentMiB(server)} MiB`,
  );
  assert.ok(size <= mostMiB);
});

/** Appends them to the log of a server that does not run. */
async function revokeMillion(server: ServerProcess): Promise<void> {
  const store = await openStore(`sqlite:${join(server.data, "rescind.db")}`);
  const atMs = Date.now();
  for (let done = 0; done < revocations; done += inOneTransaction) {
    const orders = Array.from({ length: inOneTransaction }, (_, index) => ({
      id: store.nextId(),
      unit: { name: "token", issuer: server.issuer, value: `tid_${done + index}` } as const,
      fp: randomBytes(16).toString("base64url"),
      atMs,
      lifeFor: (longest: LongestLives) => entryLife("token", false, atMs / 1000, longest),
      actor: { kind: "admin", id: "admin" } as const,
      reason: "administrator" as const,
      final: false,
      select: {},
    }));
    await store.revokeMany(orders);
  }
  await store.close();
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
