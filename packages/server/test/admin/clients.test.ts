// Clients and consumer keys through the admin API. CONTRACT.md sections 5 and 6.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { exportJWK, generateKeyPair } from "jose";
import { startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const clients = "/admin/v1/clients";
const basics = { name: "Test", grant_types: ["client_credentials"], scope: "read" };

async function tokenStatus(client: { client_id: string; client_secret: string }): Promise<number> {
  const answer = await server.form("/oauth2/token", { grant_type: "client_credentials" }, client);
  return answer.status;
}

async function isActive(token: string): Promise<unknown> {
  return (await server.introspect(token)).active;
}

describe("registering", () => {
  test("RFC 7591: a confidential client gets an id and a secret, which is shown once", async () => {
    const made = await server.admin("POST", clients, basics);
    assert.equal(made.status, 201);
    assert.equal(made.headers.get("cache-control"), "no-store");
    assert.match(String(made.json.client_id), /^cli_[A-Za-z0-9]{22,}$/);
    assert.match(String(made.json.client_secret), /^rcs_[A-Za-z0-9]+$/);
    assert.equal(made.json.status, "approved");
    const client = await server.registerClient();
    assert.equal(await tokenStatus(client), 200);
    const read = await server.admin("GET", `${clients}/${made.json.client_id}`);
    const { client_secret, ...rest } = made.json;
    assert.deepEqual(read.json, rest);
    const list = await server.admin("GET", clients);
    assert.ok(
      !read.text.includes("rcs_") &&
        !list.text.includes("rcs_") &&
        !list.text.includes(String(client_secret)),
    );
  });

  test("public clients and those with keys of their own get no secret", async () => {
    const open = await server.admin("POST", clients, {
      name: "Open",
      grant_types: ["refresh_token"],
      token_endpoint_auth_method: "none",
    });
    const { publicKey } = await generateKeyPair("ES256", { extractable: true });
    const signed = await server.admin("POST", clients, {
      ...basics,
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [await exportJWK(publicKey)] },
    });
    for (const made of [open, signed]) {
      assert.equal(made.status, 201, made.text);
      assert.deepEqual([made.json.client_secret, made.json.keys], [undefined, []]);
      const more = await server.admin("POST", `${clients}/${made.json.client_id}/keys`);
      assert.equal(more.status, 409);
    }
  });

  test("an id of one's own is taken once; those of the server and of subjects are taken already", async () => {
    assert.equal((await server.admin("POST", clients, { ...basics, client_id: "mine" })).status, 201);
    const client = await server.registerClient();
    await server.openGrant(client, "somebody");
    for (const client_id of ["mine", "admin", "console", "somebody"]) {
      const refused = await server.admin("POST", clients, { ...basics, client_id });
      assert.equal(refused.status, 409, client_id);
      assert.deepEqual(refused.json.errors, [{ pointer: "/client_id", detail: "is taken." }]);
    }
  });

  test("WEB-20 an id of any visible characters is found by its encoded path", async () => {
    for (const client_id of ["a/b", "100%", "a%2Fb", "x?y#z", "../admin", "~'\"<b>", "\\"]) {
      const made = await server.admin("POST", clients, { ...basics, client_id });
      assert.equal(made.status, 201, made.text);
      const read = await server.admin("GET", `${clients}/${encodeURIComponent(client_id)}`);
      assert.deepEqual([read.status, read.json.client_id], [200, client_id]);
      assert.equal(await tokenStatus({ client_id, client_secret: String(made.json.client_secret) }), 200);
    }
    for (const client_id of [".", "..", "a b", "a\u0000", "\u00fc", ""])
      assert.equal((await server.admin("POST", clients, { ...basics, client_id })).status, 400, client_id);
  });

  test("an unknown client is 404 for every call on it", async () => {
    const calls: [string, string, object?][] = [
      ["GET", ""],
      ["PATCH", "", { name: "x" }],
      ["DELETE", ""],
      ["POST", "/revoke"],
      ["POST", "/approve"],
      ["POST", "/keys"],
    ];
    for (const [method, path, body] of calls) {
      const answer = await server.admin(method, `${clients}/nobody${path}`, body);
      assert.equal(answer.status, 404, `${method} ${path}`);
    }
  });
});

