// What a person is asked at /oauth2/authorize: sign in, choose an account, consent. OpenID Connect Core section 3.1.2.1
// (`prompt`, `max_age`, `login_hint`, `id_token_hint`) and section 3.1.2.4.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { User } from "@rescind/core";
import { decodeJwt } from "jose";
import { authorizationUrl, browserWith, headingOf } from "../authorization.ts";
import { peopleOf, redirectUri } from "../people.ts";
import type { Page } from "../person.ts";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const password = "correct horse battery staple";
let made = 0;

async function newPerson(): Promise<{ readonly user: User; readonly username: string }> {
  const username = `person-${++made}`;
  const { json } = await server.admin("POST", "/admin/v1/users", { username, password });
  const { user } = await people.store.findUser(String(json.sub));
  if (user === undefined) throw new Error("no user");
  return { user, username };
}

function isBack(page: Page): boolean {
  return page.url.href.startsWith(redirectUri);
}

const trusted = await people.client({ first_party: true });
const hourAgo = Date.now() - 3_600_000;
const anHourOld = { openedAtMs: hourAgo, authenticatedAtMs: hourAgo };

async function idTokenOf(page: Page, client = trusted): Promise<Record<string, unknown>> {
  const { json, text } = await people.redeem(client, page.sent.get("code") ?? "");
  assert.equal(typeof json.id_token, "string", text);
  return decodeJwt(String(json.id_token));
}

test("nobody signed in: the person signs in and comes back with a code", async () => {
  const { user, username } = await newPerson();
  const browser = browserWith(server);
  const asked = await browser.open(authorizationUrl(server, trusted, { nonce: "n-0S6" }));
  assert.equal(asked.url.pathname, "/login");
  assert.equal(headingOf(asked), "Sign in");
  const page = await browser.submit(asked, { username: username.toUpperCase(), password });
  const claims = await idTokenOf(page);
  assert.equal(claims.sub, user.subject);
  assert.equal(claims.nonce, "n-0S6");
  assert.deepEqual(claims.amr, ["pwd"]);
  assert.ok(Number(claims.auth_time) >= Math.floor(Date.now() / 1000) - 60);
});

test("prompt=none never asks: login_required, consent_required, else a code", async () => {
  const session = await people.signIn();
  const other = await people.client();
  const asked = { prompt: "none" };
  const nobody = await browserWith(server).open(authorizationUrl(server, other, asked));
  assert.equal(nobody.sent.get("error"), "login_required");
  const browser = browserWith(server, session);
  assert.equal(
    (await browser.open(authorizationUrl(server, other, asked))).sent.get("error"),
    "consent_required",
  );
  await browser.signIn(authorizationUrl(server, other), { username: "", password: "" });
  assert.ok((await browser.open(authorizationUrl(server, other, asked))).sent.has("code"));
});

test("prompt=login asks again, and auth_time is that of the new sign-in", async () => {
  const { user, username } = await newPerson();
  const session = await people.signIn(user, anHourOld);
  const browser = browserWith(server, session);
  const asked = await browser.open(authorizationUrl(server, trusted, { prompt: "login" }));
  assert.equal(headingOf(asked), "Confirm that it is you");
  assert.equal(asked.forms[0]?.fields.username, username);
  const page = await browser.submit(asked, { username, password });
  const claims = await idTokenOf(page);
  assert.ok(Number(claims.auth_time) > hourAgo / 1000 + 3000);
  assert.equal(claims.sid, session.sessionId, "the same person's session goes on under its id");
  const next = await browser.open(authorizationUrl(server, trusted, { prompt: "login" }));
  assert.equal(next.url.pathname, "/login", "what was done for one request does not count for another");
});

test("max_age asks again when the last sign-in is older, and not when it is younger", async () => {
  const { user, username } = await newPerson();
  const browser = browserWith(server, await people.signIn(user, anHourOld));
  assert.ok((await browser.open(authorizationUrl(server, trusted, { max_age: "7200" }))).sent.has("code"));
  for (const max_age of ["60", "0"]) {
    const asked = await browser.open(authorizationUrl(server, trusted, { max_age }));
    assert.equal(asked.url.pathname, "/login", max_age);
    if (max_age !== "0") continue;
    const page = await browser.submit(asked, { username, password });
    assert.ok(Number((await idTokenOf(page)).auth_time) > hourAgo / 1000 + 3000);
  }
  const none = await browserWith(server, await people.signIn(user, anHourOld)).open(
    authorizationUrl(server, trusted, { max_age: "60", prompt: "none" }),
  );
  assert.equal(none.sent.get("error"), "login_required");
});

