// FAULTS row 29: no file descriptor is left. New connections are turned away, those that are open go on, the process
// survives, and as soon as descriptors are free a revocation works over a new connection too.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { descriptorsOf, setLimit } from "./limits.ts";
import { startServerProcess, Unanswered } from "./server-process.ts";
import { until } from "./until.ts";

test("FAULTS 29 a server without a free descriptor survives, serves whom it knows, and recovers", async (t) => {
  const server = await startServerProcess({ flags: ["--log-level", "error"] });
  t.after(() => server.close());
  const client = await server.registerClient({ access_token_format: "opaque" });
  const [first, second] = [await server.clientToken(client), await server.clientToken(client)];
  const limit = descriptorsOf(server.pid) + 8;
  setLimit(server.pid, `--nofile=${limit}:`);

  const port = Number(new URL(server.issuer).port);
  const idle: Socket[] = [];
  t.after(() => {
    for (const socket of idle) socket.destroy();
  });
  for (let i = 0; i < 200; i++) idle.push(connect(port, "127.0.0.1").on("error", () => undefined));
  await Promise.all(idle.map((socket) => Promise.race([once(socket, "connect"), once(socket, "close")])));
  await until("no descriptor is left", async () => {
    await server.ask("GET", "/healthz"); // the server would close the connection of the requests before, if it were idle
    return descriptorsOf(server.pid) >= limit;
  });

  // That connection is still open.
  assert.equal((await server.form("/oauth2/revoke", { token: first }, client)).status, 200);
  assert.equal(await server.isActive(first), false);
  const newConnection = fetch(`${server.issuer}/healthz`, {
    headers: { connection: "close" },
    signal: AbortSignal.timeout(2000),
  });
  await assert.rejects(newConnection, "a new connection is turned away or waits");
  assert.equal(server.isRunning, true);

  for (const socket of idle) socket.destroy();
  server.disconnect();
  await until("revoking works over a new connection", async () => {
    try {
      return (await server.form("/oauth2/revoke", { token: second }, client)).status === 200;
    } catch (cause) {
      if (cause instanceof Unanswered) return false;
      throw cause;
    }
  });
  assert.equal(await server.isActive(second), false);
  assert.equal(server.isRunning, true);
});
