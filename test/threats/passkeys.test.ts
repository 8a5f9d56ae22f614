// Passkeys as an attacker's program would use them: from another page, without their person, somebody else's, copied,
// twice. WebAuthn sections 7.1 and 7.2; THREATS AC-14 and WEB-18.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { authorizationUrl, browserWith, headingOf } from "../authorization.ts";
import { peopleOf, redirectUri } from "../people.ts";
import type { Page, Person } from "../person.ts";
import { startTestServer } from "../running-server.ts";
import { type Deviation, type SoftPasskey, softPasskey } from "../soft-passkey.ts";

const server = await startTestServer(["--issuer", "http://localhost:{port}"]);
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});
const app = await people.client({ first_party: true, scope: "openid rescind:account" });

interface Someone {
  readonly sub: string;
  readonly username: string;
  readonly passkey: SoftPasskey;
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: Record<string, unknown> }>;
}

const password = "correct horse battery";
let made = 0;

async function somebody(): Promise<Someone> {
  const username = `someone-${++made}`;
  const { json } = await server.admin("POST", "/admin/v1/users", { username, password });
  const session = await people.signIn((await people.store.findUser(String(json.sub))).user);
  const tokens = await people.tokens(app, session, { scopes: ["openid", "rescind:account"] });
  const headers = { authorization: `Bearer ${tokens.access_token}`, "content-type": "application/json" };
  return {
    sub: String(json.sub),
    username,
    passkey: softPasskey(server.issuer),
    call: (method, path, body) =>
      server.request(`/account/v1${path}`, { method, headers, body: JSON.stringify(body ?? {}) }),
  };
}

/** What the person's browser would be asked to sign. */
async function begun(who: Someone): Promise<{ challenge: string; state: string }> {
  const { status, json } = await who.call("POST", "/passkeys/options");
  assert.equal(status, 200);
  return { challenge: (json.options as { challenge: string }).challenge, state: String(json.state) };
}

async function added(who: Someone): Promise<Someone> {
  const { challenge, state } = await begun(who);
  const credential = who.passkey.register(challenge);
  assert.equal((await who.call("POST", "/passkeys", { state, credential, name: "Soft" })).status, 201);
  return who;
}

interface Step {
  readonly browser: Person;
  readonly page: Page;
  readonly challenge: string;
}

async function atLogin(): Promise<Step> {
  const browser = browserWith(server);
  const page = await browser.open(authorizationUrl(server, app));
  return { browser, page, challenge: challengeOf(page) };
}

function challengeOf({ text }: Page): string {
  return /data-challenge="([\w-]+)"/.exec(text)?.[1] ?? "";
}

function show(step: Step, passkey: SoftPasskey, deviation?: Deviation): Promise<Page> {
  const credential = JSON.stringify(passkey.answer(step.challenge, deviation));
  return step.browser.submit(step.page, { credential });
}

const isSignedIn = ({ browser }: Step): boolean => browser.cookies.has("127.0.0.1 rescind_session");
const isBack = (page: Page): boolean => page.url.href.startsWith(redirectUri) && page.sent.has("code");

