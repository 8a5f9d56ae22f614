// Attributes that a client's grants keep, and words for scopes: registration, and what becomes of them.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { decodeJwt } from "jose";
import { authorizationUrl, browserWith } from "../../../../test/authorization.ts";
import { type People, peopleOf } from "../../../../test/people.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
let people: People;
before(async () => {
  server = await startTestServer();
  people = await peopleOf(server);
});
after(async () => {
  await people.close();
  await server.close();
});

const attributes = { plan: { user_field: "plan" }, channel: "web" };

function refresh(client: RegisteredClient, tokens: Record<string, unknown>) {
  const form = { grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) };
  return server.form("/oauth2/token", form, client);
}

describe("attributes", () => {
  test("are resolved when the code is made and stay as they were, in tokens and introspection, at every refresh", async () => {
    const client = await people.client({ attributes, custom_claims: { tier: { user_field: "plan" } } });
    const user = await people.addUser({ claims: { plan: "gold" } });
    const browser = browserWith(server, await people.signIn(user));
    const url = authorizationUrl(server, client, { scope: "openid read" });
    const { sent } = await browser.signIn(url, { username: "", password: "" });
    const { json } = await people.redeem(client, sent.get("code") ?? "");
    await people.store.changeUser({ ...user, claims: { plan: "lead" } }, [], Date.now());
    const later = (await refresh(client, json)).json;
    for (const [tokens, tier] of [
      [json, "gold"],
      [later, "lead"],
    ] as const) {
      const claims = decodeJwt(String(tokens.access_token));
      assert.deepEqual([claims.plan, claims.channel, claims.tier], ["gold", "web", tier]);
      const introspected = await server.introspect(String(tokens.access_token));
      assert.deepEqual([introspected.plan, introspected.channel, introspected.tier], ["gold", "web", tier]);
    }
    const ofRefresh = await server.introspect(String(later.refresh_token));
    assert.deepEqual([ofRefresh.plan, ofRefresh.channel], ["gold", "web"]);
  });

  test("change for new grants only when the client's are changed", async () => {
    const client = await people.client({ attributes: { channel: "web" }, access_token_format: "opaque" });
    const old = await server.openGrant(client);
    const path = `/admin/v1/clients/${client.client_id}`;
    const changed = await server.admin("PATCH", path, { attributes: { channel: "app" } });
    assert.deepEqual(changed.json.attributes, { channel: "app" });
    const again = (await refresh(client, old)).json;
    assert.equal((await server.introspect(String(again.access_token))).channel, "web");
    const fresh = await server.openGrant(client);
    assert.equal((await server.introspect(String(fresh.access_token))).channel, "app");
  });

  test("of a grant that an administrator opens come after the client's", async () => {
    const client = await people.client({ attributes: { channel: "web", plan: "none" } });
    const { access_token } = await server.openGrant(client, "usr_x", { attributes: { plan: "gold" } });
    const { plan, channel } = decodeJwt(String(access_token));
    assert.deepEqual([plan, channel], ["gold", "web"]);
  });

  test("of a client's own token are those of now", async () => {
    const client = await server.registerClient({ attributes });
    const claims = decodeJwt(await server.clientToken(client));
    assert.equal(claims.channel, "web");
    assert.ok(!("plan" in claims));
  });

  test("have names and a size of their own that a registration is checked for", async () => {
    const big = "x".repeat(3000);
    const refused: [string, object, RegExp][] = [
      ["/attributes", { attributes: { sub: "x" } }, /set by the server/],
      ["/attributes", { attributes: { a: "x".repeat(4100) } }, /4096 bytes/],
      ["/attributes", { attributes: { a: big }, custom_claims: { b: big } }, /4096 bytes/],
      ["/attributes", { attributes: { a: 1 }, custom_claims: { a: 2 } }, /not in both/],
    ];
    for (const [pointer, more, detail] of refused) {
      const body = { name: "x", grant_types: ["client_credentials"], ...more };
      const { status, json } = await server.admin("POST", "/admin/v1/clients", body);
      const [error] = json.errors as { pointer: string; detail: string }[]; // RFC 9457 with our fields
      assert.deepEqual([status, error?.pointer], [400, pointer]);
      assert.match(error?.detail ?? "", detail);
    }
  });
});

