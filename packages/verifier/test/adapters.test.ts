// The adapters in front of the real frameworks: Express 5, Fastify 5, Hono, Koa, fetch handlers, node:http.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { getRequestListener } from "@hono/node-server";
import type { VerifiedToken, Verifier } from "@rescind/verifier";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { calculateJwkThumbprint, SignJWT } from "jose";
import Koa from "koa";
import type { FeedPeer } from "./feed-peer.ts";
import { makeSigner, type Signer } from "./peer-signer.ts";
import { startPeer, startVerifier } from "./running-verifier.ts";
import { until } from "./until.ts";

type Ask = (headers?: Record<string, string>, path?: string) => Promise<Response>;

async function serve(t: TestContext, server: Server): Promise<Ask> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return (headers = {}, path = "/orders") => fetch(`http://127.0.0.1:${port}${path}`, { headers });
}

const adapters: Record<string, (t: TestContext, verifier: Verifier) => Promise<Ask>> = {
  "Express 5": (t, verifier) => {
    const app = express();
    app.use(verifier.express({ scope: "orders:read" }));
    app.get("/orders", (request, response) => {
      response.json({ subject: Reflect.get(request, "auth").subject });
    });
    return serve(t, createServer(app));
  },
  "Fastify 5, onRequest": async (t, verifier) => {
    const app = fastify();
    app.addHook("onRequest", verifier.fastify({ scope: "orders:read" }));
    app.get("/orders", async (request) => ({ subject: Reflect.get(request, "auth").subject }));
    await app.ready();
    t.after(() => app.close());
    return serve(t, app.server);
  },
  "Fastify 5, preHandler of one route": async (t, verifier) => {
    const app = fastify();
    const guarded = { preHandler: verifier.fastify({ scope: ["orders:read"] }) };
    app.get("/orders", guarded, async (request) => ({ subject: Reflect.get(request, "auth").subject }));
    await app.ready();
    t.after(() => app.close());
    return serve(t, app.server);
  },
  "a fetch handler": async (_, verifier) => {
    const handler = verifier.fetchHandler(
      { scope: "orders:read" },
      (_request, token, env: { name: string }) => {
        assert.equal(env.name, "env");
        return Response.json({ subject: token.subject });
      },
    );
    return (headers = {}, path = "/orders") =>
      handler(new Request(`https://api.example${path}`, { headers }), { name: "env" });
  },
  Hono: (t, verifier) => {
    const app = new Hono<{ Variables: { auth: VerifiedToken } }>();
    app.use(verifier.hono({ scope: "orders:read" }));
    app.get("/orders", (context) => context.json({ subject: context.get("auth").subject }));
    return serve(t, createServer(getRequestListener(app.fetch)));
  },
  Koa: (t, verifier) => {
    const app = new Koa<{ auth?: VerifiedToken | undefined }>();
    app.use(verifier.koa({ scope: "orders:read" }));
    app.use((context) => {
      context.body = { subject: context.state.auth?.subject };
    });
    return serve(t, createServer(app.callback()));
  },
  "node:http": (t, verifier) =>
    serve(
      t,
      createServer(
        verifier.node({ scope: "orders:read" }, (_request, response, token) => {
          response.end(JSON.stringify({ subject: token.subject }));
        }),
      ),
    ),
  "node:http through the Express middleware": (t, verifier) => {
    const check = verifier.express({ scope: "orders:read" });
    return serve(
      t,
      createServer((request, response) => {
        void check(request, response, () => {
          response.end(JSON.stringify({ subject: Reflect.get(request, "auth").subject }));
        });
      }),
    );
  },
};

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

