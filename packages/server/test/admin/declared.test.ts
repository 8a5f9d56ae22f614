// Clients and resources that the config file declares. CONTRACT.md section 2: applying it twice changes nothing.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ConfigurationError } from "@rescind/server";
import bcrypt from "bcryptjs";
import { consoleTokens } from "../../../../test/console-login.ts";
import { startTestServer, type TestServer } from "../../../../test/running-server.ts";

const secret = "a-declared-secret-of-forty-characters-xx";
const declared = {
  clients: [
    {
      client_id: "shop",
      client_secret: secret,
      name: "Shop",
      grant_types: ["client_credentials"],
      scope: "orders:read",
      audience: ["https://orders.example"],
      custom_claims: { b: 1, a: { d: 1, c: 2 } },
    },
    { client_id: "app", name: "App", grant_types: ["refresh_token"], token_endpoint_auth_method: "none" },
  ],
  resources: [{ resource: "https://orders.example", scopes: ["orders:read"], signing_alg: "EdDSA" }],
};

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), "rescind-config-"));
});
after(() => rmSync(directory, { recursive: true, force: true }));

function file(content: object): string[] {
  const path = join(directory, "rescind.json");
  writeFileSync(path, JSON.stringify(content));
  return ["--config", path];
}

async function recorded(server: TestServer): Promise<string[]> {
  const { json } = await server.admin("GET", "/admin/v1/audit?limit=1000");
  const records = json.items as { action: string; actor: { id: string } }[];
  return records.filter(({ actor }) => actor.id === "configuration").map(({ action }) => action);
}

test("what is declared is made at the first start and left alone at the next", async () => {
  const server = await startTestServer(file(declared));
  try {
    const shop = { client_id: "shop", client_secret: secret, keys: [] };
    assert.equal((await server.introspect(await server.clientToken(shop))).aud, "https://orders.example");
    const read = await server.admin("GET", "/admin/v1/clients/shop");
    const actions = await recorded(server);
    assert.deepEqual([...actions].sort(), [
      "client.created",
      "client.created",
      "key.created",
      "resource.put",
    ]);
    await server.restart();
    await server.restart();
    assert.deepEqual((await server.admin("GET", "/admin/v1/clients/shop")).json, read.json);
    assert.deepEqual(await recorded(server), actions);
    assert.equal(
      (await server.admin("GET", "/admin/v1/clients/app")).json.token_endpoint_auth_method,
      "none",
    );
  } finally {
    await server.close();
  }
});

test("what differs is changed, and a suspension by an administrator stays", async () => {
  const flags = file(declared);
  const server = await startTestServer(flags);
  try {
    await server.admin("PATCH", "/admin/v1/clients/shop", { scope: "everything", name: "Changed" });
    await server.admin("POST", "/admin/v1/clients/app/revoke");
    await server.restart();
    const { name, scope } = (await server.admin("GET", "/admin/v1/clients/shop")).json;
    assert.deepEqual({ name, scope }, { name: "Shop", scope: "orders:read" });
    assert.equal((await server.admin("GET", "/admin/v1/clients/app")).json.status, "revoked");
  } finally {
    await server.close();
  }
});

