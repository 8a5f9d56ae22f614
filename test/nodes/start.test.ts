// Nodes that start on one database: whichever comes first, there is one of everything, and every node knows it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
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

function databaseOf({ database }: Nodes): string {
  return new URL(database).pathname.slice(1);
}