describe("AC-19 AC-23 what may not be registered may not be changed to either", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["a redirect that runs", { redirect_uris: ["javascript:alert(1)"] }, "/redirect_uris/0"],
    ["a redirect with a fragment", { redirect_uris: ["https://a.example/#x"] }, "/redirect_uris/0"],
    ["a redirect over http elsewhere", { redirect_uris: ["http://a.example/"] }, "/redirect_uris/0"],
    ["a confidential client turned public", { token_endpoint_auth_method: "none" }, "/grant_types"],
    ["keys of its own that are missing", { token_endpoint_auth_method: "private_key_jwt" }, "/jwks"],
    ["keys of its own beside a secret", { jwks_uri: "https://keys.example/" }, "/jwks_uri"],
    [
      "an unknown way to authenticate",
      { token_endpoint_auth_method: "client_secret_jwt" },
      "/token_endpoint_auth_method",
    ],
    ["a life over 24 hours", { access_token_ttl: 86_401 }, "/access_token_ttl"],
    ["an unknown grant type", { grant_types: ["password"] }, "/grant_types/0"],
    ["jsonp for a confidential client", { jsonp: true }, "/jsonp"],
    ["a claim of the server's", { custom_claims: { sub: "root" } }, "/custom_claims"],
    ["a pattern for an origin", { allowed_origins: ["https://*.example"] }, "/allowed_origins/0"],
    ["a scope that is malformed", { scope: 'a "b"' }, "/scope"],
    ["an unknown member", { is_admin: true }, "/is_admin"],
    ["WEB-12 a member named __proto__", JSON.parse('{"__proto__": {"jsonp": true}}'), "/__proto__"],
    ["a name that is a number", { name: 7 }, "/name"],
    ["a name with a line break", { name: "a\r\nb" }, "/name"],
  ];
  for (const [what, members, pointer] of cases) {
    test(what, async () => {
      const client = await server.registerClient(basics);
      const path = `${clients}/${client.client_id}`;
      const asIs = await server.admin("GET", path);
      const created = await server.admin(
        "POST",
        clients,
        Object.assign(JSON.parse(JSON.stringify(basics)), members),
      );
      const withProto = pointer === "/__proto__";
      const answers = [await server.admin("PATCH", path, members), ...(withProto ? [] : [created])];
      for (const answer of answers) {
        assert.equal(answer.status, 400, answer.text);
        const pointers = (answer.json.errors as { pointer: string }[]).map((error) => error.pointer);
        assert.ok(pointers.includes(pointer), answer.text);
      }
      assert.deepEqual((await server.admin("GET", path)).json, asIs.json);
    });
  }
});

describe("changing", () => {
  test("RFC 7396: what is given replaces, null takes back to the default, the rest stays", async () => {
    const client = await server.registerClient({
      ...basics,
      access_token_ttl: 60,
      access_token_format: "opaque",
    });
    const path = `${clients}/${client.client_id}`;
    const changed = await server.admin("PATCH", path, {
      name: "New",
      access_token_ttl: null,
      custom_claims: { a: 1 },
    });
    assert.equal(changed.status, 200, changed.text);
    const { name, access_token_ttl, access_token_format, custom_claims, scope } = changed.json;
    assert.deepEqual(
      { name, access_token_ttl, access_token_format, custom_claims, scope },
      {
        name: "New",
        access_token_ttl: undefined,
        access_token_format: "opaque",
        custom_claims: { a: 1 },
        scope: "read",
      },
    );
    assert.deepEqual((await server.admin("GET", path)).json, changed.json);
    const token = await server.introspect(await server.clientToken(client));
    assert.deepEqual([token.active, token.a, Number(token.exp) - Number(token.iat)], [true, 1, 900]);
  });

  test("RV-16 a scope that was taken away is not issued any more", async () => {
    const client = await server.registerClient({ ...basics, scope: "read write" });
    await server.clientToken(client, { scope: "write" });
    await server.admin("PATCH", `${clients}/${client.client_id}`, { scope: "read" });
    const refused = await server.form(
      "/oauth2/token",
      { grant_type: "client_credentials", scope: "write" },
      client,
    );
    assert.deepEqual([refused.status, refused.json.error], [400, "invalid_scope"]);
  });

  test("a null where nothing can be absent is refused", async () => {
    const client = await server.registerClient(basics);
    const answer = await server.admin("PATCH", `${clients}/${client.client_id}`, { name: null });
    assert.equal(answer.status, 400);
  });
});

