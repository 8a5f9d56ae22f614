// FAULTS row 22 with real processes: a signing key is revoked while verifiers check. What it signed is refused at every
// one within the bound, what its successor signs is accepted, and made-up keys ask the server hardly ever.

import assert from "node:assert/strict";
import { test } from "node:test";
import { base64url, decodeProtectedHeader } from "jose";
import { startHost, sum } from "../fleet/host.ts";
import { assertRefused, maxStaleness, prepareWorld } from "../fleet/world.ts";
import { requireStatus, startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

test("JW-09 JW-10 FAULTS 22 A2 A6 every verifier refuses what a revoked key signed and nothing else", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server);
  const hosts = await Promise.all([startHost(5, world.options), startHost(5, world.options)]);
  t.after(() => Promise.all(hosts.map((host) => host.close())));
  const verdicts = async (token: string) =>
    sum((await Promise.all(hosts.map((host) => host.check([token])))).flat());
  const old = await world.token();
  assert.deepEqual(await verdicts(old), { accepted: 10 });

  const { kid } = decodeProtectedHeader(old);
  requireStatus(await server.admin("POST", "/admin/v1/revocations", { select: { kid } }), 201);
  const answered = performance.now();
  let acceptedAt = answered;
  await until("all refuse it as revoked", async () => {
    const asked = performance.now();
    const { accepted = 0, revoked } = await verdicts(old);
    if (accepted > 0) acceptedAt = asked;
    return revoked === 10;
  });
  t.diagnostic(
    `ten verifiers refuse what the key signed ${(performance.now() - answered).toFixed(0)} ms after the answer`,
  );
  assert.ok(acceptedAt - answered <= maxStaleness * 1000, `accepted for ${acceptedAt - answered} ms`);

  const next = await world.token();
  assert.notEqual(decodeProtectedHeader(next).kid, kid);
  assert.deepEqual(
    await verdicts(next),
    { accepted: 10 },
    "though all of them fetched the keys a moment ago",
  );
  assertRefused(await verdicts(old), 10);
});

test("JW-10 FAULTS 22 a flood of made-up kids makes a verifier fetch the keys once in ten seconds", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  const world = await prepareWorld(server);
  const host = await startHost(1, world.options);
  t.after(() => host.close());
  const good = await world.token();
  const [, payload = "", signature = ""] = good.split(".");
  const madeUp = Array.from({ length: 2000 }, (_, number) => {
    const header = { ...decodeProtectedHeader(good), kid: `made-up-${number}` };
    return `${base64url.encode(JSON.stringify(header))}.${payload}.${signature}`;
  });
  const fetches = async (): Promise<number> => {
    const { text } = await server.ask("GET", "/metrics");
    const name = 'rescind_http_request_duration_seconds_count{route="/oauth2/jwks",status="200"} ';
    return Number(
      text
        .split("\n")
        .find((line) => line.startsWith(name))
        ?.slice(name.length) ?? 0,
    );
  };
  const [before, began] = [await fetches(), performance.now()];
  for (let from = 0; from < madeUp.length; from += 500)
    for (const verdict of await host.check(madeUp.slice(from, from + 500)))
      assert.equal(verdict.accepted, undefined);
  const allowed = 1 + Math.floor((performance.now() - began) / 10_000);
  assert.ok((await fetches()) - before <= allowed, `at most ${allowed}`);
  assert.deepEqual(await host.check([good]), [{ accepted: 1 }]);
});