for (const [name, start] of Object.entries(adapters)) {
  test(`${name}: a good token is let through with its claims, by any case of the scheme`, async (t) => {
    const peer = await startPeer(t);
    const ask = await start(t, await startVerifier(t, peer));
    const token = await peer.issue();
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      const response = await ask({ authorization: `${scheme} ${token}` });
      assert.equal(response.status, 200);
      assert.deepEqual(await response.json(), { subject: "usr_1" });
    }
  });

  test(`${name}: refusals follow RFC 6750 section 3`, async (t) => {
    const peer = await startPeer(t);
    const ask = await start(t, await startVerifier(t, peer));
    for (const headers of [{}, { authorization: "Basic YTpi" }])
      assertRefused(await ask(headers), 401, 'Bearer scope="orders:read"');
    const invalid = /^Bearer error="invalid_token", error_description="[^"]+", scope="orders:read"$/;
    for (const authorization of [
      "Bearer",
      "Bearer ",
      "Bearer a b",
      "Bearer a,b",
      "Bearer not.a.jwt",
      "Bearer x",
    ])
      assertRefused(await ask({ authorization }), 401, invalid);
    assertRefused(await ask(bearer(await peer.issue({ exp: 1 }))), 401, invalid);
    const poor = await ask(bearer(await peer.issue({ scope: "orders:write" })));
    assertRefused(poor, 403, /^Bearer error="insufficient_scope", .*scope="orders:read"$/);
    assert.match(await poor.text(), /"error":"insufficient_scope"/);
  });

  test(`${name}: a token bound to a key is let through with a proof for this request only`, async (t) => {
    const peer = await startPeer(t);
    const ask = await start(t, await startVerifier(t, peer));
    const key = await makeSigner("client", "ES256");
    const token = await peer.issue({ cnf: { jkt: await calculateJwkThumbprint(key.publicJwk) } });
    const proven = async (path: string) => ({
      authorization: `DPoP ${token}`,
      dpop: await proofOf(key, token, `https://api.example${path}`),
    });
    assert.equal((await ask(bearer(token))).status, 401);
    assert.equal((await ask(await proven("/orders"), "/orders?page=2")).status, 200);
    assert.equal((await ask(await proven("/other"))).status, 401);
  });

  test(`${name}: a token anywhere but in the header is not looked at`, async (t) => {
    const peer = await startPeer(t);
    const ask = await start(t, await startVerifier(t, peer));
    const token = await peer.issue();
    const response = await ask({ cookie: `access_token=${token}` }, `/orders?access_token=${token}`);
    assert.equal(response.status, 401);
  });

  test(`${name}: a revoked token is refused with 401, one that cannot be judged with 503`, async (t) => {
    const peer = await startPeer(t);
    const verifier = await startVerifier(t, peer, { maxStaleness: 0.5 });
    const ask = await start(t, verifier);
    const token = await peer.issue({ jti: "tok_1" });
    assert.equal((await ask(bearer(token))).status, 200);
    peer.revoke("token", "tok_1");
    await until("it is refused", async () => (await ask(bearer(token))).status === 401);
    await cutOff(peer, verifier);
    const response = await ask(bearer(await peer.issue()));
    assert.equal(response.status, 503);
    assert.equal(response.headers.get("retry-after"), "1");
    assert.equal(response.headers.get("www-authenticate"), null);
  });
}

async function proofOf({ alg, privateKey, publicJwk }: Signer, token: string, htu: string): Promise<string> {
  const ath = createHash("sha256").update(token).digest("base64url");
  return new SignJWT({ jti: randomUUID(), htm: "GET", htu, ath })
    .setProtectedHeader({ alg, typ: "dpop+jwt", jwk: publicJwk })
    .setIssuedAt()
    .sign(privateKey);
}

function assertRefused(response: Response, status: number, challenge: RegExp | string): void {
  assert.equal(response.status, status);
  const header = response.headers.get("www-authenticate") ?? "";
  if (typeof challenge === "string") assert.equal(header, challenge);
  else assert.match(header, challenge);
  assert.equal(response.headers.get("cache-control"), "no-store");
}

async function cutOff(peer: FeedPeer, verifier: Verifier): Promise<void> {
  peer.faults.down = true;
  peer.cutStreams();
  await until("the verifier is stale", () => verifier.status().freshness === "stale");
}
