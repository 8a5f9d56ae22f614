// FAULTS row 27: two versions side by side. The newer one is played by what it would leave in the database: a schema of a
// later number, a record of a kind that is not known here. What a verifier makes of such a record: verifier-records.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { untilReady } from "./outage.ts";
import type { PostgresWorld } from "./postgres-world.ts";
import { until } from "./until.ts";

export function testVersions(world: () => PostgresWorld): void {
  test("FAULTS 27 where a newer version has changed the schema, nodes that run go on, and an older one does not start", async () => {
    const { nodes, database, cut: one, whole: other } = world();
    const client = await nodes.registerClient({ access_token_format: "opaque" });
    await world().cluster.query(
      "INSERT INTO rescind_schema SELECT max(number) + 1 FROM rescind_schema",
      database,
    );
    const token = await one.clientToken(client);
    assert.equal((await other.form("/oauth2/revoke", { token }, client)).status, 200);
    assert.equal(await one.isActive(token), false);

    other.signal("SIGTERM");
    await other.ended;
    other.spawn();
    const { code } = await other.ended;
    assert.ok(code !== null && code > 0);
    assert.match(
      other.output,
      /has schema \d+, this program knows up to \d+: it was opened by a newer version/,
    );
    assert.equal((await one.form("/oauth2/introspect", { token }, one.adminClient)).status, 200);
    await world().cluster.query(
      "DELETE FROM rescind_schema WHERE number = (SELECT max(number) FROM rescind_schema)",
      database,
    );
    await other.start();
  });

  test("FAULTS 27 D1 a record of a kind that a node does not know: it judges nothing, is not ready, and says why", async () => {
    const { nodes, database } = world();
    const client = await nodes.registerClient({ access_token_format: "opaque" });
    const token = await nodes.node(0).clientToken(client);
    await world().cluster.query(
      `BEGIN; CREATE TABLE head_before AS SELECT * FROM feed_head;
        UPDATE feed_head SET seq = seq + 1, hash = reverse(hash);
        INSERT INTO entries (seq, kind, unit, issuer, value, fp, hash, at_ms, keep_until_s)
          SELECT seq, 'narrow', 'token', '', '', 'AAAAAAAAAAAAAAAAAAAAAA', hash, 0, 9999999999 FROM feed_head;
        COMMIT`,
      database,
    );
    for (const node of nodes.each) {
      const { status, text } = await node.form("/oauth2/introspect", { token }, node.adminClient);
      assert.equal(status, 503, text);
      assert.equal((await node.form("/oauth2/revoke", { token }, client)).status, 503);
      assert.equal((await node.ask("GET", "/readyz")).status, 503);
      assert.equal((await node.ask("GET", "/healthz")).status, 200);
      await until("it says why", () => /of a kind that this version does not know/.test(node.output));
    }
    await world().cluster.query(
      `BEGIN; DELETE FROM entries WHERE kind = 'narrow'; DELETE FROM feed_head;
        INSERT INTO feed_head SELECT * FROM head_before; DROP TABLE head_before; COMMIT`,
      database,
    );
    await untilReady(nodes);
    for (const node of nodes.each) assert.equal(await node.isActive(token), true);
  });
}
