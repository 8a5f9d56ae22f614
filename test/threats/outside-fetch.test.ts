// THREATS.md WEB-01: what the server fetches for others, the keys of private_key_jwt clients. On an https issuer no
// private address is ever connected to, whatever names it; anywhere no redirect is followed and nothing is waited for
// or read without end.

import assert from "node:assert/strict";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer, type Server } from "node:net";
import { after, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { type Answered, startTestServer, type TestServer } from "../running-server.ts";

const keys = await generateKeyPair("ES256");
const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one" };
const keySet = JSON.stringify({ keys: [jwk] });

const strict = await startTestServer(["--issuer", "https://as.example"]);
const lenient = await startTestServer();
after(() => Promise.all([strict.close(), lenient.close()]));

async function register(server: TestServer, jwks_uri: string): Promise<Answered> {
  const grant_types = ["client_credentials"];
  const body = { name: "x", grant_types, token_endpoint_auth_method: "private_key_jwt", jwks_uri };
  return server.admin("POST", "/admin/v1/clients", body);
}

async function authenticate(server: TestServer, clientId: string): Promise<Answered> {
  const client_assertion = await new SignJWT({ jti: crypto.randomUUID() })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(server.issuer)
    .setExpirationTime("5m")
    .sign(keys.privateKey);
  const client_assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
  return server.form("/oauth2/token", {
    grant_type: "client_credentials",
    client_assertion_type,
    client_assertion,
  });
}

async function listen(server: Server, host: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** A web server of this machine that counts what it is asked. */
async function serve(
  handle: RequestListener,
): Promise<{ readonly url: string; readonly hits: () => number }> {
  let hits = 0;
  const server = createHttpServer((request, response) => {
    hits += 1;
    handle(request, response);
  });
  after(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${await listen(server, "127.0.0.1")}/jwks`, hits: () => hits };
}

test("WEB-01 with an https issuer no spelling of a private address is accepted or connected to: the canary sees nothing", async () => {
  let connections = 0;
  const canary = (): Server =>
    createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
  const v4 = await listen(canary(), "127.0.0.1");
  const v6 = await listen(canary(), "::1").catch(() => v4);
  const literal = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.0.0.2",
    "0.0.0.0",
    "0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[64:ff9b::7f00:1]",
    "169.254.169.254",
    "[fd00:ec2::254]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "[fe80::1]",
    "[fc00::1]",
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
  ];
  for (const host of literal)
    for (const port of [v4, v6]) {
      const answer = await register(strict, `https://${host}:${port}/jwks`);
      assert.equal(answer.status, 400, host);
      assert.match(answer.text, /\/jwks_uri/);
    }
  for (const uri of [
    "http://example.com/jwks",
    "https://user:pass@example.com/",
    "file:///etc/passwd",
    "https://x/#a",
  ])
    assert.equal((await register(strict, uri)).status, 400, uri);
  for (const host of ["localhost", "LOCALHOST", "localhost.", "a.localhost", "ip6-localhost"]) {
    const { status, json } = await register(strict, `https://${host}:${v4}/jwks`);
    if (status === 400 && host !== "localhost") continue; // refused already by its name
    assert.equal(status, 201, host);
    const refused = await authenticate(strict, String(json.client_id));
    assert.equal(refused.status, 401, host);
    assert.equal(refused.json.error, "invalid_client");
  }
  assert.equal(connections, 0);
});

test("WEB-01 an upstream provider is asked at no private address, whatever names it, and no redirect is followed", async () => {
  const add = (server: TestServer, issuer: string) => {
    const body = { upstream_id: "x", name: "X", client_id: "x", issuer };
    return server.admin("POST", "/admin/v1/upstreams", body);
  };
  const canary = await serve((_request, response) => response.end("{}"));
  const port = new URL(canary.url).port;
  for (const [issuer, message] of [
    [`https://127.0.0.1:${port}`, /must not name a private address/],
    [`https://[::ffff:127.0.0.1]:${port}`, /must not name a private address/],
    [`http://idp.example:${port}`, /must be an https URL/],
    [`https://localhost:${port}`, /resolves to a private address/],
  ] as const) {
    const { status, json } = await add(strict, issuer);
    assert.equal(status, 400, issuer);
    assert.match(String(json.detail), message);
  }
  const elsewhere = await serve((_request, response) =>
    response.writeHead(302, { location: canary.url }).end(),
  );
  const redirected = await add(lenient, new URL(elsewhere.url).origin);
  assert.match(String(redirected.json.detail), /answered with status 302/);
  assert.deepEqual([elsewhere.hits(), canary.hits()], [1, 0]);
});

test("WEB-01 changing a client's jwks_uri is checked like registering it", async () => {
  const { json } = await register(strict, "https://keys.example/jwks");
  for (const jwks_uri of ["https://127.0.0.1/jwks", "http://keys.example/jwks", "https://[::1]/"]) {
    const answer = await strict.admin("PATCH", `/admin/v1/clients/${json.client_id}`, { jwks_uri });
    assert.equal(answer.status, 400, jwks_uri);
  }
});

test("on an http issuer of this machine private addresses may be fetched, and keys are remembered", async () => {
  const server = await serve((_request, response) => response.end(keySet));
  const { json } = await register(lenient, server.url);
  for (let i = 0; i < 3; i++) assert.equal((await authenticate(lenient, String(json.client_id))).status, 200);
  assert.equal(server.hits(), 1);
});

test("WEB-01 no redirect is followed, whatever its status", async () => {
  const target = await serve((_request, response) => response.end(keySet));
  for (const status of [301, 302, 303, 307, 308]) {
    const redirecting = await serve((_request, response) =>
      response.writeHead(status, { location: target.url }).end(keySet),
    );
    const { json } = await register(lenient, redirecting.url);
    assert.equal((await authenticate(lenient, String(json.client_id))).json.error, "invalid_client");
    assert.equal(redirecting.hits(), 1);
  }
  assert.equal(target.hits(), 0);
});

test("WEB-01 an answer that is an error, no JSON, no key set, too large or too slow gives no key, and no defect", async () => {
  const handlers: Record<string, RequestListener> = {
    error: (_request, response) => response.writeHead(500).end(keySet),
    "no JSON": (_request, response) => response.end("<html>"),
    "no key set": (_request, response) => response.end('{"keys":"one"}'),
    null: (_request, response) => response.end("null"),
    "other keys": (_request, response) => response.end('{"keys":[{"kty":"oct","k":"AA","kid":"one"}]}'),
    "too large": (_request, response) =>
      response.end(`{"keys":[${JSON.stringify(jwk)}],"x":"${"x".repeat(70_000)}"}`),
    "without end": (_request, response) => {
      const timer = setInterval(() => response.write("x".repeat(100_000)), 1);
      response.on("close", () => clearInterval(timer));
    },
    "too slow": () => undefined,
    cut: (request) => request.socket.destroy(),
  };
  await Promise.all(
    Object.entries(handlers).map(async ([what, handle]) => {
      const { url } = await serve(handle);
      const { json } = await register(lenient, url);
      const answer = await authenticate(lenient, String(json.client_id));
      assert.equal(answer.status, 401, what);
      assert.equal(answer.json.error, "invalid_client", what);
    }),
  );
});
