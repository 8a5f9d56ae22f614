// What `rescind doctor` says of the cache of the server it asks.

import assert from "node:assert/strict";
import { test } from "node:test";
import { rescind } from "../../packages/cli/test/command.ts";
import { startTestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { startRedis } from "./redis.ts";

test("doctor names what is wrong with the cache, and how to mend it", async (t) => {
  const redis = await startRedis(["--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"]);
  t.after(() => redis.close());
  const server = await startTestServer(["--cache", redis.url]);
  t.after(() => server.close());
  const cacheIs = (state: string) =>
    until(async () => (await server.request("/readyz")).json.cache === state);
  const finding = async (): Promise<Record<string, string>> => {
    const { stdout } = await rescind(["doctor", "--json", "--server", server.base], {
      env: { RESCIND_ADMIN_TOKEN: await server.adminToken() },
    });
    const { findings } = JSON.parse(stdout) as { findings: Record<string, string>[] };
    return findings.find(({ check }) => check === "cache") ?? assert.fail(stdout);
  };

  await cacheIs("evicting");
  const evicting = await finding();
  assert.equal(evicting.result, "failed");
  assert.match(evicting.mend ?? "", /noeviction/);
  await redis.ask.config("SET", "maxmemory-policy", "noeviction");
  await cacheIs("held");
  assert.equal((await finding()).result, "ok");
  await redis.kill();
  await cacheIs("down");
  assert.equal((await finding()).result, "failed");
});
