// FAULTS rows 20 and 21 with real processes under libfaketime: the wall clock of the verifier or of the server is wrong,
// is set while they run, or has gone on where the monotonic clock stood still (a suspended machine).

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { decodeJwt } from "jose";
import { type Host, startHost } from "../fleet/host.ts";
import { prepareWorld, timesToRefusal, type World } from "../fleet/world.ts";
import { basic } from "../running-server.ts";
import { startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

const library = libraryOf("libfaketime.so.1");
const skip = library === undefined ? "libfaketime is not installed" : false;

/** Where Debian and its kin put it, on any processor. */
function libraryOf(name: string): string | undefined {
  const folders = existsSync("/usr/lib")
    ? readdirSync("/usr/lib").map((triple) => `/usr/lib/${triple}/faketime`)
    : [];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

interface FakeClock {
  /** What a process under this clock gets in its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Sets the wall clock so many seconds before or ahead of the machine's; the monotonic clock goes on. */
  set(seconds: number): void;
}

function fakeClock(t: TestContext, seconds: number): FakeClock {
  const folder = mkdtempSync(join(tmpdir(), "rescind-clock-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "offset");
  const set = (to: number): void => writeFileSync(file, `${to >= 0 ? "+" : ""}${to}\n`);
  set(seconds);
  return {
    set,
    env: {
      LD_PRELOAD: library ?? "",
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    },
  };
}

test("FD-10 FAULTS 20 A2 a verifier whose clock is ten minutes wrong decides like any other", {
  skip,
}, async (t) => {
  const world = await startWorld(t);
  for (const minutes of [-10, 10]) {
    const { env } = fakeClock(t, minutes * 60);
    const host = await hostUnder(t, world, env);
    await timesToRefusal(world, [host]);
    const good = await world.token();
    await until("it accepts", async () => (await host.check([good]))[0]?.accepted === 1);
  }
});

test("FD-10 FAULTS 20 FAULTS 21 A2 A5 a wall clock that is set makes stale until the next lease, and nothing comes back", {
  skip,
}, async (t) => {
  const world = await startWorld(t);
  const clock = fakeClock(t, 0);
  // Leases only when somebody waits for one: what the jump does is seen, not what the next lease mends.
  const host = await hostUnder(t, world, clock.env, 3600);
  const { token: revoked } = await timesToRefusal(world, [host]);
  const good = await world.token();
  await askForLease(world);
  assert.deepEqual(await host.check([good]), [{ accepted: 1 }]);
  for (const seconds of [600, -600, 0, 28_800]) {
    clock.set(seconds);
    assert.deepEqual(await host.check([good]), [{ stale: 1 }], `set to ${seconds}`);
    const [verdicts] = await host.check([revoked]);
    assert.equal(verdicts?.accepted, undefined);
    await askForLease(world);
    await until("the next lease was met", async () => (await host.check([good]))[0]?.accepted === 1);
    await until("it says so of what was revoked", async () => {
      const [said] = await host.check([revoked]);
      assert.equal(said?.accepted, undefined);
      return said?.revoked === 1;
    });
  }
});

test("FD-10 FAULTS 20 D2 a server whose clock is set while it runs holds nothing up and lets nothing through", {
  skip,
}, async (t) => {
  const clock = fakeClock(t, 0);
  const server = await startServerProcess({
    flags: ["--log-level", "warn"],
    startedBy: ["env", ...Object.entries(clock.env).map(([name, value]) => `${name}=${value}`)],
  });
  t.after(() => server.close());
  const world = await prepareWorld(server);
  const host = await startHost(3, { ...world.options, onStale: "reject" });
  t.after(() => host.close());
  const gone: string[] = [];
  for (const seconds of [0, -300, 240, 0]) {
    clock.set(seconds);
    const { token } = await timesToRefusal(world, [host]);
    const apart = Number(decodeJwt(token).iat) - Date.now() / 1000;
    assert.ok(Math.abs(apart - seconds) < 60, "the server's clock is the one that was set");
    gone.push(token);
  }
  await until("all say so of what was revoked", async () => {
    const all = await host.check(gone);
    assert.ok(all.every(({ accepted }) => accepted === undefined));
    return all.every(({ revoked }) => revoked === 3);
  });
});

async function startWorld(t: TestContext): Promise<World> {
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => server.close());
  return prepareWorld(server);
}

async function hostUnder(
  t: TestContext,
  world: World,
  env: Readonly<Record<string, string>>,
  leaseInterval?: number,
): Promise<Host> {
  const long = leaseInterval === undefined ? {} : { leaseInterval, maxStaleness: 300 };
  const host = await startHost(1, { ...world.options, onStale: "reject", ...long }, env);
  t.after(() => host.close());
  return host;
}

/** Somebody waits for an order, so that every verifier acknowledges it at once. */
async function askForLease(world: World): Promise<void> {
  const { server, app } = world;
  const [authorization, token] = [basic(app.client_id, app.client_secret), await world.token()];
  const headers = { authorization, prefer: "wait=5", "content-type": "application/x-www-form-urlencoded" };
  const { status } = await server.ask(
    "POST",
    "/oauth2/revoke",
    headers,
    new URLSearchParams({ token }).toString(),
  );
  assert.equal(status, 200);
}