describe("words for scopes", () => {
  test("the consent page shows the client's, else the resource's, else ours, else the scope itself", async () => {
    const resource = "https://photos.example/";
    const described = await server.admin("POST", "/admin/v1/resources", {
      resource,
      scopes: ["read", "write", "share"],
      scope_descriptions: { read: "See photos", write: "Change <photos>" },
    });
    assert.deepEqual(described.json.scope_descriptions, { read: "See photos", write: "Change <photos>" });
    const client = await people.client({
      scope: "openid read write share constructor",
      audience: [resource],
      scope_descriptions: { read: "See the photos you took in Rome" },
    });
    const browser = browserWith(server, await people.signIn());
    const url = authorizationUrl(server, client, { scope: "openid read write share" });
    const { text } = await browser.open(url);
    for (const shown of [
      "<li>See the photos you took in Rome</li>",
      "<li>Change &lt;photos&gt;</li>",
      "<li>Use <code>share</code></li>",
      "<li>Know who you are when you sign in</li>",
    ])
      assert.ok(text.includes(shown), shown);
    assert.ok(!text.includes("See photos"));
  });

  test("a scope named like a member that every object has is shown as it is written", async () => {
    const client = await people.client({ scope: "constructor toString" });
    const browser = browserWith(server, await people.signIn());
    const { text } = await browser.open(authorizationUrl(server, client, { scope: "constructor toString" }));
    for (const scope of ["constructor", "toString"]) assert.ok(text.includes(`<code>${scope}</code>`), scope);
  });

  test("only registered scopes are described, in printable words, and never the server's own", async () => {
    const client = { name: "x", grant_types: ["client_credentials"], scope: "read rescind:read" };
    const resource = { resource: "https://r.example/", scopes: ["read"] };
    for (const [path, body] of [
      ["/admin/v1/clients", client],
      ["/admin/v1/resources", resource],
    ] as const)
      for (const [words, pointer] of [
        [{ write: "Write" }, "/scope_descriptions/write"],
        [{ "rescind:read": "Nothing at all" }, "/scope_descriptions/rescind:read"],
        [{ read: "Read\u202ereversed" }, "/scope_descriptions/read"],
        [{ read: "" }, "/scope_descriptions/read"],
      ] as const) {
        const answer = await server.admin("POST", path, { ...body, scope_descriptions: words });
        const [error] = answer.json.errors as { pointer: string }[]; // RFC 9457 with our fields
        assert.deepEqual([answer.status, error?.pointer], [400, pointer], path);
      }
  });

  test("a scope that is taken away takes its words along first", async () => {
    const client = await people.client({ scope: "read write", scope_descriptions: { write: "Write" } });
    const path = `/admin/v1/clients/${client.client_id}`;
    assert.equal((await server.admin("PATCH", path, { scope: "read" })).status, 400);
    const both = await server.admin("PATCH", path, { scope: "read", scope_descriptions: {} });
    assert.deepEqual([both.status, both.json.scope_descriptions], [200, {}]);
  });
});

test("the config file declares them too, and applying it twice changes nothing", async () => {
  const file = join(server.data, "declared.json");
  const declared = {
    clients: [
      {
        client_id: "declared",
        name: "Declared",
        grant_types: ["client_credentials"],
        scope: "read",
        attributes: { channel: "batch" },
        scope_descriptions: { read: "Read" },
      },
    ],
    resources: [
      { resource: "https://r.example/", scopes: ["read"], scope_descriptions: { read: "Read it all" } },
    ],
  };
  writeFileSync(file, JSON.stringify(declared));
  const other = await startTestServer(["--config", file]);
  try {
    const count = async () =>
      ((await other.admin("GET", "/admin/v1/audit?limit=1000")).json.items as unknown[]).length;
    const { json } = await other.admin("GET", "/admin/v1/clients/declared");
    assert.deepEqual([json.attributes, json.scope_descriptions], [{ channel: "batch" }, { read: "Read" }]);
    const before = await count();
    await other.restart();
    assert.equal(await count(), before);
  } finally {
    await other.close();
  }
});