describe("suspending and approving a client", () => {
  test("its tokens are dead and nothing is issued until it is approved; both may be repeated", async () => {
    const client = await server.registerClient();
    const path = `${clients}/${client.client_id}`;
    const token = await server.clientToken(client);
    const grant = await server.openGrant(client);
    for (const round of [1, 2]) {
      const suspended = await server.admin("POST", `${path}/revoke`, { note: `round ${round}` });
      assert.deepEqual([suspended.status, suspended.json.status], [200, "revoked"], suspended.text);
      assert.match(suspended.headers.get("rescind-seq") ?? "", /^\d+$/);
      assert.equal(await isActive(token), false);
      assert.equal(await isActive(grant.refresh_token ?? ""), false);
      assert.equal(await tokenStatus(client), 401);
      const opened = await server.admin("POST", "/admin/v1/grants", {
        client_id: client.client_id,
        subject: "usr_x",
      });
      assert.equal(opened.status, 409);
    }
    assert.equal((await server.admin("GET", path)).json.status, "revoked");
    for (const _round of [1, 2]) {
      const approved = await server.admin("POST", `${path}/approve`);
      assert.deepEqual([approved.status, approved.json.status], [200, "approved"]);
      assert.equal(await isActive(token), true);
      assert.equal(await tokenStatus(client), 200);
    }
  });

  test("approving does not bring back what another order ended", async () => {
    const client = await server.registerClient();
    const path = `${clients}/${client.client_id}`;
    const token = await server.clientToken(client);
    await server.admin("POST", `${path}/revoke`);
    await server.admin("POST", "/admin/v1/revocations", { select: { client_id: client.client_id } });
    await server.admin("POST", `${path}/approve`);
    assert.equal(await isActive(token), false);
    assert.equal(await isActive(await server.clientToken(client)), true);
  });

  test("a final suspension and a deletion stay: approving answers 409", async () => {
    const final = await server.registerClient();
    const deleted = await server.registerClient();
    const token = await server.clientToken(deleted);
    const suspended = await server.admin("POST", `${clients}/${final.client_id}/revoke`, { final: true });
    assert.equal(suspended.status, 200);
    const gone = await server.admin("DELETE", `${clients}/${deleted.client_id}`);
    assert.deepEqual([gone.status, gone.text], [204, ""]);
    assert.match(gone.headers.get("rescind-seq") ?? "", /^\d+$/);
    assert.equal(await isActive(token), false);
    for (const client of [final, deleted]) {
      const approved = await server.admin("POST", `${clients}/${client.client_id}/approve`);
      assert.deepEqual([approved.status, approved.json.code], [409, "final"]);
      assert.equal(await tokenStatus(client), 401);
      assert.equal((await server.admin("POST", `${clients}/${client.client_id}/keys`)).status, 409);
    }
    const again = await server.admin("POST", clients, { ...basics, client_id: deleted.client_id });
    assert.equal(again.status, 409);
    assert.equal((await server.admin("DELETE", `${clients}/${deleted.client_id}`)).status, 204);
  });

  test("the client admin cannot be suspended for good", async () => {
    assert.equal((await server.admin("DELETE", `${clients}/admin`)).status, 409);
    assert.equal((await server.admin("POST", `${clients}/admin/revoke`, { final: true })).status, 409);
    assert.equal((await server.admin("GET", `${clients}/admin`)).json.status, "approved");
  });
});

describe("consumer keys", () => {
  test("each secret has a life of its own, and the token says which one it was issued with", async () => {
    const client = await server.registerClient();
    const path = `${clients}/${client.client_id}`;
    const made = await server.admin("POST", `${path}/keys`);
    assert.equal(made.status, 201, made.text);
    assert.equal(made.headers.get("cache-control"), "no-store");
    const second = { client_id: client.client_id, client_secret: String(made.json.client_secret) };
    const [firstToken, secondToken] = [
      await server.clientToken(client),
      await server.clientToken({ ...client, ...second }),
    ];
    assert.equal((await server.introspect(secondToken)).key_id, made.json.key_id);

    const suspended = await server.admin("POST", `/admin/v1/keys/${made.json.key_id}/revoke`);
    assert.deepEqual([suspended.status, suspended.json.status], [200, "revoked"]);
    assert.match(suspended.headers.get("rescind-seq") ?? "", /^\d+$/);
    assert.equal(suspended.json.client_secret, undefined);
    assert.deepEqual([await isActive(firstToken), await isActive(secondToken)], [true, false]);
    assert.deepEqual([await tokenStatus(client), await tokenStatus(second)], [200, 401]);
    const { keys, status } = (await server.admin("GET", path)).json;
    assert.equal(status, "approved");
    assert.deepEqual(
      (keys as { status: string }[]).map((key) => key.status),
      ["approved", "revoked"],
    );

    for (const _round of [1, 2]) {
      const approved = await server.admin("POST", `/admin/v1/keys/${made.json.key_id}/approve`);
      assert.deepEqual([approved.status, approved.json.status], [200, "approved"]);
    }
    assert.deepEqual([await isActive(secondToken), await tokenStatus(second)], [true, 200]);
  });

  test("a final suspension of a key stays; an unknown key is 404", async () => {
    const client = await server.registerClient();
    const key = client.keys[0]?.key_id;
    assert.equal((await server.admin("POST", `/admin/v1/keys/${key}/revoke`, { final: true })).status, 200);
    assert.equal((await server.admin("POST", `/admin/v1/keys/${key}/approve`)).status, 409);
    for (const verb of ["revoke", "approve"])
      assert.equal((await server.admin("POST", `/admin/v1/keys/key_1/${verb}`)).status, 404);
  });
});

test("E2 secrets are in no file of the data directory but admin.json", async () => {
  const { readdirSync, readFileSync } = await import("node:fs");
  const client = await server.registerClient();
  const key = await server.admin(
    "POST",
    `${clients}/${client.client_id}/keys`,
    {},
    { "idempotency-key": "once" },
  );
  const secrets = [
    client.client_secret,
    String(key.json.client_secret),
    server.adminSecret,
    await server.clientToken(client),
  ];
  for (const file of readdirSync(server.data).filter((name) => name !== "admin.json")) {
    const bytes = readFileSync(`${server.data}/${file}`, "latin1");
    for (const secret of secrets) assert.ok(!bytes.includes(secret), `${file} holds a secret`);
  }
});
