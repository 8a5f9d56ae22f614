// Idempotency-Key on POST. CONTRACT.md section 5, DESIGN.md section 2.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const clients = "/admin/v1/clients";
const basics = { name: "Test", grant_types: ["client_credentials"] };
const key = (name: string) => ({ "idempotency-key": name });

async function numberOfClients(): Promise<number> {
  return ((await server.admin("GET", `${clients}?limit=1000`)).json.items as unknown[]).length;
}

test("the same key gets the same answer, the secret included, and makes one client", async () => {
  const before = await numberOfClients();
  const first = await server.admin("POST", clients, basics, key("a"));
  const second = await server.admin("POST", clients, basics, key("a"));
  assert.deepEqual(
    [second.status, second.json, second.headers.get("cache-control")],
    [201, first.json, "no-store"],
  );
  assert.equal(await numberOfClients(), before + 1);
});

test("it outlives a restart", async () => {
  const first = await server.admin("POST", clients, basics, key("b"));
  await server.restart();
  assert.deepEqual((await server.admin("POST", clients, basics, key("b"))).json, first.json);
});

test("16 requests at once under one key make one client", async () => {
  const before = await numberOfClients();
  const ask = () => server.admin("POST", clients, basics, key("c"));
  const answers = await Promise.all(Array.from({ length: 16 }, ask));
  assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  assert.equal(await numberOfClients(), before + 1);
});

test("another request under the same key is 422 and changes nothing", async () => {
  await server.admin("POST", clients, basics, key("d"));
  const before = await numberOfClients();
  const other = await server.admin("POST", clients, { ...basics, name: "Other" }, key("d"));
  assert.deepEqual([other.status, other.json.code], [422, "idempotency-mismatch"]);
  assert.equal(await numberOfClients(), before);
});

test("the same key at another path, or of another caller, is another key", async () => {
  const client = await server.registerClient(basics);
  const made = await server.admin("POST", `${clients}/${client.client_id}/keys`, {}, key("e"));
  assert.equal(made.status, 201);
  assert.equal((await server.admin("POST", clients, basics, key("e"))).status, 201);
  const other = await server.tokenWithScope("rescind:admin");
  const theirs = await server.admin(
    "POST",
    `${clients}/${client.client_id}/keys`,
    {},
    {
      ...key("e"),
      authorization: `Bearer ${other}`,
    },
  );
  assert.notEqual(theirs.json.key_id, made.json.key_id);
});

test("a refusal is not remembered", async () => {
  const opened = { client_id: "later", subject: "usr_x" };
  assert.equal((await server.admin("POST", "/admin/v1/grants", opened, key("f"))).status, 400);
  await server.admin("POST", clients, { ...basics, client_id: "later" });
  assert.equal((await server.admin("POST", "/admin/v1/grants", opened, key("f"))).status, 201);
});

test("a wide order repeated under its key has one entry, and what was issued since stays live", async () => {
  const client = await server.registerClient();
  const body = { select: { client_id: client.client_id } };
  const first = await server.admin("POST", "/admin/v1/revocations", body, key("g"));
  const token = await server.clientToken(client);
  const second = await server.admin("POST", "/admin/v1/revocations", body, key("g"));
  assert.equal(second.status, 201);
  assert.deepEqual(second.json, first.json);
  assert.equal(second.headers.get("rescind-seq"), first.headers.get("rescind-seq"));
  assert.equal((await server.introspect(token)).active, true);
});

test("16 wide orders at once under one key have one entry", async () => {
  const body = { select: { subject: "usr_many" } };
  const ask = () => server.admin("POST", "/admin/v1/revocations", body, key("h"));
  const answers = await Promise.all(Array.from({ length: 16 }, ask));
  assert.deepEqual(new Set(answers.map(({ status, json }) => `${status} ${json.seq}`)).size, 1);
  const items = (await server.admin("GET", "/admin/v1/revocations?limit=1000")).json.items as Record<
    string,
    unknown
  >[];
  const made = items.filter((item) => JSON.stringify(item.select) === JSON.stringify(body.select));
  assert.equal(made.length, 1);
});

test("a suspension repeated under its key does not suspend again after an approval", async () => {
  const client = await server.registerClient();
  const path = `${clients}/${client.client_id}`;
  await server.admin("POST", `${path}/revoke`, {}, key("i"));
  await server.admin("POST", `${path}/approve`);
  assert.equal((await server.admin("POST", `${path}/revoke`, {}, key("i"))).status, 200);
  assert.equal((await server.admin("GET", path)).json.status, "approved");
});

/** As if the process had died after the commit, before it remembered its answer. */
function forgetAnswers(): void {
  const database = new DatabaseSync(join(server.data, "rescind.db"));
  assert.ok(database.prepare("DELETE FROM answers").run().changes > 0);
  database.close();
}

test("A4 an order whose answer was not remembered any more is not made twice under its key", async () => {
  const client = await server.registerClient();
  const body = { select: { client_id: client.client_id } };
  const first = await server.admin("POST", "/admin/v1/revocations", body, key("j"));
  const token = await server.clientToken(client);
  forgetAnswers();
  const second = await server.admin("POST", "/admin/v1/revocations", body, key("j"));
  assert.deepEqual(
    [second.status, second.json.id, second.json.seq, second.json.at],
    [201, first.json.id, first.json.seq, first.json.at],
  );
  assert.equal((await server.introspect(token)).active, true);

  forgetAnswers();
  const other = await server.admin(
    "POST",
    "/admin/v1/revocations",
    { select: { subject: "usr_other" } },
    key("j"),
  );
  assert.deepEqual([other.status, other.json.code], [422, "idempotency-mismatch"]);
  const forGood = await server.admin("POST", "/admin/v1/revocations", { ...body, final: true }, key("j"));
  assert.deepEqual(
    [forGood.status, forGood.json.code],
    [422, "idempotency-mismatch"],
    "it would stay liftable",
  );
});

test("A4 an order by time, its own where none is given, is known again by its key; with another time it is another", async () => {
  const issuer = "https://idp.example";
  const registered = { issuer, jwks_uri: `${issuer}/jwks` };
  assert.equal((await server.admin("POST", "/admin/v1/issuers", registered)).status, 201);
  const body = { select: { issuer, subject: "ann" } };
  const first = await server.admin("POST", "/admin/v1/revocations", body, key("by-time"));
  forgetAnswers();
  const second = await server.admin("POST", "/admin/v1/revocations", body, key("by-time"));
  assert.deepEqual([second.status, second.json.seq], [201, first.json.seq], second.text);
  forgetAnswers();
  const earlier = { ...body, before: "2026-01-01T00:00:00Z" };
  const other = await server.admin("POST", "/admin/v1/revocations", earlier, key("by-time"));
  assert.deepEqual([other.status, other.json.code], [422, "idempotency-mismatch"]);
});

test("a malformed key is 400", async () => {
  for (const bad of ["with space", "x".repeat(256), ""])
    assert.equal((await server.admin("POST", clients, basics, key(bad))).status, 400, JSON.stringify(bad));
});
