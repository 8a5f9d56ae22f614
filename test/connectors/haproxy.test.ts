// HAProxy from Debian's packages with the files of examples/connectors/haproxy, its map kept by the follower.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../free-port.ts";
import { until } from "../until.ts";
import { livesThrough } from "./life.ts";
import {
  type Application,
  installed,
  kits,
  type Running,
  run,
  startApplication,
  startWorld,
  statusOf,
  type World,
} from "./programs.ts";

let world: World;
let application: Application;
let haproxy: Running;
let url: string;
const folder = mkdtempSync(join(tmpdir(), "rescind-haproxy-"));
const socket = join(folder, "haproxy.sock");

before(async () => {
  world = await startWorld();
  application = await startApplication();
  writeFileSync(join(folder, "live.map"), "");
  const listen = `127.0.0.1:${await freePort()}`;
  url = `http://${listen}/orders`;
  haproxy = run(installed("haproxy", "haproxy"), ["-db", "-f", join(kits, "haproxy/haproxy.cfg")], {
    RESCIND_RUN: folder,
    RESCIND_KIT: join(kits, "haproxy"),
    RESCIND_FOLLOWER: world.follower,
    API_LISTEN: listen,
    APPLICATION: `127.0.0.1:${application.port}`,
  });
  await until(async () => {
    assert.equal(haproxy.child.exitCode, null, haproxy.log());
    return (await statusOf(url)) === 503;
  });
});

after(async () => {
  await haproxy?.stop();
  await application.close();
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

const follow = () => world.follow({ HAPROXY_SOCKET: socket, HAPROXY_MAP: join(folder, "live.map") });

test("HAProxy serves by its map, drops a revoked token from it, refuses without a lease and starts over with a new follower", async (t) => {
  const kit = { url, log: haproxy.log, forScope: 403, undecided: 503 };
  const follower = await livesThrough(world, kit, follow);
  t.after(() => follower.stop());
  const token = await world.server.clientToken(world.shop, { scope: "orders:read" });
  // A follower that starts its map over asks again for what it had been asked.
  await until(
    async () =>
      (await statusOf(url, token)) === 200 &&
      (await told(`show map ${join(folder, "live.map")}`)).includes(world.shop.client_id),
  );

  const twice = `GET /orders HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer x\r\n\r\n`;
  assert.match(await spoken(Number(new URL(url).port), twice), /^HTTP\/1\.1 400 /);
});

test("HAProxy with a stopped follower counts on its map only until the lease has run out, and drops what was revoked meanwhile when it goes on", async (t) => {
  const follower = await follow();
  t.after(() => follower.stop("SIGKILL"));
  const token = await world.server.clientToken(world.shop, { scope: "orders:read" });
  const key = `show map ${join(folder, "live.map")}`;
  await until(
    async () => (await statusOf(url, token)) === 200 && (await told(key)).includes(world.shop.client_id),
  );
  follower.child.kill("SIGSTOP");
  assert.equal((await world.server.form("/oauth2/revoke", { token }, world.shop)).status, 200);
  await until(async () => !(await told("show table rescind_lease")).includes("key=lease"));
  assert.ok((await told(key)).includes(world.shop.client_id), "the map itself still holds the token");
  assert.equal(await statusOf(url, token), 503, "a follower that hangs is one that is away");
  // Gone on, it may for its maxStaleness say what it knew; then HAProxy refuses and has forgotten.
  follower.child.kill("SIGCONT");
  await until(async () => (await statusOf(url, token)) === 401);
  await until(async () => !(await told(key)).includes(world.shop.client_id));
});

/** What HAProxy answers to one line over its runtime socket. */
function told(line: string): Promise<string> {
  return heard(connect(socket), `${line}\n`);
}

function spoken(port: number, text: string): Promise<string> {
  return heard(connect(port, "127.0.0.1"), text.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
}

async function heard(connection: ReturnType<typeof connect>, text: string): Promise<string> {
  connection.write(text);
  let said = "";
  for await (const chunk of connection.setEncoding("utf8")) said += chunk;
  return said;
}
