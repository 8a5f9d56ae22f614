// Why something is live or not: POST /admin/v1/explain. DESIGN.md section 1.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Explanation } from "@rescind/admin-api";
import { IdentityProvider } from "../../../../test/identity-provider.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
let client: RegisteredClient;
before(async () => {
  server = await startTestServer();
  client = await server.registerClient();
});
after(() => server.close());

async function explain(body: Record<string, unknown>): Promise<Explanation> {
  const { status, json, text } = await server.admin("POST", "/admin/v1/explain", body);
  assert.equal(status, 200, text);
  return json as unknown as Explanation; // the contract's answer
}

async function order(select: Record<string, unknown>, more: Record<string, unknown> = {}) {
  const { status, json, text } = await server.admin("POST", "/admin/v1/revocations", { select, ...more });
  assert.equal(status, 201, text);
  return json;
}

/** Effects by unit, of the units that an entry names. */
function effects({ units }: Explanation): Record<string, string[]> {
  const named = units.filter(({ entries }) => entries.length > 0);
  return Object.fromEntries(named.map(({ unit, entries }) => [unit, entries.map(({ effect }) => effect)]));
}

test("each unit is shown with every entry that names it: covering, lifted, spared by before or by rev", async () => {
  const subject = "usr_everything";
  const early = await order({ subject }, { note: "before it was issued" });
  const tokens = await server.openGrant(client, subject);
  const spared = await order({ client_id: client.client_id }, { before: "2020-01-01T00:00:00Z" });
  const lifted = await order({ subject, client_id: client.client_id });
  await server.admin("POST", `/admin/v1/revocations/${lifted.id}/lift`);
  const live = await explain({ token: tokens.access_token });
  assert.deepEqual([live.what, live.status], ["access_token", "live"]);
  assert.deepEqual(effects(live), { subject: ["spares"], client: ["spares"], "subject+client": ["lifted"] });

  const covering = await order({ grant_id: tokens.grant_id }, { reason: "token_leaked", note: "in a log" });
  const dead = await explain({ token: tokens.access_token });
  assert.deepEqual([dead.status, dead.why], ["revoked", "A standing entry covers it."]);
  assert.deepEqual(effects(dead), { ...effects(live), grant: ["covers"] });
  assert.equal(dead.head, covering.seq);
  const of = (name: string) => dead.units.find(({ unit }) => unit === name)?.entries[0];
  assert.deepEqual(
    ["grant", "subject", "client", "subject+client"].map((name) => of(name)?.revocation_id),
    [covering.id, early.id, spared.id, lifted.id],
  );
  assert.deepEqual(
    [of("grant")?.reason, of("grant")?.note, of("grant")?.actor],
    ["token_leaked", "in a log", { kind: "admin", id: "admin" }],
  );
  assert.match(of("subject")?.why ?? "", /issued after the order/);
  assert.match(of("client")?.why ?? "", /after the order's before/);
  assert.match(of("subject+client")?.why ?? "", /taken back by entry/);
});

test("it agrees with introspection about every token", async () => {
  const opaque = await server.registerClient({ access_token_format: "opaque" });
  const tokens = [];
  for (const subject of ["usr_1", "usr_2", "usr_3"]) tokens.push(await server.openGrant(opaque, subject));
  await order({ token: tokens[0]?.access_token });
  await order({ subject: "usr_2" });
  for (const { access_token: access, refresh_token: refresh } of tokens)
    for (const token of [access, refresh]) {
      const { status } = await explain({ token });
      assert.equal(status === "live", (await server.introspect(token ?? "")).active, String(status));
    }
});

describe("what it is", () => {
  test("a token by its id, access or refresh, says the same as by its text", async () => {
    const tokens = await server.openGrant(client, "usr_ids");
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const byText = await explain({ token });
      const byId = await explain({ token_id: byText.facts.token_id });
      assert.deepEqual({ ...byId, at: "" }, { ...byText, at: "" });
    }
  });

  test("a spent refresh token", async () => {
    const tokens = await server.openGrant(client, "usr_spent");
    const { status } = await server.form(
      "/oauth2/token",
      { grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) },
      client,
    );
    assert.equal(status, 200);
    const { what, status: told, facts } = await explain({ token: tokens.refresh_token });
    assert.deepEqual([what, told], ["refresh_token", "spent"]);
    assert.match(String(facts.spent_at), /^\d{4}-/);
  });

  test("a grant, live by its newest token and revoked with its subject", async () => {
    const tokens = await server.openGrant(await server.registerClient(), "usr_grant");
    const live = await explain({ grant_id: tokens.grant_id });
    assert.deepEqual([live.what, live.status, live.facts.subject], ["grant", "live", "usr_grant"]);
    await order({ subject: "usr_grant" });
    const dead = await explain({ grant_id: tokens.grant_id });
    assert.deepEqual([dead.status, effects(dead)], ["revoked", { subject: ["covers"] }]);
  });

  test("a JWT of a registered foreign issuer, by its iat", async () => {
    const idp = await IdentityProvider.start();
    try {
      const { issuer, jwksUri } = idp;
      await server.admin("POST", "/admin/v1/issuers", { issuer, jwks_uri: jwksUri, max_token_ttl: 3600 });
      const token = await idp.sign({ sub: "carl", iat: Math.floor(Date.now() / 1000) - 60 });
      const { what, status, facts } = await explain({ token });
      assert.deepEqual(
        [what, status, facts.issuer, facts.subject],
        ["foreign_token", "live", issuer, "carl"],
      );
      await order({ issuer, subject: "carl" });
      const dead = await explain({ token });
      assert.deepEqual([dead.status, effects(dead)], ["revoked", { subject: ["covers"] }]);
      assert.match(JSON.stringify(dead.units), /It was issued at \d+; the order covers what was up to \d+/);
      const listed = await server.admin("POST", "/admin/v1/revocations/bulk", {
        tokens: [await idp.sign({ sub: "dora", jti: "x-1" })],
      });
      assert.deepEqual([listed.json.revoked, listed.json.unknown], [1, 0]);
    } finally {
      await idp.close();
    }
  });

  test("an exchanged token, and the order of an ancestor in its lineage", async () => {
    const grantTypes = ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"];
    const gateway = await server.registerClient({ grant_types: grantTypes });
    const parent = await server.openGrant(await server.registerClient(), "usr_parent");
    const { json } = await server.form(
      "/oauth2/token",
      {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        subject_token: String(parent.access_token),
        subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
      },
      gateway,
    );
    const live = await explain({ token: json.access_token });
    assert.deepEqual([live.status, live.facts.exchanges, live.lineage], ["live", 1, []]);
    const { id } = await order({ grant_id: parent.grant_id });
    const { status, lineage } = await explain({ token: json.access_token });
    assert.deepEqual(
      [
        status,
        lineage.map(({ entries }) => entries.map((entry) => [entry.unit, entry.effect, entry.revocation_id])),
      ],
      ["revoked", [[["grant", "covers", id]]]],
    );
  });

  test("what is not known says why, and what an order of its id did", async () => {
    const token = await server.clientToken(client);
    for (const [body, why] of [
      [{ token: "made-up" }, /not the form/],
      [{ token: `${token.slice(0, -4)}AAAA` }, /no JWT access token/],
      [{ token_id: "tid_1" }, /Nothing is stored/],
      [{ grant_id: "gnt_1" }, /Nothing is stored/],
      [{ session_id: "ses_1" }, /Nothing is stored/],
    ] as const) {
      const { what, status, why: told } = await explain(body);
      assert.deepEqual([what, status], ["unknown", "unknown"]);
      assert.match(told, why);
    }
    await order({ session_id: "ses_1" });
    assert.deepEqual(effects(await explain({ session_id: "ses_1" })), { session: ["covers"] });
  });
});

test("no secret is in it", async () => {
  const opaque = await server.registerClient({ access_token_format: "opaque" });
  const tokens = await server.openGrant(opaque, "usr_secret");
  for (const token of [tokens.access_token, tokens.refresh_token]) {
    const text = JSON.stringify(await explain({ token }));
    assert.equal(text.includes(String(token)), false);
    assert.equal(text.includes(String(token).slice(15, 40)), false);
  }
});

test("exactly one thing is asked about, and reading is enough", async () => {
  for (const body of [{}, { token: "a", grant_id: "gnt_1" }, { subject: "usr_1" }])
    assert.equal((await server.admin("POST", "/admin/v1/explain", body)).status, 400);
  const authorization = `Bearer ${await server.tokenWithScope("rescind:read")}`;
  const { status } = await server.request("/admin/v1/explain", {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ token: "a" }),
  });
  assert.equal(status, 200);
});
