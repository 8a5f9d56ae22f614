// `rescind drill` beside a real API with the verifier and one that never asks about revocation: it tells them apart.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { createVerifier, type Verifier } from "@rescind/verifier";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { rescind } from "../../packages/cli/test/command.ts";
import { startTestServer, type TestServer } from "../running-server.ts";

const audience = "https://orders.example";
let server: TestServer;
let verifier: Verifier;
const closing: (() => void)[] = [];

before(async () => {
  server = await startTestServer();
  const api = await server.registerClient({ scope: "rescind:feed rescind:introspect" });
  const { client_id: clientId, client_secret: clientSecret } = api;
  verifier = await createVerifier({ issuer: server.issuer, audience, clientId, clientSecret });
});

after(async () => {
  for (const close of closing) close();
  await verifier.close();
  await server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const api = createServer(listener);
  api.listen(0, "127.0.0.1");
  await once(api, "listening");
  closing.push(
    () => api.close(),
    () => api.closeAllConnections(),
  );
  const { port } = api.address() as AddressInfo;
  return `http://127.0.0.1:${port}/orders`;
}

/** An API as there are many: signature and expiry, nothing else. */
function unaware(): RequestListener {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth2/jwks`));
  return async (request, response) => {
    const token = (request.headers.authorization ?? "").replace("Bearer ", "");
    const genuine = await jwtVerify(token, keys, { audience }).then(
      () => true,
      () => false,
    );
    response.writeHead(genuine ? 200 : 401).end();
  };
}

function aware(): RequestListener {
  return verifier.node({ scope: "orders:read" }, (_request, response) => response.end("{}"));
}

async function drill(apis: readonly string[], more: readonly string[] = [], input = "") {
  const args = ["drill", "--data", server.data, "--json", "--within", "8", ...more];
  return rescind([...args, ...apis.flatMap((url) => ["--api", url])], { input });
}

const canary = ["--audience", audience, "--scope", "orders:read"];

describe("rescind drill", () => {
  test("reports how long an API with the verifier went on accepting, and exits with 0", async () => {
    const url = await serve(aware());
    for (const _ of ["first", "again, with the same client"]) {
      const { status, stdout, stderr } = await drill([url], canary);
      assert.equal(status, 0, stderr);
      const { apis, seq } = JSON.parse(stdout);
      assert.ok(seq > 0);
      assert.deepEqual([apis[0].before, apis[0].after], [200, 401]);
      assert.ok(apis[0].refused_after_ms < 8000, stdout);
      assert.doesNotMatch(stdout + stderr, /eyJ/, "WEB-16 no token is printed");
    }
  });

  test("names the API that never refuses, and exits with 1", async () => {
    const [good, bad] = [await serve(aware()), await serve(unaware())];
    const { status, stdout, stderr } = await drill([good, bad], canary);
    assert.equal(status, 1);
    const { apis } = JSON.parse(stdout);
    assert.notEqual(apis[0].refused_after_ms, null);
    assert.equal(apis[1].refused_after_ms, null);
    assert.match(stderr, new RegExp(`1 of 2 did not refuse the token: ${bad}`));
  });

  test("revokes nothing where an API does not take the token at all", async () => {
    const url = await serve(aware());
    const { status, stderr } = await drill([url], ["--audience", "https://other.example"]);
    assert.equal(status, 1);
    assert.match(stderr, /answers 401 to a good token.*Nothing was revoked/);
    assert.equal((await drill(["http://127.0.0.1:1/"], canary)).status, 1);
  });

  test("takes a token of one's own only with --yes where there is nobody to ask", async () => {
    const url = await serve(aware());
    const client = await server.registerClient({ scope: "orders:read", audience: [audience] });
    const token = await server.clientToken(client, { scope: "orders:read" });
    assert.equal((await drill([url], ["--token", "-"], token)).status, 2);
    assert.equal((await server.introspect(token)).active, true);
    assert.equal((await drill([url], ["--token", "-", "--yes"], token)).status, 0);
    assert.equal((await server.introspect(token)).active, false);
  });

  test("refuses what is no URL, and a scope beside a token, as wrong usage", async () => {
    assert.equal((await drill(["ftp://api.example"], canary)).status, 2);
    assert.equal((await drill([])).status, 2);
    assert.equal((await drill(["http://127.0.0.1:1/"], ["--token", "x", "--scope", "a"])).status, 2);
  });
});
