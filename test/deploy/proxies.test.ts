// nginx, HAProxy and Caddy from Debian's packages with the files of deploy/proxies, TLS included, in front of two nodes over one
// PostgreSQL database whose issuer is https.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { type RequestOptions, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { installed, type Running, run } from "../connectors/programs.ts";
import { freePort } from "../free-port.ts";
import { type Nodes, startNodes } from "../nodes.ts";
import type { RegisteredClient, TestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { text } from "./files.ts";

const issuer = "https://auth.example";
const scratch = mkdtempSync(join(tmpdir(), "rescind-proxies-"));
let nodes: Nodes;
/** The first node, asked past the proxy. */
let server: TestServer;
let addresses: Record<string, string>;

before(async () => {
  chmodSync(scratch, 0o755); // started as root, nginx's workers are somebody else
  certificate();
  nodes = await startNodes(2, { flags: ["--issuer", issuer, "--trusted-proxies", "127.0.0.1"] });
  server = nodes.node(0);
  const [first, second] = nodes.nodes.map(({ base }) => new URL(base).host);
  addresses = { "10.94.0.21:9400": first ?? "", "10.94.0.22:9400": second ?? "" };
});
after(async () => {
  await nodes?.close();
  rmSync(scratch, { recursive: true, force: true });
});

interface Proxy {
  readonly port: number;
  readonly plainPort: number;
  readonly running: Running;
}

describe("nginx", () => behind(startNginx));
describe("HAProxy", () => behind(startHaproxy));
// Debian's Caddy 2.6 cannot send a form's body to another node once it has begun to.
describe("Caddy", () => behind(startCaddy, { retriesForms: false }));

function behind(start: () => Promise<Proxy>, { retriesForms } = { retriesForms: true }): void {
  let proxy: Proxy;
  before(async () => {
    proxy = await start();
  });
  after(() => proxy?.running.stop());
  const ask = (path: string, options: Asked = {}) => exchange(proxy.port, path, options);
  /** As a client would that is answered 502 by such a proxy. */
  const askAgain = (path: string, options: Asked) =>
    until(async () => {
      const answer = await ask(path, options);
      return (retriesForms || answer.status < 500) && answer;
    });

  const issueAndRevoke = async (client: RegisteredClient): Promise<void> => {
    const issued = await askAgain("/oauth2/token", { form: { grant_type: "client_credentials" }, client });
    assert.equal(issued.status, 200, issued.body);
    const token = String(JSON.parse(issued.body).access_token);
    assert.equal((await askAgain("/oauth2/revoke", { form: { token }, client })).status, 200);
    const { status, body } = await askAgain("/oauth2/introspect", { form: { token }, client });
    assert.deepEqual([status, body], [200, '{"active":false}']);
  };

  test("the issuer is reached under its https name, and the answer says to stay there", async () => {
    const { status, headers, body } = await ask("/.well-known/openid-configuration");
    assert.equal(status, 200, proxy.running.log());
    assert.equal(JSON.parse(body).issuer, issuer);
    assert.match(String(headers["strict-transport-security"]), /^max-age=\d{8}/);
  });

  test("a form sent in the clear is refused, a page is sent to https", async () => {
    const form = await plainly(proxy.plainPort, "/oauth2/token", "POST");
    assert.equal(form.status, 403);
    const page = await plainly(proxy.plainPort, "/account/", "GET");
    assert.equal(page.status, 301);
    assert.equal(page.location, `${issuer}/account/`);
  });

  test("what one node has revoked is refused through the proxy at once, by whichever node answers", async () => {
    const client = await server.registerClient({ access_token_format: "opaque" });
    for (let time = 0; time < 4; time++) await issueAndRevoke(client);
  });

  test("a node that restarts is not noticed: every form is answered", async () => {
    const client = await server.registerClient({ access_token_format: "opaque" });
    let restarted = false;
    const restart = nodes
      .node(1)
      .restart()
      .finally(() => {
        restarted = true;
      });
    let times = 0;
    for (; !restarted || times < 2; times++) await issueAndRevoke(client);
    await restart;
    assert.ok(times >= 2);
  });

  test("an entry of the feed arrives at once, and the stream stays open", async (t) => {
    const token = await server.tokenWithScope("rescind:feed");
    const client = await server.registerClient();
    const revoked = await server.clientToken(client);
    const stream = await open(proxy.port, "/revocations?after=0", {
      authorization: `Bearer ${token}`,
      accept: "text/event-stream",
    });
    t.after(stream.close);
    assert.equal(stream.status, 200);
    const { headers } = await server.form("/oauth2/revoke", { token: revoked }, client);
    const seq = headers.get("rescind-seq");
    assert.ok(seq !== null);
    // What is committed next would push it out of a buffer: nothing is.
    await until(async () => stream.received().includes(`id: ${seq}.`));
    assert.ok(stream.isOpen());
  });

  test("a bulk order of 2 MiB passes, and a form of 65 KiB does not", async () => {
    const ids = Array.from({ length: 200 }, (_, number) => ({ token_id: `tid_${number}` }));
    const json = `${JSON.stringify({ select: ids })}${" ".repeat(2 * 1024 * 1024)}`;
    const authorization = `Bearer ${await server.adminToken()}`;
    const bulk = await ask("/admin/v1/revocations/bulk", { json, headers: { authorization } });
    assert.notEqual(bulk.status, 413, bulk.body);
    const form = await ask("/oauth2/revoke", { form: { token: "x".repeat(65 * 1024) } });
    assert.equal(form.status, 413);
  });

  test("a caller cannot choose its address: reports of leaked tokens are counted by the real one", async () => {
    const statuses = new Set<number>();
    // As many as it takes until the nodes have told each other what they counted.
    for (let time = 0; time < 1000 && !statuses.has(429); time++) {
      const headers = { "x-forwarded-for": `192.0.2.${time % 250}`, forwarded: `for=192.0.2.${time % 250}` };
      statuses.add((await ask("/leaked-tokens", { json: '{"tokens":["made-up"]}', headers })).status);
    }
    assert.ok(statuses.has(429), [...statuses].join(" "));
  });

  test("metrics are not shown to the outside", async () => {
    assert.equal((await ask("/metrics")).status, 404);
    const inside = await fetch(`${server.base}/metrics`);
    assert.equal(inside.status, 200, "from the machine itself they are");
    await inside.arrayBuffer();
  });
}

async function startNginx(): Promise<Proxy> {
  const [port, plainPort] = [await freePort(), await freePort()];
  const folder = join(scratch, "nginx");
  mkdirSync(folder);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(" ");
  const replaced = replace("proxies/nginx.conf", {
    ...addresses,
    "listen 443 ssl": `listen 127.0.0.1:${port} ssl`,
    "listen 80": `listen 127.0.0.1:${plainPort}`,
    "/run/secrets/tls_certificate": join(scratch, "certificate.pem"),
    "/run/secrets/tls_key": join(scratch, "key.pem"),
    "/run/nginx.pid": join(folder, "nginx.pid"),
    "/dev/stdout": join(folder, "access.log"),
    "http {": `http { ${temporary}`,
  });
  writeFileSync(join(folder, "nginx.conf"), replaced);
  const arguments_ = ["-p", folder, "-c", join(folder, "nginx.conf"), "-g", "daemon off;"];
  return serving(port, plainPort, run(installed("nginx", "nginx-light"), arguments_));
}

async function startHaproxy(): Promise<Proxy> {
  const [port, plainPort] = [await freePort(), await freePort()];
  const path = join(scratch, "haproxy.cfg");
  const replaced = replace("proxies/haproxy.cfg", {
    ...addresses,
    "maxconn 50000": "maxconn 2000", // this process may not open so many files
    "bind :443": `bind 127.0.0.1:${port}`,
    "bind :80": `bind 127.0.0.1:${plainPort}`,
    "/etc/haproxy/certificates": join(scratch, "both.pem"),
  });
  writeFileSync(path, replaced);
  return serving(port, plainPort, run(installed("haproxy", "haproxy"), ["-db", "-f", path]));
}

async function startCaddy(): Promise<Proxy> {
  const [port, plainPort] = [await freePort(), await freePort()];
  const path = join(scratch, "Caddyfile");
  const [chain, key] = [join(scratch, "certificate.pem"), join(scratch, "key.pem")];
  const replaced = replace("proxies/Caddyfile", {
    ...addresses,
    "http://auth.example {": `http://auth.example:${plainPort} {\n\tbind 127.0.0.1`,
    // Nobody would give it a certificate here.
    "https://auth.example {": `https://auth.example:${port} {\n\tbind 127.0.0.1\n\ttls ${chain} ${key}`,
  });
  writeFileSync(path, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${replaced}`);
  const arguments_ = ["run", "--adapter", "caddyfile", "--config", path];
  const program = installed("caddy", "caddy");
  return serving(port, plainPort, run(program, arguments_, { HOME: scratch, XDG_DATA_HOME: scratch }));
}

async function serving(port: number, plainPort: number, running: Running): Promise<Proxy> {
  try {
    await until(async () => {
      assert.equal(running.child.exitCode, null, running.log());
      return (await exchange(port, "/readyz").catch(() => undefined))?.status === 200;
    });
  } catch (error) {
    await running.stop();
    throw error;
  }
  return { port, plainPort, running };
}

/** A file of deploy/ with what differs here; each has to be there, so that file and test cannot drift apart. */
function replace(path: string, replacements: Record<string, string>): string {
  let content = text(path);
  for (const [from, to] of Object.entries(replacements)) {
    assert.ok(content.includes(from), `${path} does not hold ${from}`);
    content = content.replaceAll(from, to);
  }
  return content;
}

function certificate(): void {
  const [key, chain] = [join(scratch, "key.pem"), join(scratch, "certificate.pem")];
  const subject = ["-subj", "/CN=auth.example", "-addext", "subjectAltName=DNS:auth.example"];
  const made = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
  ];
  execFileSync(installed("openssl", "openssl"), [...made, "-keyout", key, "-out", chain, ...subject], {
    stdio: "pipe",
  });
  writeFileSync(join(scratch, "both.pem"), readFileSync(chain, "utf8") + readFileSync(key, "utf8"));
}

interface Asked {
  readonly form?: Record<string, string> | undefined;
  readonly json?: string | undefined;
  readonly client?: { readonly client_id: string; readonly client_secret: string } | undefined;
  readonly headers?: Record<string, string> | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

/** How everybody reaches the proxy: under the issuer's name, whose certificate this is. */
function options(port: number, path: string, more: RequestOptions): RequestOptions {
  const ca = readFileSync(join(scratch, "certificate.pem"));
  return { host: "127.0.0.1", port, path, servername: "auth.example", ca, timeout: 60_000, ...more };
}

function exchange(port: number, path: string, asked: Asked = {}): Promise<Answer> {
  const { form, json, client } = asked;
  const body = form === undefined ? json : new URLSearchParams(form).toString();
  const headers: Record<string, string> = { host: "auth.example", ...asked.headers };
  if (client !== undefined)
    headers.authorization = `Basic ${btoa(`${client.client_id}:${encodeURIComponent(client.client_secret)}`)}`;
  if (form !== undefined) headers["content-type"] = "application/x-www-form-urlencoded";
  if (json !== undefined) headers["content-type"] = "application/json";
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const sent = request(options(port, path, { method, headers }), (response) => {
      let received = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        received += chunk;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }),
      );
    });
    sent.on("timeout", () => sent.destroy(new Error(`no answer for ${path}`)));
    sent.on("error", reject);
    sent.end(body);
  });
}

interface Stream {
  readonly status: number;
  received(): string;
  isOpen(): boolean;
  close(): void;
}

function open(port: number, path: string, headers: Record<string, string>): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const sent = request(
      options(port, path, { headers: { host: "auth.example", ...headers } }),
      (response) => {
        let received = "";
        response.setEncoding("utf8").on("data", (chunk) => {
          received += chunk;
        });
        response.on("error", () => undefined); // the test itself ends it
        resolve({
          status: response.statusCode ?? 0,
          received: () => received,
          isOpen: () => !response.closed && !response.readableEnded,
          close: () => void sent.destroy(),
        });
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

function plainly(port: number, path: string, method: string) {
  return new Promise<{ status: number; location: string | undefined }>((resolve, reject) => {
    const headers = { host: "auth.example" };
    const sent = plainRequest({ host: "127.0.0.1", port, path, method, headers }, (response) => {
      response.resume();
      const { location } = response.headers;
      response.on("end", () => resolve({ status: response.statusCode ?? 0, location }));
    });
    sent.on("error", reject);
    sent.end();
  });
}
