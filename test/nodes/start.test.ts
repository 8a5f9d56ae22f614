// Nodes that start on one database: whichever comes first, there is one of everything, and every node knows it.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readConfiguration, startServer } from "@rescind/server";
import { freePort } from "../free-port.ts";
import { type Nodes, startNodes } from "../nodes.ts";
import { type Cluster, startCluster } from "../postgres.ts";

let cluster: Cluster;
before(async () => {
  cluster = await startCluster({ settings: { max_connections: "300", jit: "off" } });
});
after(() => cluster.stop());

test("ten nodes start at once on an empty database: one admin client, one set of keys, one user", async () => {
  const all = await startNodes(10, { cluster });
  try {
    const rows = async (sql: string): Promise<unknown[]> =>
      (await cluster.query(sql, databaseOf(all))).map((row) => Object.values(row).join(" "));
    assert.deepEqual(await rows("SELECT client_id FROM clients ORDER BY client_id"), ["admin", "console"]);
    assert.equal((await rows("SELECT key_id FROM consumer_keys")).length, 1);
    const keys = await rows("SELECT used_for, alg FROM signing_keys ORDER BY used_for, alg");
    assert.deepEqual(keys, ["access ES256", "feed EdDSA", "id ES256", "id RS256"]);
    assert.equal((await rows("SELECT subject FROM users")).length, 1);
    assert.equal((await rows("SELECT name FROM secrets WHERE name = 'fingerprint-key'")).length, 1);
    const files = all.nodes.map(({ data }) => readFileSync(join(data, "admin.json"), "utf8"));
    assert.equal(new Set(files).size, 1, "every node's admin.json says the same");
    const fingerprintKeys = new Set<unknown>();
    const sets = new Set<string>();
    for (const node of all.nodes) {
      const token = await node.tokenWithScope("rescind:feed");
      const headers = { authorization: `Bearer ${token}` };
      fingerprintKeys.add((await node.request("/revocations/settings", { headers })).json.fingerprint_key);
      sets.add((await node.request("/oauth2/jwks")).text);
    }
    assert.deepEqual([fingerprintKeys.size, sets.size], [1, 1]);
  } finally {
    await all.close();
  }
});

test("declared clients, resources and users are made once by nodes that start at once", async () => {
  const directory = mkdtempSync(join(tmpdir(), "rescind-declared-"));
  const config = join(directory, "config.json");
  const declared = {
    clients: [
      { client_id: "shop", name: "Shop", grant_types: ["client_credentials"], client_secret: "s".repeat(40) },
    ],
    resources: [{ resource: "https://api.example", signing_alg: "RS256" }],
    users: [{ username: "ada", email: "ada@example.org" }],
  };
  writeFileSync(config, JSON.stringify(declared));
  const all = await startNodes(4, { cluster, flags: ["--config", config] });
  try {
    const count = async (sql: string): Promise<unknown> => (await cluster.query(sql, databaseOf(all)))[0]?.n;
    assert.equal(await count("SELECT count(*)::int AS n FROM consumer_keys WHERE client_id = 'shop'"), 1);
    assert.equal(await count("SELECT count(*)::int AS n FROM users"), 2);
    assert.equal(
      await count("SELECT count(*)::int AS n FROM signing_keys WHERE used_for = 'access' AND alg = 'RS256'"),
      1,
    );
    const made =
      "SELECT count(*)::int AS n FROM audit WHERE action IN ('client.created', 'user.created', 'key.created')";
    assert.equal(await count(made), 4, "the client and its key, ada and the first administrator, each once");
  } finally {
    await all.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

test("the admin secret that one node rotates is in every node's file at its next start, and works", async () => {
  const all = await startNodes(2, { cluster });
  try {
    const [a, b] = [all.node(0), all.node(1)];
    const { json } = await a.admin("GET", "/admin/v1/clients/admin");
    const [key] = json.keys as { key_id: string }[]; // the contract's schema
    const rotated = await a.admin("POST", `/admin/v1/keys/${key?.key_id}/rotate`, {});
    assert.equal(rotated.status, 201, rotated.text);
    await b.restart();
    for (const node of [a, b]) {
      const { client_secret } = JSON.parse(readFileSync(join(node.data, "admin.json"), "utf8")) as {
        client_secret: string;
      }; // our own file
      assert.equal(client_secret, rotated.json.client_secret);
      const form = { grant_type: "client_credentials" };
      const answer = await node.form("/oauth2/token", form, { client_id: "admin", client_secret });
      assert.equal(answer.status, 200, answer.text);
    }
  } finally {
    await all.close();
  }
});

test("a node that would be another server is refused: no master key, another one, another issuer", async () => {
  const database = await cluster.freshDatabase();
  const key = randomBytes(32).toString("base64url");
  const data = mkdtempSync(join(tmpdir(), "rescind-refused-"));
  const start = async (issuer: string, env: Record<string, string>): Promise<void> => {
    const flags = ["--port", String(await freePort()), "--data", data, "--log-level", "error"];
    const server = await startServer(
      readConfiguration([...flags, "--issuer", issuer, "--database", database], env),
    );
    await server.close();
  };
  try {
    await assert.rejects(start("http://127.0.0.1:1", {}), /RESCIND_MASTER_KEY must be set/);
    await start("http://127.0.0.1:1", { RESCIND_MASTER_KEY: key });
    await start("http://127.0.0.1:1", { RESCIND_MASTER_KEY: key });
    const other = randomBytes(32).toString("base64url");
    await assert.rejects(
      start("http://127.0.0.1:1", { RESCIND_MASTER_KEY: other }),
      /same RESCIND_MASTER_KEY/,
    );
    await assert.rejects(start("http://127.0.0.1:2", { RESCIND_MASTER_KEY: key }), /belongs to the issuer/);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});

test("the database says in what it keeps of admin.json nothing that could be used", async () => {
  const all = await startNodes(1, { cluster });
  try {
    const rows = await cluster.query("SELECT name, sealed FROM secrets", databaseOf(all));
    const secret = all.node(0).adminSecret;
    assert.ok(rows.some(({ name }) => name === "admin-file"));
    for (const { name, sealed } of rows)
      assert.ok(sealed instanceof Uint8Array && !Buffer.from(sealed).includes(secret), String(name));
  } finally {
    await all.close();
  }
});

function databaseOf({ database }: Nodes): string {
  return new URL(database).pathname.slice(1);
}
