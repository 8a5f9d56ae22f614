// Opaque tokens made elsewhere: imported, then introspected, listed and revoked here like our own.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { IdentityProvider } from "../../../../test/identity-provider.ts";
import {
  type Answered,
  type RegisteredClient,
  startTestServer,
  type TestServer,
} from "../../../../test/running-server.ts";

let server: TestServer;
let client: RegisteredClient;
before(async () => {
  server = await startTestServer();
  client = await server.registerClient({ audience: ["https://api.example/"] });
});
after(() => server.close());

const made = (): string => `legacy.${randomBytes(24).toString("base64url")}~`;
const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

function imported(token: string, more: object = {}, headers?: Record<string, string>): Promise<Answered> {
  const body = { token, client_id: client.client_id, subject: "usr_old", expires_at: inAnHour(), ...more };
  return server.admin("POST", "/admin/v1/tokens/import", body, headers);
}

async function isActive(token: string): Promise<boolean> {
  return (await server.introspect(token)).active === true;
}

test("a token made elsewhere is told of like one of ours, and its text is in no answer, list or file", async () => {
  const token = made();
  assert.equal(await isActive(token), false);
  const answer = await imported(token, { scope: "read write" });
  assert.equal(answer.status, 201, answer.text);
  const { token_id, issued_at, expires_at, ...rest } = answer.json;
  assert.deepEqual(rest, {
    kind: "access",
    format: "opaque",
    client_id: client.client_id,
    subject: "usr_old",
    scope: "read write",
    audience: ["https://api.example/"],
    status: "live",
  });
  assert.ok(Date.parse(String(expires_at)) > Date.parse(String(issued_at)));
  const introspected = await server.introspect(token);
  assert.deepEqual(
    [introspected.active, introspected.sub, introspected.client_id, introspected.scope, introspected.jti],
    [true, "usr_old", client.client_id, "read write", token_id],
  );
  const own = await server.form("/oauth2/introspect", { token }, client);
  assert.equal(own.json.active, true, "its client sees it");
  const list = await server.admin("GET", "/admin/v1/tokens?subject=usr_old");
  assert.ok(list.text.includes(String(token_id)));
  const audit = await server.admin("GET", "/admin/v1/audit?limit=5");
  for (const text of [answer.text, list.text, audit.text]) assert.ok(!text.includes(token));
  for (const name of readdirSync(server.data))
    assert.ok(!readFileSync(join(server.data, name)).includes(token), name);
});

describe("every way to a revocation works for it", () => {
  const ways: Record<string, (token: string, id: string) => Promise<Answered>> = {
    "by its client (RFC 7009)": (token) => server.form("/oauth2/revoke", { token }, client),
    "by text": (token) => server.admin("POST", "/admin/v1/revocations", { select: { token } }),
    "by id": (_token, token_id) => server.admin("POST", "/admin/v1/revocations", { select: { token_id } }),
    "by subject": () => server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_old" } }),
    "by subject and client": () =>
      server.admin("POST", "/admin/v1/revocations", {
        select: { subject: "usr_old", client_id: client.client_id },
      }),
    "by a leak report": (token) =>
      server.request("/leaked-tokens", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ tokens: [token] }),
      }),
  };
  for (const [way, revoke] of Object.entries(ways)) {
    test(way, async () => {
      const [token, spared] = [made(), made()];
      const { json } = await imported(token);
      await imported(spared, { subject: "usr_other" });
      const answer = await revoke(token, String(json.token_id));
      assert.ok(answer.status < 300, answer.text);
      assert.deepEqual([await isActive(token), await isActive(spared)], [false, true]);
    });
  }

  test("a lift brings it back, and another client cannot revoke it", async () => {
    const token = made();
    await imported(token);
    const { json } = await server.admin("POST", "/admin/v1/revocations", { select: { token } });
    await server.admin("POST", `/admin/v1/revocations/${json.id}/lift`);
    assert.equal(await isActive(token), true);
    const other = await server.registerClient();
    const refused = await server.form("/oauth2/revoke", { token }, other);
    assert.deepEqual([refused.status, refused.json.error], [400, "invalid_grant"]);
    assert.equal(await isActive(token), true);
  });

  test("an order of before it was imported does not cover it", async () => {
    await server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_new" } });
    const token = made();
    await imported(token, { subject: "usr_new" });
    assert.equal(await isActive(token), true);
  });
});

