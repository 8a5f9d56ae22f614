// Another way of storing digests while everything goes on: from none to a pepper, from one pepper to another, and then
// without the one before. CONTRACT.md section 4.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { readConfiguration } from "@rescind/server";
import { type People, peopleOf } from "../../../../test/people.ts";
import { createPerson } from "../../../../test/person.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../../../../test/running-server.ts";

const [first, second] = ["first pepper ".repeat(3), "second pepper ".repeat(3)];
let server: TestServer;
let people: People;
let client: RegisteredClient;
before(async () => {
  server = await startTestServer();
  people = await peopleOf(server);
  client = await people.client({
    access_token_format: "opaque",
    redirect_uris: ["https://app.example/callback"],
  });
});
after(async () => {
  await people.close();
  await server.close();
});

/** Something of every kind whose digest is stored. */
async function everyKind() {
  const person = await people.signIn();
  const tokens = await people.tokens(client, person, { scopes: ["openid", "read"] });
  const code = await people.code(client, person);
  const pushed = await server.form(
    "/oauth2/par",
    {
      response_type: "code",
      redirect_uri: "https://app.example/callback",
      code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
      code_challenge_method: "S256",
      scope: "read",
    },
    client,
  );
  const link = await server.admin("POST", `/admin/v1/users/${person.subject}/setup-link`);
  const other = await server.registerClient();
  return {
    person,
    tokens,
    code,
    pushed: String(pushed.json.request_uri),
    link: String(link.json.setup_url),
    other,
  };
}

type Kinds = Awaited<ReturnType<typeof everyKind>>;

/** Uses each of them; refresh token and code are spent by it. */
async function assertAllWork({ person, tokens, code, pushed, link, other }: Kinds): Promise<void> {
  assert.equal((await server.introspect(String(tokens.access_token))).active, true, "access token");
  const form = { grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) };
  assert.equal((await server.form("/oauth2/token", form, client)).status, 200, "refresh token");
  assert.equal((await people.redeem(client, code)).status, 200, "code");
  const browser = createPerson(server.issuer);
  browser.cookies.set("127.0.0.1 rescind_session", person.cookie);
  const query = new URLSearchParams({ client_id: client.client_id, request_uri: pushed });
  const page = await browser.open(`${server.issuer}/oauth2/authorize?${query}`);
  assert.match(page.text, /<h1>Allow /, "session and pushed request");
  assert.match((await browser.open(link)).text, /name="again"/, "setup link");
  await server.clientToken(other);
}

/** Digests of consumer keys as they are stored, by key. */
function storedKeys(): Map<string, string> {
  const file = new DatabaseSync(join(server.data, "rescind.db"), { readOnly: true });
  const rows = file.prepare("SELECT key_id, hex(digest) AS digest FROM consumer_keys").all();
  file.close();
  return new Map(rows.map(({ key_id, digest }) => [String(key_id), String(digest)]));
}

async function digests(): Promise<unknown> {
  return (await server.admin("GET", "/admin/v1/settings")).json.digests;
}

test("RT-11 from none to a pepper, to another one, and on without the one before: what was issued goes on working", async () => {
  assert.deepEqual(await digests(), { current: "sha-256" });
  const plain = await everyKind();
  const [used, unused] = [plain.other, await server.registerClient()];
  const before = storedKeys();
  const digestOf = ({ keys }: RegisteredClient) => storedKeys().get(keys[0]?.key_id ?? "");

  await server.restart(["--token-pepper", first, "--previous-token-pepper", "none"]);
  assert.deepEqual(await digests(), { current: "hmac-sha-256", previous: "sha-256" });
  await assertAllWork(plain);
  assert.notEqual(digestOf(used), before.get(used.keys[0]?.key_id ?? ""), "stored anew when it was used");
  assert.equal(digestOf(unused), before.get(unused.keys[0]?.key_id ?? ""), "nobody else knows the secret");
  const renewed = digestOf(used);
  await server.clientToken(used);
  assert.equal(digestOf(used), renewed, "once is enough");

  // Tokens of the setting before are made by the tests themselves, past the server; so only what it makes counts here.
  const { access_token, refresh_token } = (
    await server.form(
      "/oauth2/token",
      { grant_type: "refresh_token", refresh_token: String((await server.openGrant(client)).refresh_token) },
      client,
    )
  ).json;
  await server.restart(["--token-pepper", second, "--previous-token-pepper", first]);
  assert.deepEqual(await digests(), { current: "hmac-sha-256", previous: "hmac-sha-256" });
  assert.equal((await server.introspect(String(access_token))).active, true);
  const again = { grant_type: "refresh_token", refresh_token: String(refresh_token) };
  assert.equal((await server.form("/oauth2/token", again, client)).status, 200);
  await server.clientToken(used);
  const form = { grant_type: "client_credentials" };
  assert.equal(
    (await server.form("/oauth2/token", form, unused)).status,
    401,
    "two settings back is too far",
  );

  await server.restart(["--token-pepper", second]);
  assert.deepEqual(await digests(), { current: "hmac-sha-256" });
  await server.clientToken(used);
  assert.equal(
    (await server.introspect(String(access_token))).active,
    false,
    "what was made before is unknown now",
  );
});

test("a secret that is wrong is refused under both settings, and a suspended key stays suspended", async () => {
  const own = await startTestServer();
  try {
    const { client_id, client_secret, keys } = await own.registerClient();
    await own.admin("POST", `/admin/v1/keys/${keys[0]?.key_id}/revoke`);
    await own.restart(["--token-pepper", first, "--previous-token-pepper", "none"]);
    const form = { grant_type: "client_credentials" };
    for (const secret of [client_secret, `${client_secret.slice(0, -1)}x`])
      assert.equal((await own.form("/oauth2/token", form, { client_id, client_secret: secret })).status, 401);
    await own.admin("POST", `/admin/v1/keys/${keys[0]?.key_id}/approve`);
    assert.equal((await own.form("/oauth2/token", form, { client_id, client_secret })).status, 200);
  } finally {
    await own.close();
  }
});

describe("the settings", () => {
  const read = (...flags: string[]) => readConfiguration(["--data", "./nowhere", ...flags], {});
  test("must differ, and be long enough", () => {
    assert.throws(() => read("--previous-token-pepper", "none"), /must differ/);
    assert.throws(() => read("--token-pepper", first, "--previous-token-pepper", first), /must differ/);
    assert.throws(() => read("--token-pepper", first, "--previous-token-pepper", "short"), /32 characters/);
  });

  test("may lead back to none", () => {
    const { tokenPepper, previousTokenPepper } = read("--previous-token-pepper", first);
    assert.deepEqual([tokenPepper, previousTokenPepper], [undefined, first]);
  });
});
