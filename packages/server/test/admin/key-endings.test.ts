// Consumer keys that end: deleted, or replaced by another one in the same call.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  type Answered,
  type RegisteredClient,
  startTestServer,
  type TestServer,
} from "../../../../test/running-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const rotate = (keyId: unknown, body?: object, headers?: Record<string, string>) =>
  server.admin("POST", `/admin/v1/keys/${keyId}/rotate`, body, headers);
const end = (keyId: unknown) => server.admin("DELETE", `/admin/v1/keys/${keyId}`);

function withSecret(client: RegisteredClient, made: Answered): RegisteredClient {
  return { ...client, client_secret: String(made.json.client_secret) };
}

async function opens(client: { client_id: string; client_secret: string }): Promise<boolean> {
  const { status, json } = await server.form("/oauth2/token", { grant_type: "client_credentials" }, client);
  if (status !== 200) assert.deepEqual([status, json.error], [401, "invalid_client"]);
  return status === 200;
}

async function isActive(token: string): Promise<boolean> {
  return (await server.introspect(token)).active === true;
}

async function newestOrder(): Promise<Record<string, unknown>> {
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [newest = {}] = json.items as Record<string, unknown>[]; // the contract's list
  return newest;
}

describe("a key that is deleted", () => {
  test("opens nothing, its tokens are dead, those of other keys live, and it cannot come back", async () => {
    const client = await server.registerClient();
    const [{ key_id } = { key_id: "" }] = client.keys;
    const other = withSecret(
      client,
      await server.admin("POST", `/admin/v1/clients/${client.client_id}/keys`),
    );
    const [mine, others] = [await server.clientToken(client), await server.clientToken(other)];
    const answer = await end(key_id);
    assert.equal(answer.status, 204);
    const order = await newestOrder();
    assert.deepEqual(
      [order.select, order.reason, order.suspend, order.final, String(order.seq)],
      [{ key_id }, "secret_rotated", true, true, answer.headers.get("rescind-seq")],
    );
    assert.deepEqual([await opens(client), await isActive(mine)], [false, false]);
    assert.deepEqual([await opens(other), await isActive(others)], [true, true]);
    const approved = await server.admin("POST", `/admin/v1/keys/${key_id}/approve`);
    assert.deepEqual([approved.status, approved.json.code], [409, "final"]);
    assert.equal((await end(key_id)).status, 204, "repeating it changes nothing");
    assert.equal((await rotate(key_id)).status, 409);
  });

  test("may be the last one: the client gets nothing until it is given another", async () => {
    const client = await server.registerClient();
    assert.equal((await end(client.keys[0]?.key_id)).status, 204);
    assert.equal(await opens(client), false);
    const made = await server.admin("POST", `/admin/v1/clients/${client.client_id}/keys`);
    assert.equal(await opens(withSecret(client, made)), true);
  });

  test("must be known", async () => {
    for (const answer of [await end("key_1"), await rotate("key_1")]) assert.equal(answer.status, 404);
  });
});

