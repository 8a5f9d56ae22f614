// RT-09, RV-16, IN-10: what happens to a person ends what clients hold for them: access tokens, refresh tokens and
// codes, and of those kept for absence what the cascade table says.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { peopleOf, type SignedIn } from "../people.ts";
import { createPerson } from "../person.ts";
import { type Answered, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const client = await people.client();
const bystanders = await people.client();

interface Event {
  readonly name: string;
  readonly happen: (person: SignedIn, idToken: string) => Promise<Answered>;
  /** Whether tokens of offline_access stay. */
  readonly sparesOffline?: boolean;
}

const patch = (change: object) => (person: SignedIn) =>
  server.admin("PATCH", `/admin/v1/users/${person.subject}`, change);
const order = (selectOf: (person: SignedIn) => object) => (person: SignedIn) =>
  server.admin("POST", "/admin/v1/revocations", { select: selectOf(person) });

const events: readonly Event[] = [
  { name: "another password", happen: patch({ password: "a new password altogether" }) },
  { name: "disabled", happen: patch({ status: "disabled" }) },
  { name: "deleted", happen: ({ subject }) => server.admin("DELETE", `/admin/v1/users/${subject}`) },
  { name: "a password by setup link", happen: setPasswordByLink },
  { name: "the session revoked", happen: order(({ sessionId }) => ({ session_id: sessionId })) },
  { name: "the subject revoked", happen: order(({ subject }) => ({ subject })) },
  {
    name: "what this client holds revoked",
    happen: order(({ subject }) => ({ subject, client_id: client.client_id })),
  },
  {
    name: "logged out",
    sparesOffline: true,
    happen: (person, idToken) =>
      server.request(`/oauth2/logout?id_token_hint=${idToken}`, {
        headers: { cookie: `rescind_session=${person.cookie}` },
      }),
  },
];

for (const { name, happen, sparesOffline = false } of events)
  test(`RT-09 RV-16 IN-10 ${name}: nothing from before is active, refreshed or redeemed`, async () => {
    const person = await newPerson();
    const other = await newPerson();
    const online = await people.tokens(client, person, { scopes: ["openid", "read"] });
    const offline = await people.tokens(client, person, { scopes: ["openid", "offline_access"] });
    const spared = await people.tokens(bystanders, other, { scopes: ["openid", "offline_access"] });
    const code = await people.code(client, person);
    const answer = await happen(person, String(online.id_token));
    assert.ok(answer.status < 400, answer.text);
    assert.ok(Number(answer.headers.get("rescind-seq") ?? answer.json.seq) > 0);
    assert.deepEqual(await stateOf(online), { active: false, refreshable: false });
    assert.deepEqual(await stateOf(offline), { active: sparesOffline, refreshable: sparesOffline });
    assert.equal((await people.redeem(client, code)).json.error, "invalid_grant");
    assert.deepEqual(await stateOf(spared, bystanders), { active: true, refreshable: true });
  });

test("a first password ends nothing", async () => {
  const { json } = await server.admin("POST", "/admin/v1/users", { username: "first" });
  const person = await people.signIn((await people.store.findUser(String(json.sub))).user);
  const tokens = await people.tokens(client, person);
  assert.equal((await patch({ password: "the first one" })(person)).status, 200);
  assert.deepEqual(await stateOf(tokens), { active: true, refreshable: true });
});

async function newPerson(): Promise<SignedIn> {
  const { subject } = await people.addUser();
  const set = await server.admin("PATCH", `/admin/v1/users/${subject}`, { password: "the old password" });
  assert.equal(set.status, 200, set.text);
  const { user } = await people.store.findUser(subject);
  return people.signIn(user);
}

async function stateOf(tokens: Record<string, unknown>, by = client): Promise<object> {
  const { active } = await server.introspect(String(tokens.access_token));
  const form = { grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) };
  const { status, json } = await server.form("/oauth2/token", form, by);
  if (status !== 200) assert.equal(json.error, "invalid_grant");
  return { active, refreshable: status === 200 };
}

/** As the person does it, with the link that an administrator handed over. */
async function setPasswordByLink({ subject }: SignedIn): Promise<Answered> {
  const { json, text } = await server.admin("POST", `/admin/v1/users/${subject}/setup-link`);
  const url = String(json.setup_url ?? json.url);
  assert.ok(URL.canParse(url), text);
  const browser = createPerson(server.issuer);
  const password = "chosen by the person";
  await browser.submit(await browser.open(url), { password, again: password });
  const orders = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [newest] = orders.json.items as Record<string, unknown>[]; // the contract's list
  assert.deepEqual(newest?.select, { subject });
  return { ...orders, json: { seq: newest?.seq } };
}
