// A person at several nodes behind one address: signed in at one, known at the other, signed out at one, unknown at the
// other at once. C1, A1.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { authenticator } from "../authenticator.ts";
import { authorizationParameters } from "../authorization.ts";
import { startNodes } from "../nodes.ts";
import { peopleOf, pkce, redirectUri } from "../people.ts";
import { createPerson } from "../person.ts";

const all = await startNodes(2);
after(() => all.close());
const [a, b] = [all.node(0), all.node(1)];
let at = a;
let turn = 0;
let isInTurn = false;
await all.front(() => (isInTurn ? all.node(turn++ % 2) : at));
const password = "a long enough password";
await a.admin("POST", "/admin/v1/users", { username: "ada", password });
const client = await b.registerClient({
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: [redirectUri],
  scope: "openid read",
});
const url = `${all.issuer}/oauth2/authorize?${authorizationParameters(client, { scope: "openid read" })}`;

test("every step of a sign-in may be at another node, and the session is known at both", async () => {
  const person = createPerson(all.issuer);
  at = a;
  const login = await person.open(url);
  at = b;
  const consent = await person.submit(login, { username: "ada", password });
  at = a;
  const back = await person.submit(consent, { answer: "allow" });
  const code = back.sent.get("code") ?? "";
  assert.notEqual(code, "", back.text);
  const form = {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: pkce.verifier,
  };
  const tokens = await b.form("/oauth2/token", form, client);
  assert.equal(tokens.status, 200, tokens.text);
  at = b;
  const again = await person.open(url);
  assert.ok(again.sent.has("code"), "nothing is asked at the other node");

  const { json } = await a.admin("GET", "/admin/v1/sessions");
  const [session] = json.items as { session_id: string }[]; // the contract's schema
  const ended = await a.admin("POST", "/admin/v1/revocations", {
    select: { session_id: session?.session_id },
  });
  assert.equal(ended.status, 201, ended.text);
  const anew = await person.open(url);
  assert.ok(
    anew.forms.some(({ names }) => names.includes("password")),
    "asked for the password anew",
  );
  assert.equal((await b.introspect(String(tokens.json.access_token))).active, false);
  const refresh = { grant_type: "refresh_token", refresh_token: String(tokens.json.refresh_token) };
  assert.equal((await b.form("/oauth2/token", refresh, client)).status, 400);
});

test("C1 of eight that show one code of an authenticator app at two nodes at once one is signed in", async (t) => {
  const people = await peopleOf(a, all.database);
  t.after(() => people.close());
  const { user } = await people.store.findUserByName("ada");
  const account = await people.client({ scope: "openid rescind:account" });
  const { access_token } = await people.tokens(account, await people.signIn(user), {
    scopes: ["openid", "rescind:account"],
  });
  const own = (path: string, body: object) =>
    b.request(`/account/v1/totp${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const { json } = await own("", {});
  const app = authenticator(String(json.secret));
  const confirmed = await own("/confirm", { state: json.state, code: app.next() });
  // At the end of a time step the first code may be too old.
  if (confirmed.status !== 201)
    assert.equal((await own("/confirm", { state: json.state, code: app.next() })).status, 201);
  isInTurn = true;
  const steps = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const person = createPerson(all.issuer);
      const page = await person.submit(await person.open(url), { username: "ada", password });
      return { person, page };
    }),
  );
  const code = app.next();
  await Promise.all(steps.map(({ person, page }) => person.submit(page, { code })));
  const signedIn = steps.filter(({ person }) => person.cookies.has("127.0.0.1 rescind_session"));
  assert.equal(signedIn.length, 1);
});