describe("signing in by a passkey", () => {
  test("what is not signed here, now, by its verified person opens nothing", async () => {
    const ada = await added(await somebody());
    const bob = await added(await somebody());
    const { challenge: elsewhere } = await atLogin();
    const wrong: Record<string, Deviation> = {
      "another site's page": { origin: "https://rescind.example" },
      "another port of this host": { origin: "http://localhost:1" },
      "another site's authenticator data": { party: "rescind.example" },
      "a registration's signature": { type: "webauthn.create" },
      "nobody was verified": { flags: 1 },
      "nobody was there": { flags: 4 },
      "somebody else's handle": { userHandle: Buffer.from(bob.sub).toString("base64url") },
      "somebody else's credential": { id: bob.passkey.id },
    };
    for (const [what, deviation] of Object.entries(wrong)) {
      const step = await atLogin();
      const page = await show(step, ada.passkey, deviation);
      assert.deepEqual([page.status, isSignedIn(step)], [400, false], what);
    }
    const step = await atLogin();
    assert.equal((await show({ ...step, challenge: elsewhere }, ada.passkey)).status, 400);
    assert.equal(isSignedIn(step), false, "the challenge of another page");
    const right = await atLogin();
    assert.ok(isBack(await show(right, ada.passkey)));
  });

  test("AC-14 a challenge counts once, side by side too, and only in the transaction it was made for", async () => {
    const ada = await added(await somebody());
    const step = await atLogin();
    const pages = await Promise.all([1, 2, 3].map(() => show(step, ada.passkey)));
    assert.equal(pages.filter(isBack).length, 1);
    const other = await atLogin();
    const fields = step.page.forms.find(({ names }) => names.includes("challenge"))?.fields ?? {};
    const credential = JSON.stringify(ada.passkey.answer(step.challenge));
    const moved = await other.browser.submit(other.page, { credential, challenge: fields.challenge ?? "" });
    assert.deepEqual([moved.status, isSignedIn(other)], [400, false]);
  });

  test("of two that count alike one opens a session, and neither anything afterwards", async () => {
    const ada = await added(await somebody());
    assert.ok(isBack(await show(await atLogin(), ada.passkey, { count: 7 })));
    for (const count of [7, 6, 0, 8, 0xffffffff]) {
      const step = await atLogin();
      const page = await show(step, ada.passkey, { count });
      assert.deepEqual([page.status, isSignedIn(step)], [400, false], `count ${count}`);
    }
  });

  test("somebody else's passkey is no second step, and one's own is", async () => {
    const ada = await added(await somebody());
    const bob = await added(await somebody());
    const browser = browserWith(server);
    const login = await browser.open(authorizationUrl(server, app, { acr_values: "phr" }));
    const page = await browser.submit(login, { username: ada.username, password });
    assert.equal(headingOf(page), "One more step");
    const wrong = await show({ browser, page, challenge: challengeOf(page) }, bob.passkey);
    assert.deepEqual([wrong.status, headingOf(wrong)], [400, "One more step"]);
    assert.equal(browser.cookies.has("127.0.0.1 rescind_session"), false);
    assert.ok(isBack(await show({ browser, page: wrong, challenge: challengeOf(wrong) }, ada.passkey)));
  });
});

describe("adding a passkey", () => {
  test("only what the person's own browser made for this challenge, once", async () => {
    const ada = await somebody();
    const mallory = await somebody();
    const wrong: Record<string, Deviation> = {
      "another site's page": { origin: "https://rescind.example" },
      "another site's authenticator data": { party: "rescind.example" },
      "a sign-in's signature": { type: "webauthn.get" },
      "nobody was verified": { flags: 1 },
    };
    for (const [what, deviation] of Object.entries(wrong)) {
      const { challenge, state } = await begun(ada);
      const credential = ada.passkey.register(challenge, deviation);
      const { status } = await ada.call("POST", "/passkeys", { state, credential, name: "Soft" });
      assert.equal(status, 400, what);
    }
    const { challenge, state } = await begun(ada);
    const credential = ada.passkey.register(challenge);
    const body = { state, credential, name: "Soft" };
    assert.equal((await mallory.call("POST", "/passkeys", body)).status, 400, "in another's name");
    assert.equal((await ada.call("POST", "/passkeys", body)).status, 201);
    assert.equal((await ada.call("POST", "/passkeys", body)).status, 400, "a state counts once");
    const again = await begun(mallory);
    const stolen = { state: again.state, credential: ada.passkey.register(again.challenge), name: "Soft" };
    assert.equal(
      (await mallory.call("POST", "/passkeys", stolen)).status,
      409,
      "a credential has one person",
    );
  });
});