describe("what cannot be used stops the start and is named", () => {
  const [shop, app] = declared.clients;
  const cases: [string, object, RegExp][] = [
    ["a client without an id", { clients: [{ ...shop, client_id: undefined }] }, /clients\/0\/client_id/],
    ["a short secret", { clients: [{ ...shop, client_secret: "short" }] }, /clients\/0\/client_secret/],
    ["an unknown member", { clients: [app, { ...shop, colour: "red" }] }, /clients\/1\/colour/],
    [
      "AC-23 a redirect that runs",
      { clients: [{ ...app, redirect_uris: ["javascript:x"] }] },
      /clients\/0\/redirect_uris\/0/,
    ],
    [
      "a secret for a public client",
      { clients: [{ ...app, client_secret: secret }] },
      /clients\/0\/client_secret/,
    ],
    ["the server's own client", { clients: [{ ...shop, client_id: "admin" }] }, /clients\/0\/client_id/],
    ["a client declared twice", { clients: [shop, shop] }, /shop is declared twice/],
    ["a resource that is no URI", { resources: [{ resource: "orders" }] }, /resources\/0\/resource/],
    ["an entry that is no object", { resources: [7] }, /resources\/0/],
    ["a user without a name", { users: [{ sub: "x" }] }, /users\/0\/username/],
    [
      "WEB-22 a password in plain text",
      { users: [{ username: "ada", password: secret }] },
      /users\/0\/password/,
    ],
    [
      "a hash of no known form",
      { users: [{ username: "ada", password_hash: secret }] },
      /users\/0\/password_hash/,
    ],
    ["a user declared twice", { users: [{ username: "ada" }, { username: "ADA" }] }, /ada is declared twice/],
    ["a user with a client's id", { users: [{ username: "ada", sub: "admin" }] }, /users\/0\/sub/],
  ];
  for (const [what, content, message] of cases) {
    test(what, async () => {
      await assert.rejects(startTestServer(file(content)), (error) => {
        assert.ok(error instanceof ConfigurationError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes(secret));
        return true;
      });
    });
  }
});

describe("users", () => {
  const password = "correct horse battery";
  const ada = {
    username: "Ada",
    sub: "legacy|7",
    email: "ada@example.com",
    groups: ["engine"],
    roles: ["viewer"],
    password_hash: bcrypt.hashSync(password, 8),
  };
  const link = { username: "grace" };
  const signIn = async (server: TestServer, chosen: string) =>
    (await consoleTokens(server, { username: "ada", password: chosen })).json;

  test("are made once, beside the first user; their own password and a later hash stay", async () => {
    const server = await startTestServer(file({ users: [ada, link] }));
    try {
      const path = "/admin/v1/users/legacy%7C7";
      const read = await server.admin("GET", path);
      assert.deepEqual(
        [read.json.username, read.json.has_password, read.json.roles],
        ["Ada", true, ["viewer"]],
      );
      assert.equal((await recorded(server)).filter((action) => action === "user.created").length, 2);
      assert.equal((await server.admin("GET", "/admin/v1/users?username=admin")).text.includes("usr_"), true);
      const { access_token: token } = await signIn(server, password);
      await server.restart();
      assert.deepEqual((await server.admin("GET", path)).json, read.json);
      assert.equal((await server.introspect(String(token))).active, true);
      await server.admin("PATCH", path, { password: "her own choice" });
      const before = await recorded(server);
      await server.restart();
      assert.deepEqual(await recorded(server), before);
      assert.equal(typeof (await signIn(server, "her own choice")).access_token, "string");
    } finally {
      await server.close();
    }
  });

  test("who differs is changed, with what follows from it", async () => {
    const server = await startTestServer(file({ users: [ada] }));
    try {
      await server.admin("PATCH", "/admin/v1/users/legacy%7C7", { roles: ["administrator"], name: "Ada" });
      const { access_token: token, scope } = await signIn(server, password);
      assert.match(String(scope), /rescind:admin/);
      await server.restart();
      const { json } = await server.admin("GET", "/admin/v1/users/legacy%7C7");
      assert.deepEqual([json.roles, json.name], [["viewer"], "Ada"], "what is not declared is left alone");
      assert.equal((await server.introspect(String(token))).active, false);
    } finally {
      await server.close();
    }
  });

  test("may be the first user, without another", async () => {
    const admin = { username: "admin", roles: ["administrator"], password_hash: ada.password_hash };
    const server = await startTestServer(file({ users: [admin] }));
    try {
      const { items } = (await server.admin("GET", "/admin/v1/users")).json;
      assert.equal((items as unknown[]).length, 1);
      assert.ok(!readFileSync(join(server.data, "admin.json"), "utf8").includes("setup"));
    } finally {
      await server.close();
    }
  });
});
