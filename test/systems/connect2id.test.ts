// Connect2id: any token ends all of that client for that subject and the stored consent; orders by subject or client
// count and do not list.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { authorizationUrl } from "../authorization.ts";
import { startWithAlice } from "../interop/alice.ts";
import { pkce } from "../people.ts";
import type { Person } from "../person.ts";
import type { RegisteredClient } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const { server, alice, browser } = await startWithAlice();
after(() => server.close());
const page = comingFrom("connect2id", server);
const api = await startProtectedApi(server);
after(() => api.close());
const client = await ledger();
const other = await ledger();
const credentials = { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };

async function ledger(): Promise<RegisteredClient> {
  const { status, json, text } = await page.send("client");
  assert.equal(status, 201, text);
  await server.admin("PATCH", `/admin/v1/clients/${json.client_id}`, { audience: [resource] });
  return json as unknown as RegisteredClient; // the contract's ClientAnswer
}

/** Signs in where that is asked and says whether consent was asked for; the tokens of the code. */
async function authorise(person: Person, by: RegisteredClient) {
  person.seen.length = 0;
  const { sent } = await person.signIn(authorizationUrl(server, by, { scope: "openid read" }), alice);
  const askedConsent = person.seen.some(({ forms }) => forms.some(({ names }) => names.includes("answer")));
  const form = {
    grant_type: "authorization_code",
    code: String(sent.get("code")),
    redirect_uri: "https://app.example/callback",
    code_verifier: pkce.verifier,
  };
  const { status, json, text } = await server.form("/oauth2/token", form, by);
  assert.equal(status, 200, text);
  return { askedConsent, access: String(json.access_token), refresh: String(json.refresh_token) };
}

test("Connect2id: any token ends all of this client for this subject, at the API too, and the stored consent", async () => {
  for (const which of ["access", "refresh"] as const) {
    const person = browser();
    const first = await authorise(person, client);
    assert.equal(first.askedConsent, true);
    const second = await authorise(person, client);
    assert.equal(second.askedConsent, false, "it is remembered");
    const elsewhere = await authorise(person, other);
    await page.run("revoke", { ...credentials, ACCESS_TOKEN: second[which] });
    await api.refuses(second.access);
    assert.deepEqual(await api.calls(first.access, elsewhere.access), [401, 200]);
    assert.equal((await server.introspect(first.refresh)).active, false);
    const next = await authorise(person, client);
    assert.equal(next.askedConsent, true, "it is forgotten");
    assert.equal(await api.call(next.access), 200);
    assert.equal((await authorise(person, other)).askedConsent, false);
    await page.run("revoke", { ...credentials, ACCESS_TOKEN: next.refresh });
  }
});

test("Connect2id: cascade=token ends the token alone, and the consent stays", async () => {
  const person = browser();
  const { access, refresh } = await authorise(person, client);
  await page.run("narrow", { ...credentials, ACCESS_TOKEN: access });
  await api.refuses(access);
  assert.equal((await server.introspect(refresh)).active, true);
  assert.equal((await authorise(person, client)).askedConsent, false);
});

test("Connect2id: orders by subject and by client are one entry each, and answer with counts instead of tokens", async () => {
  const subject = "usr_c2id";
  const opened = await Promise.all(Array.from({ length: 25 }, () => server.openGrant(client, subject)));
  const head = Number((await server.introspect(String(opened[0]?.access_token))).head);
  const bySubject = await page.send("by-subject", { SUBJECT: subject });
  assert.equal(bySubject.status, 201, bySubject.text);
  assert.equal(bySubject.json.seq, head + 1);
  const { access_tokens, refresh_tokens, grants } = bySubject.json.affected as Record<string, number>;
  assert.deepEqual([grants, access_tokens, refresh_tokens], [25, 25, 25]);
  await api.refuses(opened[24]?.access_token);
  const [later, bystander] = [
    await server.openGrant(client, subject),
    await server.openGrant(other, subject),
  ];
  assert.equal(
    await api.call(later.access_token),
    200,
    "what is approved afterwards lives, in the same second",
  );
  const byClient = await page.send("by-client", { CLIENT_ID: client.client_id });
  assert.equal(byClient.json.seq, head + 2);
  await api.refuses(later.access_token);
  assert.equal(await api.call(bystander.access_token), 200);
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
