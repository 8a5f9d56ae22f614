// nginx from Debian's packages with the files of examples/connectors/nginx: by auth_request to the follower, and by njs to
// the introspection endpoint.

import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../free-port.ts";
import { until } from "../until.ts";
import { livesThrough } from "./life.ts";
import {
  type Application,
  installed,
  kitFile,
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

before(async () => {
  world = await startWorld();
  application = await startApplication();
});

after(async () => {
  await application.close();
  await world.close();
});

test("nginx asks the follower: a good token is served, a revoked one refused, and everything while the follower is away", async (t) => {
  const port = await freePort();
  const nginx = await startNginx(
    "",
    (listen) => kitFile("nginx/auth-request.conf", { ...listen, "127.0.0.1:9480": world.follower }),
    port,
  );
  t.after(nginx.close);
  const url = `http://127.0.0.1:${port}/orders`;
  const kit = { url, log: nginx.log, forScope: 403, undecided: 503 };
  const follower = await livesThrough(world, kit, () => world.follow());
  await follower.stop();
});

test("nginx with njs asks the server: a revoked token is refused by the first request, and everything while the server is away", async (t) => {
  const port = await freePort();
  const { client_id, client_secret } = world.api;
  const nginx = await startNginx(
    "load_module modules/ngx_http_js_module.so;",
    (listen) =>
      kitFile("nginx/introspection.conf", {
        ...listen,
        "http://127.0.0.1:9400": world.server.base,
        CREDENTIALS: btoa(`${client_id}:${client_secret}`),
      }),
    port,
  );
  t.after(nginx.close);
  const { server, shop } = world;
  const url = `http://127.0.0.1:${port}/orders`;
  const [token, other, poor] = await Promise.all(
    ["orders:read", "orders:read", "orders:write"].map((scope) => server.clientToken(shop, { scope })),
  );
  assert.equal(await statusOf(url, token), 200, nginx.log());
  assert.equal(await statusOf(url), 401);
  assert.equal(await statusOf(url, `${token}x`), 401);
  assert.equal(await statusOf(url, poor), 403);
  const elsewhere = await server.clientToken(await server.registerClient({ scope: "orders:read" }));
  assert.equal(await statusOf(url, elsewhere), 401);
  assert.equal((await server.form("/oauth2/revoke", { token: String(token) }, shop)).status, 200);
  assert.equal(await statusOf(url, token), 401);
  assert.equal(await statusOf(url, other), 200);
  await server.close();
  assert.equal(await statusOf(url, other), 503);
});

interface Nginx {
  log(): string;
  close(): Promise<void>;
}

async function startNginx(
  modules: string,
  configuration: (listen: Record<string, string>) => string,
  port: number,
): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "rescind-nginx-"));
  chmodSync(folder, 0o755); // started as root its workers are nobody
  cpSync(join(kits, "nginx/introspection.js"), join(folder, "introspection.js"));
  const kit = configuration({
    "127.0.0.1:8080": `127.0.0.1:${port}`,
    "http://127.0.0.1:3000": `http://127.0.0.1:${application.port}`,
  });
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    join(folder, "nginx.conf"),
    `${modules.replace("modules/", "/usr/lib/nginx/modules/")}
     daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr;
     events {}
     http { access_log off; ${temporary.join(" ")} ${kit} }`,
  );
  const program = installed("nginx", "nginx-light libnginx-mod-http-js");
  const running: Running = run(program, ["-p", folder, "-c", join(folder, "nginx.conf")]);
  const close = async () => {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await until(async () => {
      assert.equal(running.child.exitCode, null, running.log());
      return (await statusOf(`http://127.0.0.1:${port}/nothing-here`)) === 404;
    });
  } catch (error) {
    await close();
    throw error;
  }
  return { log: running.log, close };
}