describe("a key that is rotated", () => {
  test("gives way to another one at once", async () => {
    const client = await server.registerClient();
    const [{ key_id } = { key_id: "" }] = client.keys;
    const token = await server.clientToken(client);
    const made = await rotate(key_id);
    assert.deepEqual(
      [made.status, made.json.status, made.json.client_id],
      [201, "approved", client.client_id],
    );
    assert.match(String(made.json.client_secret), /^rcs_/);
    assert.ok(made.json.key_id !== key_id);
    assert.equal(made.headers.get("rescind-seq"), String((await newestOrder()).seq));
    assert.deepEqual([await opens(client), await isActive(token)], [false, false]);
    assert.equal(await opens(withSecret(client, made)), true);
    const { json } = await server.admin("GET", `/admin/v1/clients/${client.client_id}`);
    assert.deepEqual(json.keys, [
      { key_id, status: "revoked" },
      { key_id: made.json.key_id, status: "approved" },
    ]);
  });

  test("goes on beside the new one with keep_old, until it is deleted", async () => {
    const client = await server.registerClient();
    const [{ key_id } = { key_id: "" }] = client.keys;
    const token = await server.clientToken(client);
    const made = await rotate(key_id, { keep_old: true });
    assert.deepEqual([made.status, made.headers.get("rescind-seq")], [201, null]);
    assert.deepEqual([await opens(client), await isActive(token)], [true, true]);
    await end(key_id);
    assert.deepEqual([await opens(client), await isActive(token)], [false, false]);
    assert.equal(await opens(withSecret(client, made)), true);
  });

  test("makes one key for one Idempotency-Key", async () => {
    const client = await server.registerClient();
    const headers = { "idempotency-key": "rotate-once" };
    const [{ key_id } = { key_id: "" }] = client.keys;
    const [first, again] = [await rotate(key_id, {}, headers), await rotate(key_id, {}, headers)];
    assert.deepEqual([again.status, again.json], [201, first.json]);
  });

  test("is refused where the client has no secrets, or was suspended for good", async () => {
    const client = await server.registerClient();
    const [{ key_id } = { key_id: "" }] = client.keys;
    await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, {
      token_endpoint_auth_method: "private_key_jwt",
      jwks_uri: "https://keys.example/jwks",
    });
    assert.equal((await rotate(key_id)).status, 409);
    const gone = await server.registerClient();
    await server.admin("DELETE", `/admin/v1/clients/${gone.client_id}`);
    assert.deepEqual((await rotate(gone.keys[0]?.key_id)).json.code, "final");
  });
});

describe("the client admin", () => {
  const adminKeys = async () => {
    const { json } = await server.admin("GET", "/admin/v1/clients/admin");
    const keys = json.keys as { key_id: string; status: string }[]; // the contract's
    return keys.filter(({ status }) => status === "approved").map(({ key_id }) => key_id);
  };
  const secretInFile = () =>
    String(JSON.parse(readFileSync(join(server.data, "admin.json"), "utf8")).client_secret);

  test("keeps its last usable key, whichever way it is to end", async () => {
    const [only] = await adminKeys();
    assert.equal((await end(only)).status, 409);
    assert.equal((await server.admin("POST", `/admin/v1/keys/${only}/revoke`, { final: true })).status, 409);
    assert.equal(await opens({ client_id: "admin", client_secret: secretInFile() }), true);
  });

  test("may rotate it: admin.json goes on to hold a secret that works, after a restart too", async () => {
    const own = await startTestServer();
    try {
      const { json } = await own.admin("GET", "/admin/v1/clients/admin");
      const [{ key_id } = { key_id: "" }] = json.keys as { key_id: string }[]; // the contract's
      const made = await own.admin("POST", `/admin/v1/keys/${key_id}/rotate`);
      assert.equal(made.status, 201, made.text);
      const file = JSON.parse(readFileSync(join(own.data, "admin.json"), "utf8"));
      assert.equal(file.client_secret, made.json.client_secret);
      await own.restart();
      const form = { grant_type: "client_credentials" };
      const [before, now] = [
        await own.form("/oauth2/token", form, { client_id: "admin", client_secret: own.adminSecret }),
        await own.form("/oauth2/token", form, { client_id: "admin", client_secret: file.client_secret }),
      ];
      assert.deepEqual([before.status, now.status], [401, 200]);
    } finally {
      await own.close();
    }
  });

  test("has a secret that the environment sets rotated there only", async () => {
    const own = await startTestServer([], { RESCIND_ADMIN_SECRET: "x".repeat(40) });
    try {
      const { json } = await own.admin("GET", "/admin/v1/clients/admin");
      const [{ key_id } = { key_id: "" }] = json.keys as { key_id: string }[]; // the contract's
      const refused = await own.admin("POST", `/admin/v1/keys/${key_id}/rotate`);
      assert.equal(refused.status, 409);
      assert.match(String(refused.json.detail), /RESCIND_ADMIN_SECRET/);
    } finally {
      await own.close();
    }
  });
});
