// What works once works once on all nodes together: assertions, codes, refresh tokens, Idempotency-Keys.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { startNodes } from "../nodes.ts";
import { peopleOf } from "../people.ts";
import type { Answered } from "../running-server.ts";
import { rounds } from "../seed.ts";

const all = await startNodes(2);
after(() => all.close());
const [a, b] = [all.node(0), all.node(1)];

/** The same request so many times at once, turn about at either node. */
function atBoth(times: number, ask: (node: typeof a) => Promise<Answered>): Promise<Answered[]> {
  return Promise.all(Array.from({ length: times }, (_, index) => ask(index % 2 === 0 ? a : b)));
}

function count(answers: readonly Answered[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

test("AC-16 an assertion that is presented to two nodes at once works at one of them", async () => {
  const keys = await generateKeyPair("ES256");
  const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "one" }] };
  for (let round = 0; round < rounds(10, 1000); round++) {
    const { client_id } = await a.registerClient({ token_endpoint_auth_method: "private_key_jwt", jwks });
    const assertion = await new SignJWT({ jti: crypto.randomUUID() })
      .setProtectedHeader({ alg: "ES256", kid: "one" })
      .setIssuer(client_id)
      .setSubject(client_id)
      .setAudience(all.issuer)
      .setIssuedAt()
      .setExpirationTime("60s")
      .sign(keys.privateKey);
    const type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    const form = {
      grant_type: "client_credentials",
      client_assertion: assertion,
      client_assertion_type: type,
    };
    const answers = await atBoth(8, (node) => node.form("/oauth2/token", form));
    assert.deepEqual([count(answers, 200), count(answers, 401)], [1, 7], `round ${round}`);
  }
});

test("RT-01 B1 of 64 refreshes of one token at two nodes all that succeed get the same successor", async () => {
  const client = await a.registerClient();
  for (let round = 0; round < rounds(4, 1000); round++) {
    const { refresh_token = "" } = await a.openGrant(client);
    const form = { grant_type: "refresh_token", refresh_token };
    const answers = await atBoth(64, (node) => node.form("/oauth2/token", form, client));
    const won = answers.filter(({ status }) => status === 200);
    assert.ok(won.length >= 1);
    for (const { status, json, text } of answers)
      if (status !== 200) assert.deepEqual([status, json.error], [400, "invalid_grant"], text);
    assert.equal(new Set(won.map(({ json }) => json.refresh_token)).size, 1, `round ${round}`);
    const [first] = won;
    const next = { grant_type: "refresh_token", refresh_token: String(first?.json.refresh_token) };
    assert.equal((await b.form("/oauth2/token", next, client)).status, 200, "the grant lives");
  }
});

test("C1 C2 a code that is redeemed at two nodes at once works at one, and its second use ends what came of it", async (t) => {
  const people = await peopleOf(a, all.database);
  t.after(() => people.close());
  const client = await people.client();
  for (let round = 0; round < rounds(8, 1000); round++) {
    const code = await people.code(client, await people.signIn());
    const answers = await atBoth(4, (node) => peopleAt(node, client, code));
    assert.deepEqual(
      [count(answers, 200), count(answers, 400)],
      [1, 3],
      answers.map(({ text }) => text).join(),
    );
    const token = String(answers.find(({ status }) => status === 200)?.json.access_token);
    for (const node of [a, b]) assert.equal((await node.introspect(token)).active, false);
  }
});

function peopleAt(
  node: typeof a,
  client: { client_id: string; client_secret: string },
  code: string,
): Promise<Answered> {
  const form = {
    grant_type: "authorization_code",
    code,
    redirect_uri: "https://app.example/callback",
    code_verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
  };
  return node.form("/oauth2/token", form, client);
}

test("an Idempotency-Key that comes to two nodes at once makes one client, and both get its secret", async () => {
  for (let round = 0; round < rounds(4, 100); round++) {
    const body = { name: `Twice ${round}`, grant_types: ["client_credentials"] };
    const headers = { "idempotency-key": crypto.randomUUID() };
    const answers = await atBoth(6, (node) => node.admin("POST", "/admin/v1/clients", body, headers));
    assert.equal(count(answers, 201), 6, answers.map(({ text }) => text).join());
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1);
  }
});

test("a username that is taken at two nodes at once is one person's, and two changes of one person both stay", async () => {
  const made = await atBoth(8, (node) => node.admin("POST", "/admin/v1/users", { username: "ada" }));
  assert.deepEqual([count(made, 201), count(made, 409)], [1, 7]);
  const sub = String(made.find(({ status }) => status === 201)?.json.sub);
  for (let round = 0; round < 5; round++) {
    const changes = [{ email: `ada${round}@example.org` }, { groups: [`group ${round}`] }];
    const [first = {}, second = {}] = changes;
    const answers = await Promise.all([
      a.admin("PATCH", `/admin/v1/users/${sub}`, first),
      b.admin("PATCH", `/admin/v1/users/${sub}`, second),
    ]);
    assert.equal(count(answers, 200), 2, answers.map(({ text }) => text).join());
    const { json } = await a.admin("GET", `/admin/v1/users/${sub}`);
    assert.deepEqual([json.email, json.groups], [`ada${round}@example.org`, [`group ${round}`]]);
  }
});

test("signing keys that are rotated at two nodes at once are rotated once, and both nodes publish them", async () => {
  const keys = async (node: typeof a) => (await node.request("/oauth2/jwks")).json.keys as unknown[]; // RFC 7517
  const before = await keys(a);
  const rotated = await atBoth(4, (node) => node.admin("POST", "/admin/v1/signing-keys/rotate", {}));
  assert.equal(count(rotated, 200), 4, rotated.map(({ text }) => text).join());
  const now = await keys(a);
  assert.equal(now.length, before.length + 3);
  assert.deepEqual(await keys(b), now);
});

test("of the last two keys of the administration, ended at two nodes at once, one stays", async () => {
  const { json: other } = await a.admin("POST", "/admin/v1/clients/admin/keys", {});
  const { json: client } = await a.admin("GET", "/admin/v1/clients/admin");
  const ids = (client.keys as { key_id: string }[]).map(({ key_id }) => key_id); // the contract's schema
  assert.equal(ids.length, 2);
  const admin = { client_id: "admin", client_secret: String(other.client_secret), keys: [] };
  // The calls must not die with the key that their own token came from.
  const token = await a.clientToken(admin);
  const ended = await Promise.all(
    ids.map((id, index) =>
      [a, b][index]?.request(`/admin/v1/keys/${id}`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${token}` },
      }),
    ),
  );
  const statuses = ended.map((answer) => answer?.status).toSorted();
  assert.ok(statuses.includes(204), String(statuses));
  assert.equal(statuses.filter((status) => status === 204).length, 1, String(statuses));
});
