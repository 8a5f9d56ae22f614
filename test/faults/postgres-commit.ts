// FAULTS row 12: the connection to PostgreSQL is cut inside COMMIT, after it is done or before it came there. The server
// cannot know which: it says 503. Trying again is harmless: with the same Idempotency-Key comes the same receipt, a refresh
// gets the same successor, from whichever node.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import type { Lost } from "./postgres-proxy.ts";
import type { PostgresWorld } from "./postgres-world.ts";
import { type Answer, requireStatus, type ServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

export function testLostCommits(world: () => PostgresWorld): void {
  for (const what of ["answers", "commits"] as const) {
    const happened = what === "answers";
    const name = happened ? "the answer to a COMMIT is lost" : "a COMMIT is lost on its way";

    test(`FAULTS 12 A7 RV-01 ${name}: revoking is a 503, nobody sees half of it, and again it is a 200`, async () => {
      const { nodes, cut, whole } = world();
      const client = await nodes.registerClient({ access_token_format: "opaque" });
      const grant = await whole.openGrant(client, "usr_alice");
      await askWhileLosing(world(), what, () =>
        cut.form("/oauth2/revoke", { token: grant.refresh_token }, client),
      );
      for (const node of nodes.each)
        for (const token of [grant.access_token, grant.refresh_token])
          assert.equal(await node.isActive(token), !happened, "all of it or nothing, at every node");
      const again = await cut.form("/oauth2/revoke", { token: grant.refresh_token }, client);
      assert.equal(again.status, 200);
      for (const node of nodes.each)
        for (const token of [grant.access_token, grant.refresh_token])
          assert.equal(await node.isActive(token), false);
    });

    test(`FAULTS 12 RV-19 ${name}: an order with an Idempotency-Key is made once, with one receipt at every node`, async () => {
      const { nodes, cut, whole } = world();
      const client = await nodes.registerClient();
      const key = randomUUID();
      const order = (node: ServerProcess): Promise<Answer> => orderSubject(node, key);
      const before = await head(whole);
      await askWhileLosing(world(), what, () => order(cut));
      const receipt = requireStatus(await order(cut), 201);
      const since = await whole.openGrant(client, "usr_alice");
      for (const node of [whole, cut]) {
        const repeated = requireStatus(await order(node), 201);
        assert.deepEqual(
          [repeated.json.id, repeated.json.seq, repeated.headers["rescind-seq"]],
          [receipt.json.id, receipt.json.seq, receipt.headers["rescind-seq"]],
        );
      }
      assert.equal((await head(whole)) - before, 1, "one entry");
      assert.equal(
        await cut.isActive(since.access_token),
        true,
        "repeating it reaches nothing that came since",
      );
    });

    test(`FAULTS 12 B1 B3 ${name}: a refresh is a 503, and again it gets one successor at every node`, async () => {
      const { nodes, cut, whole } = world();
      const client = await nodes.registerClient();
      const { refresh_token } = await whole.openGrant(client, "usr_alice");
      const refresh = (node: ServerProcess): Promise<Answer> =>
        node.form("/oauth2/token", { grant_type: "refresh_token", refresh_token }, client);
      await askWhileLosing(world(), what, () => refresh(cut));
      const first = requireStatus(await refresh(whole), 200).json;
      const second = requireStatus(await refresh(cut), 200).json;
      assert.equal(first.refresh_token, second.refresh_token);
      assert.equal(await whole.isActive(String(first.refresh_token)), true, "the grant goes on");
    });
  }
}

/** Asks while commits are lost: 503, and at least one was. */
async function askWhileLosing(
  { cut, proxy }: PostgresWorld,
  what: Lost,
  ask: () => Promise<Answer>,
): Promise<void> {
  const before = proxy.lost;
  proxy.lose(what);
  const { status, headers, text } = await ask();
  proxy.lose("nothing");
  assert.ok(proxy.lost > before, `control: a commit was lost (${status} ${text})`);
  assert.equal(status, 503, text);
  assert.match(String(headers["retry-after"]), /^[1-9]\d*$/);
  await until("the node is ready", async () => (await cut.ask("GET", "/readyz")).status === 200);
}

async function orderSubject(node: ServerProcess, key: string): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${await node.adminToken()}`,
    "content-type": "application/json",
    "idempotency-key": key,
  };
  const body = JSON.stringify({ select: { subject: "usr_alice" } });
  return node.ask("POST", "/admin/v1/revocations", headers, body);
}

async function head(node: ServerProcess): Promise<number> {
  const { items } = requireStatus(await node.admin("GET", "/admin/v1/revocations?limit=1"), 200).json as {
    items: { seq: number }[]; // parsing boundary: the admin contract
  };
  return items[0]?.seq ?? 0;
}