test("prompt=select_account shows the account: going on with it, or signing in as another", async () => {
  const first = await newPerson();
  const second = await newPerson();
  const browser = browserWith(server, await people.signIn(first.user));
  const url = authorizationUrl(server, trusted, { prompt: "select_account" });
  const asked = await browser.open(url);
  assert.equal(headingOf(asked), "Choose an account");
  assert.match(asked.text, new RegExp(first.username));
  assert.equal(
    (await idTokenOf(await browser.submit(asked, { account: "current" }))).sub,
    first.user.subject,
  );
  const login = await browser.submit(await browser.open(url), { account: "other" });
  assert.equal(headingOf(login), "Sign in");
  assert.equal(login.forms[0]?.fields.username, "");
  const page = await browser.submit(login, { username: second.username, password });
  assert.equal((await idTokenOf(page)).sub, second.user.subject);
});

test("the account that was chosen counts for that person only", async () => {
  const first = await newPerson();
  const second = await people.signIn();
  const browser = browserWith(server, await people.signIn(first.user));
  const asked = await browser.open(authorizationUrl(server, trusted, { prompt: "select_account" }));
  browser.cookies.set("127.0.0.1 rescind_session", second.cookie);
  const page = await browser.submit(asked, { account: "current" });
  assert.equal(headingOf(page), "Choose an account", "somebody else has signed in meanwhile");
});

test("consent is asked once for the same scopes, again for more, and always with prompt=consent", async () => {
  const client = await people.client({ name: "Orders & <Co>" });
  const browser = browserWith(server, await people.signIn());
  const asked = await browser.open(authorizationUrl(server, client, { scope: "openid read" }));
  assert.equal(headingOf(asked), "Allow Orders &amp; &lt;Co&gt;?");
  assert.match(asked.text, /Know who you are/);
  assert.match(asked.text, /<code>read<\/code>/);
  assert.match(asked.text, /app\.example/);
  assert.ok((await browser.submit(asked, { answer: "allow" })).sent.has("code"));
  const url = (scope: string, more = {}) => authorizationUrl(server, client, { scope, ...more });
  assert.ok(isBack(await browser.open(url("openid read"))));
  assert.ok(isBack(await browser.open(url("read"))), "fewer scopes are allowed too");
  assert.match(headingOf(await browser.open(url("openid read write"))), /^Allow/);
  const again = await browser.open(url("openid", { prompt: "consent" }));
  assert.match(headingOf(again), /^Allow/);
  assert.ok((await browser.submit(again, { answer: "allow" })).sent.has("code"));
});

test("a denied consent is access_denied in either mode, and nothing is remembered", async () => {
  const client = await people.client();
  const browser = browserWith(server, await people.signIn());
  for (const response_mode of ["query", "form_post"]) {
    const url = authorizationUrl(server, client, { response_mode });
    const page = await browser.signIn(url, { username: "", password: "", consent: "deny" });
    assert.equal(page.sent.get("error"), "access_denied");
    assert.equal(page.sent.get("state"), "af0ifjsldkj");
    assert.equal(page.sent.get("iss"), server.issuer);
  }
  assert.match(headingOf(await browser.open(authorizationUrl(server, client))), /^Allow/);
});

test("a consent counts for whom and what the page showed: for another person or other scopes it is asked anew", async () => {
  const client = await people.client();
  const browser = browserWith(server, await people.signIn());
  const asked = await browser.open(authorizationUrl(server, client, { scope: "openid read" }));
  browser.cookies.set("127.0.0.1 rescind_session", (await people.signIn()).cookie);
  assert.match(headingOf(await browser.submit(asked, { answer: "allow" })), /^Allow/);
  const forged = await browser.submit(asked, { answer: "allow", shown: "usr_x openid read write" });
  assert.match(headingOf(forged), /^Allow/);
  const unclear = await browser.submit(asked, { answer: "yes" });
  assert.match(headingOf(unclear), /^Allow/);
});

test("a first-party client is trusted without consent, but prompt=consent asks", async () => {
  const browser = browserWith(server, await people.signIn());
  assert.ok(isBack(await browser.open(authorizationUrl(server, trusted))));
  const asked = await browser.open(authorizationUrl(server, trusted, { prompt: "consent" }));
  assert.match(headingOf(asked), /^Allow/);
});

test("consent withdrawn by an order of subject and client is asked again", async () => {
  const client = await people.client();
  const session = await people.signIn();
  const browser = browserWith(server, session);
  await browser.signIn(authorizationUrl(server, client), { username: "", password: "" });
  assert.ok(isBack(await browser.open(authorizationUrl(server, client))));
  const select = { subject: session.subject, client_id: client.client_id };
  assert.equal((await server.admin("POST", "/admin/v1/revocations", { select })).status, 201);
  assert.match(headingOf(await browser.open(authorizationUrl(server, client))), /^Allow/);
});

test("login_hint fills in the username", async () => {
  const page = await browserWith(server).open(
    authorizationUrl(server, trusted, { login_hint: `al"ice@example.com` }),
  );
  assert.equal(page.forms[0]?.fields.username, `al"ice@example.com`);
});