describe("what may not be imported", () => {
  const refusedAt = async (token: string, more: object, pointer: string) => {
    const answer = await imported(token, more);
    const [error] = (answer.json.errors ?? []) as { pointer: string }[]; // RFC 9457 with our fields
    assert.deepEqual([answer.status, error?.pointer], [400, pointer], answer.text);
    return answer;
  };

  test("texts that are ours, look like ours, are too short, too long or not visible ASCII", async () => {
    const { access_token, refresh_token } = await server.openGrant(client);
    const [head, , signature] = String(access_token).split(".");
    const claims = Buffer.from(JSON.stringify({ iss: server.issuer, jti: "tid_1" })).toString("base64url");
    for (const token of [
      String(access_token),
      String(refresh_token),
      `${head}.${claims}.${signature}`,
      `rat_${"0".repeat(60)}`,
      "rat_of_another_system_altogether",
      "x".repeat(15),
      "x".repeat(1025),
      "a token with spaces in it",
      "a-token-with-ümlauts",
    ])
      await refusedAt(token, {}, "/token");
  });

  test("RV-21 a JWT of an issuer that may be registered later: what revoked the import would not cover it then", async () => {
    const idp = await IdentityProvider.start();
    try {
      const { text } = await refusedAt(await idp.sign({ jti: "j" }), {}, "/token");
      assert.match(text, /\/admin\/v1\/issuers/);
      await idp.registerAt(server);
      await refusedAt(await idp.sign({ jti: "j" }), {}, "/token");
    } finally {
      await idp.close();
    }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const secretly = `${part({ alg: "HS256" })}.${part({ iss: "https://old.example", n: Math.random() })}.AAAA`;
    assert.equal((await imported(secretly)).status, 201, "no registered issuer's can be signed like this");
  });

  test("one that is known already: 409, and the first stays as it was", async () => {
    const token = made();
    const first = await imported(token);
    const again = await imported(token, { subject: "usr_thief" });
    assert.deepEqual([first.status, again.status, again.json.code], [201, 409, "conflict"]);
    assert.equal((await server.introspect(token)).sub, "usr_old");
    const headers = { "idempotency-key": "import-once" };
    const other = made();
    const same = { expires_at: inAnHour() };
    const [one, two] = [await imported(other, same, headers), await imported(other, same, headers)];
    assert.deepEqual([one.status, two.status, two.json.token_id], [201, 201, one.json.token_id]);
    const race = made();
    const answers = await Promise.all(Array.from({ length: 8 }, () => imported(race)));
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
  });

  test("an end that is past, or more than 24 hours ahead; the reason is told", async () => {
    const at = (seconds: number) => ({ expires_at: new Date(Date.now() + seconds * 1000).toISOString() });
    await refusedAt(made(), at(-5), "/expires_at");
    await refusedAt(made(), { expires_at: "2026-02-30T00:00:00Z" }, "/expires_at");
    const { text } = await refusedAt(made(), at(25 * 3600), "/expires_at");
    assert.match(text, /24 hours/);
    assert.equal((await imported(made(), at(24 * 3600 - 5))).status, 201);
  });

  test("WEB-04 a scope that opens this server's own endpoints", async () => {
    for (const scope of ["rescind:admin", "read rescind:account", "grant_management_revoke"])
      await refusedAt(made(), { scope }, "/scope");
  });

  test("for a client that is unknown or suspended, another client's id as subject, a disabled user", async () => {
    await refusedAt(made(), { client_id: "nobody" }, "/client_id");
    const other = await server.registerClient();
    await refusedAt(made(), { subject: other.client_id }, "/subject");
    await server.admin("POST", `/admin/v1/clients/${other.client_id}/revoke`);
    assert.equal((await imported(made(), { client_id: other.client_id })).status, 409);
    const { json } = await server.admin("POST", "/admin/v1/users", { username: "off", status: "disabled" });
    assert.equal((await imported(made(), { subject: json.sub })).status, 409);
    await refusedAt(made(), { audience: ["urn:ok", "https://[/"] }, "/audience/1");
  });
});

test("a client's own token is covered by what covers the client, like any of its own", async () => {
  const own = await server.registerClient();
  const token = made();
  const answer = await imported(token, { client_id: own.client_id, subject: own.client_id });
  assert.equal(answer.status, 201, answer.text);
  await server.admin("POST", "/admin/v1/revocations", { select: { client_id: own.client_id } });
  assert.equal(await isActive(token), false);
});

test("what is refused changes nothing, and a longer life is known to the log before a token has it", async () => {
  const own = await startTestServer();
  try {
    const { client_id } = await own.registerClient();
    const body = { token: made(), client_id, subject: "usr_old", expires_at: inAnHour() };
    const ask = (more: object = {}) => own.admin("POST", "/admin/v1/tokens/import", { ...body, ...more });
    const longest = async () =>
      ((await own.admin("GET", "/admin/v1/settings")).json.longest as { access_token: number }).access_token;
    assert.equal(await longest(), 900);
    for (const more of [{ client_id: "nobody" }, { scope: "rescind:admin" }, { token: "short" }])
      assert.equal((await ask(more)).status, 400);
    assert.equal(await longest(), 900);
    assert.equal((await ask()).status, 201);
    assert.ok((await longest()) > 3500);
  } finally {
    await own.close();
  }
});

test("with another pepper it is still known, and cannot be imported a second time", async () => {
  const token = made();
  await imported(token);
  const pepper = "a pepper of enough characters for it";
  await server.restart(["--token-pepper", pepper, "--previous-token-pepper", "none"]);
  assert.equal(await isActive(token), true);
  assert.equal((await imported(token)).status, 409);
});
