// RFC 9701: introspection answered by a signed JWT, checked by `jose`.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { type Answered, basic, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
after(() => server.close());

const mediaType = "application/token-introspection+jwt";

async function ask(client: RegisteredClient, token: string, accept = mediaType): Promise<Answered> {
  return server.request("/oauth2/introspect", {
    method: "POST",
    headers: { accept, authorization: basic(client.client_id, client.client_secret) },
    body: new URLSearchParams({ token }),
  });
}

async function verified(client: RegisteredClient, jwt: string): Promise<Record<string, unknown>> {
  const keys = createRemoteJWKSet(new URL(`${server.issuer}/oauth2/jwks`));
  const options = {
    issuer: server.issuer,
    audience: client.client_id,
    typ: "token-introspection+jwt",
    algorithms: ["RS256"],
  };
  const { payload } = await jwtVerify(jwt, keys, options);
  assert.ok(Math.abs(Number(payload.iat) - Date.now() / 1000) < 10);
  assert.deepEqual(Object.keys(payload).sort(), ["aud", "iat", "iss", "token_introspection"]);
  return payload.token_introspection as Record<string, unknown>; // RFC 9701 section 5
}

test("RFC 9701 5, IN-08: an active token is described in a JWT for the caller, signed RS256", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  const answer = await ask(client, token);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), mediaType);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const described = await verified(client, answer.text);
  const plain = await ask(client, token, "application/json");
  assert.deepEqual(described, plain.json);
});

test("RFC 9701 5, IN-03: what is not active, or not for the caller, is told by {active: false} alone", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  const other = await server.registerClient();
  assert.deepEqual(await verified(other, (await ask(other, token)).text), { active: false });
  await server.form("/oauth2/revoke", { token }, client);
  for (const gone of [token, "made-up"])
    assert.deepEqual(await verified(client, (await ask(client, gone)).text), { active: false });
});

test("JSON is the default and refusals are always JSON", async () => {
  const client = await server.registerClient();
  const token = await server.clientToken(client);
  for (const accept of ["*/*", "application/json", "text/html"])
    assert.equal((await ask(client, token, accept)).headers.get("content-type"), "application/json", accept);
  const refused = await ask({ ...client, client_secret: "wrong" }, token);
  assert.equal(refused.status, 401);
  assert.equal(refused.json.error, "invalid_client");
});

test("IN-06 the signed answer is no access token: neither introspection nor our own endpoints take it for one", async () => {
  const operator = await server.registerClient({ scope: "rescind:introspect rescind:admin" });
  const token = await server.clientToken(operator);
  const { text } = await ask(operator, token);
  assert.equal((await ask(operator, text, "application/json")).text, '{"active":false}');
  const used = await server.request("/admin/v1/clients", { headers: { authorization: `Bearer ${text}` } });
  assert.equal(used.status, 401);
});