test("id_token_hint: its person goes on, another must sign in as that person or gets login_required", async () => {
  const first = await newPerson();
  const second = await newPerson();
  const session = await people.signIn(first.user);
  const { id_token } = await people.tokens(trusted, session);
  const hint = { id_token_hint: String(id_token) };
  const none = { ...hint, prompt: "none" };
  const own = browserWith(server, session);
  assert.ok((await own.open(authorizationUrl(server, trusted, none))).sent.has("code"));
  const others = browserWith(server, await people.signIn(second.user));
  const refused = await others.open(authorizationUrl(server, trusted, none));
  assert.equal(refused.sent.get("error"), "login_required");
  const url = authorizationUrl(server, trusted, hint);
  const again = await others.submit(await others.open(url), { username: second.username, password });
  assert.equal(again.sent.get("error"), "login_required", "asking again would not help");
  const right = await others.submit(await others.open(url), { username: first.username, password });
  assert.equal((await idTokenOf(right)).sub, first.user.subject);
});

test("id_token_hint made for another client, altered, or no ID token at all is invalid_request", async () => {
  const session = await people.signIn();
  const other = await people.client();
  const foreign = String((await people.tokens(other, session)).id_token);
  const { id_token, access_token } = await people.tokens(trusted, session);
  const [head, body, signature = ""] = String(id_token).split(".");
  const altered = `${head}.${body}.${signature[0] === "A" ? "B" : "A"}${signature.slice(1)}`;
  for (const id_token_hint of [foreign, altered, String(access_token), "x"]) {
    const page = await browserWith(server, session).open(
      authorizationUrl(server, trusted, { id_token_hint }),
    );
    assert.equal(page.sent.get("error"), "invalid_request");
  }
});

test("an expired ID token is still a hint", async (context) => {
  const session = await people.signIn();
  const { id_token } = await people.tokens(trusted, session);
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() + 3_600_000 });
  const asked = { id_token_hint: String(id_token), prompt: "none" };
  assert.ok(
    (await browserWith(server, session).open(authorizationUrl(server, trusted, asked))).sent.has("code"),
  );
});

test("DESIGN 1 a session that an order covers, that has expired, or whose person is disabled signs nobody in", async (context) => {
  const none = authorizationUrl(server, trusted, { prompt: "none" });
  const error = async (session: { cookie: string; subject: string; sessionId: string }) =>
    (await browserWith(server, session).open(none)).sent.get("error");
  for (const unit of ["subject", "session_id", "all"]) {
    const session = await people.signIn();
    assert.equal(await error(session), null);
    const value = { subject: session.subject, session_id: session.sessionId, all: true }[unit];
    await server.admin("POST", "/admin/v1/revocations", { select: { [unit]: value } });
    assert.equal(await error(session), "login_required", unit);
  }
  const disabled = await people.signIn();
  await server.admin("PATCH", `/admin/v1/users/${disabled.subject}`, { status: "disabled" });
  assert.equal(await error(disabled), "login_required");
  const idle = await people.signIn();
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() + 12 * 3_600_000 + 1000 });
  assert.equal(await error(idle), "login_required");
});

test("an order between two steps counts: the person signs in anew, or begins again", async () => {
  const client = await people.client();
  const session = await people.signIn();
  const browser = browserWith(server, session);
  const asked = await browser.open(authorizationUrl(server, client));
  await server.admin("POST", "/admin/v1/revocations", { select: { subject: session.subject } });
  assert.equal(headingOf(await browser.submit(asked, { answer: "allow" })), "Sign in");
  const second = browserWith(server, await people.signIn());
  const shown = await second.open(authorizationUrl(server, client));
  await server.admin("POST", "/admin/v1/revocations", { select: { client_id: client.client_id } });
  const over = await second.submit(shown, { answer: "allow" });
  assert.equal(over.status, 400);
  assert.equal(headingOf(over), "This page has expired");
  const link = /class="button" href="([^"]+)"/.exec(over.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
  const anew = await second.open(new URL(link, server.base));
  assert.match(headingOf(anew), /^Allow/, "the way back leads to the beginning");
});

test("a page left open goes on by itself once its person has signed in elsewhere in this browser", async () => {
  const { username } = await newPerson();
  const browser = browserWith(server);
  const left = await browser.open(authorizationUrl(server, trusted, { state: "left open" }));
  await browser.signIn(authorizationUrl(server, trusted), { username, password });
  assert.equal((await browser.open(left.url)).sent.get("state"), "left open");
});

test("the way back from a page of another browser begins anew and shows nothing of what was asked", async () => {
  const first = browserWith(server);
  const page = await first.open(
    authorizationUrl(server, trusted, { state: "my-own-state", prompt: "login" }),
  );
  const second = browserWith(server, await people.signIn());
  await second.open(authorizationUrl(server, trusted));
  const other = await second.open(page.url);
  assert.equal(headingOf(other), "Opened in another browser");
  assert.ok(!other.text.includes("my-own-state"));
  const link = /class="button" href="([^"]+)"/.exec(other.text)?.[1] ?? "";
  assert.equal(headingOf(await second.open(new URL(link, server.base))), "Confirm that it is you");
});
