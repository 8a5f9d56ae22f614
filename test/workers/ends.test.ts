// A server with workers stops whole: by a signal with everything answered, and when one of its workers ends by itself.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { requireStatus, startServerProcess } from "../faults/server-process.ts";

test("a worker that ends by itself ends the server, with everything answered on disk; a signal ends it with 0", async (t) => {
  const order = join(tmpdir(), `rescind-worker-ends-${process.pid}`);
  // The fault: the second worker throws where nobody catches it, when it is told to.
  const fault = `import { existsSync } from "node:fs"; import { workerData } from "node:worker_threads";
    if (workerData?.number === 2) setInterval(() => { if (existsSync(${JSON.stringify(order)})) throw new Error("a defect"); }, 20).unref();`;
  const preload = `--import=data:text/javascript,${encodeURIComponent(fault)}`;
  const flags = ["--workers", "2", "--log-level", "info"];
  const server = await startServerProcess({ nodeFlags: [preload], flags });
  t.after(async () => {
    rmSync(order, { force: true });
    await server.close();
  });
  const client = await server.registerClient();
  const [live, ended] = [await server.clientToken(client), await server.clientToken(client)];
  requireStatus(await server.form("/oauth2/revoke", { token: ended }, client), 200);
  writeFileSync(order, "");
  assert.deepEqual(await server.ended, { code: 1, signal: null });
  assert.match(server.output, /a defect/);
  rmSync(order);
  server.disconnect();
  await server.start();
  assert.deepEqual([await server.isActive(live), await server.isActive(ended)], [true, false]);
  server.signal("SIGTERM");
  assert.deepEqual(await server.ended, { code: 0, signal: null });
});

test("a signal that comes as soon as the first worker answers, before all is put together, ends it with 0 as well", async (t) => {
  const server = await startServerProcess({ flags: ["--workers", "2"] });
  t.after(() => server.close());
  for (let times = 0; times < 2; times++) {
    server.signal("SIGTERM");
    assert.deepEqual(await server.ended, { code: 0, signal: null });
    server.disconnect();
    await server.start();
  }
});
