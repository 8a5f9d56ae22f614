// Forms and sessions: cross-site requests, fixation (AC-14), enumeration and guessing (WEB-18), the setup link (WEB-22).

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { authorizationUrl, browserWith, headingOf } from "../authorization.ts";
import { peopleOf, redirectUri } from "../people.ts";
import type { Page, Person } from "../person.ts";
import { type Answered, startTestServer, type TestServer } from "../running-server.ts";

const server = await startTestServer(["--trusted-proxies", "127.0.0.1"]);
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});
const client = await people.client();
const trusted = await people.client({ first_party: true });
const password = "correct horse battery staple";
let made = 0;

async function newPerson(more: Record<string, unknown> = {}): Promise<{ sub: string; username: string }> {
  const username = `person-${++made}`;
  const { status, json, text } = await server.admin("POST", "/admin/v1/users", {
    username,
    password,
    ...more,
  });
  if (status !== 201) throw new Error(text);
  return { sub: String(json.sub), username };
}

function cookieHeader(browser: Person): string {
  return [...browser.cookies].map(([key, value]) => `${key.split(" ")[1]}=${value}`).join("; ");
}

/** Sends the only form of a page with headers of the sender's choice. */
function send(browser: Person, page: Page, fields: Record<string, string>, headers = {}): Promise<Answered> {
  const [form] = page.forms;
  return server.request(form?.action.pathname ?? "", {
    method: "POST",
    headers: { cookie: cookieHeader(browser), ...headers },
    body: new URLSearchParams({ ...form?.fields, ...fields }),
  });
}

test("a form from another site's page does nothing: Sec-Fetch-Site, else Origin", async () => {
  const { username } = await newPerson();
  const browser = browserWith(server);
  const page = await browser.open(authorizationUrl(server, client));
  const fields = { username, password };
  for (const headers of [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: server.issuer },
    { "sec-fetch-site": "" },
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: `${server.issuer}.evil.example` },
    { origin: server.issuer.replace("127.0.0.1", "localhost") },
  ]) {
    const answer = await send(browser, page, fields, headers);
    assert.equal(answer.status, 403, JSON.stringify(headers));
    assert.equal(answer.headers.getSetCookie().length, 0);
  }
  for (const headers of [{ "sec-fetch-site": "same-origin" }, { origin: server.issuer }]) {
    const answer = await send(browser, page, fields, headers);
    assert.equal(answer.status, 303, JSON.stringify(headers));
  }
});

test("login CSRF: a form without the browser's cookie, or with another browser's, signs nobody in", async () => {
  const { username } = await newPerson();
  const attacker = browserWith(server);
  const page = await attacker.open(authorizationUrl(server, client));
  const victim = browserWith(server);
  await victim.open(authorizationUrl(server, client));
  for (const browser of [browserWith(server), victim]) {
    const answer = await send(browser, page, { username, password });
    assert.ok([400, 403].includes(answer.status), String(answer.status));
    assert.equal(answer.headers.getSetCookie().length, 0);
  }
});

test("a form without its transaction, with another's or an altered one does nothing", async () => {
  const { username } = await newPerson();
  const browser = browserWith(server);
  const page = await browser.open(authorizationUrl(server, client));
  const whole = page.forms[0]?.fields.transaction ?? "";
  for (const transaction of [
    "",
    "x",
    whole.slice(1),
    `${whole}A`,
    `A${whole.slice(1)}`,
    whole.slice(0, -8),
  ]) {
    const answer = await send(browser, page, { username, password, transaction });
    assert.equal(answer.status, 400, transaction);
    assert.equal(answer.headers.getSetCookie().length, 0);
  }
});

test("AC-14 what was begun in one browser does not go on in another, at any page", async () => {
  const first = browserWith(server, await people.signIn());
  const second = browserWith(server, await people.signIn());
  await second.open(authorizationUrl(server, client));
  for (const more of [{}, { prompt: "login" }, { prompt: "select_account" }]) {
    const page = await first.open(authorizationUrl(server, client, more));
    const stolen = await second.open(page.url);
    assert.equal(stolen.status, 403, page.url.pathname);
    assert.equal(headingOf(stolen), "Opened in another browser");
    const resumed = page.url.href.replace(page.url.pathname, "/oauth2/authorize");
    assert.equal((await second.open(resumed)).status, 403);
    const fields = { answer: "allow", account: "current", username: "x", password: "y" };
    assert.equal((await send(second, page, fields)).status, 403);
  }
});

test("AC-14 a session planted before is not what the sign-in leads to, and its secret is worth nothing after", async () => {
  const { sub, username } = await newPerson();
  const planted = await people.signIn();
  const browser = browserWith(server, planted);
  const page = await browser.open(authorizationUrl(server, client, { prompt: "login" }));
  await browser.submit(page, { username, password });
  const cookie = browser.cookies.get("127.0.0.1 rescind_session") ?? "";
  assert.notEqual(cookie, planted.cookie);
  const none = authorizationUrl(server, trusted, { prompt: "none" });
  const own = await browser.open(none);
  const { json } = await people.redeem(trusted, own.sent.get("code") ?? "");
  assert.equal((await server.introspect(String(json.access_token))).sub, sub);
  const old = await browserWith(server, planted).open(none);
  assert.equal(old.sent.get("error"), "login_required", "somebody else's session has ended");
  const { json: list } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [order] = list.items as { select: object; reason: string }[];
  assert.deepEqual(order?.select, { session_id: planted.sessionId });
  assert.equal(order.reason, "logout");
});

test("AC-14 signing in again changes the cookie, and the one before signs nobody in", async () => {
  const { username } = await newPerson();
  const browser = browserWith(server);
  const once = async (): Promise<string> => {
    const page = await browser.open(authorizationUrl(server, trusted, { prompt: "login" }));
    await browser.submit(page, { username, password });
    return browser.cookies.get("127.0.0.1 rescind_session") ?? "";
  };
  const first = await once();
  const second = await once();
  assert.notEqual(first, second);
  const session = (cookie: string) => ({ cookie, subject: "", sessionId: "" });
  const none = authorizationUrl(server, trusted, { prompt: "none" });
  assert.equal((await browserWith(server, session(first)).open(none)).sent.get("error"), "login_required");
  assert.ok((await browserWith(server, session(second)).open(none)).sent.has("code"));
});

test("cookies are HttpOnly, Lax, for the whole host and, on https, bound to it and secure", async () => {
  const check = async (issuer: string, of: TestServer, pattern: RegExp) => {
    const { status, json, text } = await of.admin("POST", "/admin/v1/clients", {
      name: "x",
      grant_types: ["authorization_code"],
      redirect_uris: [redirectUri],
      scope: "openid",
    });
    assert.equal(status, 201, text);
    const url = new URL(authorizationUrl(of, { client_id: String(json.client_id) }));
    const answer = await of.request(`/oauth2/authorize${url.search}`);
    const [cookie = ""] = answer.headers.getSetCookie();
    assert.match(cookie, pattern, issuer);
  };
  await check(server.issuer, server, /^rescind_browser=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/);
  const secure = await startTestServer(["--issuer", "https://id.example"]);
  try {
    const pattern = /^__Host-rescind_browser=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/;
    await check(secure.issuer, secure, pattern);
  } finally {
    await secure.close();
  }
});

/** One attempt to sign in, from this address. */
async function attempt(username: string, guess: string, address: string): Promise<Answered> {
  const browser = browserWith(server);
  const page = await browser.open(authorizationUrl(server, client));
  return send(browser, page, { username, password: guess }, { "x-forwarded-for": address });
}

function problemOf({ text }: Answered): string {
  return /id="problem"[^>]*>(.*?)<\/div>/s.exec(text)?.[1] ?? "";
}

test("WEB-18 unknown, disabled, without a password, or wrong: one answer for all", async () => {
  const known = await newPerson();
  const disabled = await newPerson({ status: "disabled" });
  const fresh = await newPerson({ password: undefined });
  const answers = [
    await attempt(known.username, "wrong", "198.51.100.1"),
    await attempt("nobody-at-all", password, "198.51.100.1"),
    await attempt(disabled.username, password, "198.51.100.1"),
    await attempt(fresh.username, password, "198.51.100.1"),
    await attempt(`${known.username}' OR '1'='1`, password, "198.51.100.1"),
  ];
  for (const answer of answers) {
    assert.equal(answer.status, 400);
    assert.equal(problemOf(answer), "<p>The username or the password is wrong.</p>");
    assert.equal(answer.headers.getSetCookie().length, 0);
  }
});

test("WEB-18 an unknown name costs the server as much work as a known one", async () => {
  const cpu = async (name: (index: number) => string): Promise<number> => {
    const before = process.cpuUsage();
    for (let i = 0; i < 6; i++) await attempt(name(i), "wrong", `198.51.100.${10 + i}`);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const { username } = await newPerson();
  await cpu(() => "warm-up");
  const known = await cpu(() => username);
  const unknown = await cpu((index) => `nobody-${index}`);
  const ratio = unknown / known;
  assert.ok(ratio > 0.33 && ratio < 3, `${unknown} µs of CPU against ${known} µs`);
});

test("WEB-18 ten failures a minute for one account, whichever of its names is guessed and from wherever", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() }); // the minute is as long as the test
  const { username } = await newPerson({ email: "limited@example.com" });
  for (let i = 0; i < 10; i++) {
    const name = [username, "limited@example.com", ` ${username.toUpperCase()} `][i % 3] ?? "";
    assert.equal((await attempt(name, "wrong", `203.0.113.${i}`)).status, 400);
  }
  for (const name of [username, "LIMITED@example.com"]) {
    const answer = await attempt(name, password, "203.0.113.99");
    assert.equal(answer.status, 429, "even with the right password");
    const wait = Number(answer.headers.get("retry-after"));
    assert.ok(wait > 0 && wait <= 60);
    assert.match(problemOf(answer), /Too many attempts/);
    assert.match(answer.headers.get("content-type") ?? "", /^text\/html/);
  }
  const unknown: number[] = [];
  for (let i = 0; i < 11; i++)
    unknown.push((await attempt("no-such-person", "wrong", `203.0.113.${i}`)).status);
  assert.deepEqual(
    unknown,
    [...Array.from({ length: 10 }, () => 400), 429],
    "and the same for one that is not there",
  );
});

test("WEB-18 guesses side by side do not outrun the limit", async (context) => {
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() });
  const { username } = await newPerson();
  const answers = await Promise.all(
    Array.from({ length: 40 }, (_, i) => attempt(username, "wrong", `192.0.2.${i}`)),
  );
  assert.equal(answers.filter(({ status }) => status === 400).length, 10);
  assert.equal(answers.filter(({ status }) => status === 429).length, 30);
});

test("WEB-18 sixty failures a minute from one address; successes count for nothing", async (context) => {
  const now = Date.now();
  context.mock.timers.enable({ apis: ["Date"], now });
  const { username } = await newPerson();
  const address = "198.51.100.200";
  for (let i = 0; i < 5; i++) assert.equal((await attempt(username, password, address)).status, 303);
  const failures = await Promise.all(
    Array.from({ length: 60 }, (_, i) => attempt(`guess-${i}`, "wrong", address)),
  );
  assert.ok(failures.every(({ status }) => status === 400));
  assert.equal((await attempt(username, password, address)).status, 429);
  assert.equal((await attempt(username, password, "198.51.100.201")).status, 303, "others are not held up");
  context.mock.timers.setTime(now + 61_000);
  assert.equal((await attempt(username, password, address)).status, 303, "a minute later");
});

async function setupLink(sub: string): Promise<string> {
  const { json, text } = await server.admin("POST", `/admin/v1/users/${sub}/setup-link`, {});
  if (typeof json.setup_url !== "string") throw new Error(text);
  return json.setup_url;
}

test("WEB-22 a setup link sets a password once, signs in, and ends what the old password opened", async () => {
  const { sub, username } = await newPerson();
  const before = browserWith(server);
  await before.signIn(authorizationUrl(server, trusted), { username, password });
  const url = await setupLink(sub);
  const browser = browserWith(server);
  const page = await browser.open(url);
  assert.equal(headingOf(page), "Choose a password");
  const chosen = { password: "a new and longer one", again: "a new and longer one" };
  const done = await browser.submit(page, chosen);
  assert.equal(done.url.pathname, "/account/", "on to what is theirs");
  const none = authorizationUrl(server, trusted, { prompt: "none" });
  assert.ok((await browser.open(none)).sent.has("code"), "signed in in this browser");
  assert.equal((await before.open(none)).sent.get("error"), "login_required", "the old session has ended");
  assert.equal((await browser.open(url)).status, 400, "the link is spent");
  assert.equal((await browser.submit(page, chosen)).status, 400, "its form too");
  assert.equal((await attempt(username, password, "192.0.2.77")).status, 400, "the old password is gone");
  assert.equal((await attempt(username, chosen.password, "192.0.2.78")).status, 303);
});

test("WEB-22 a setup link is refused when it is altered, expired, followed by another, or its person was revoked", async (context) => {
  const { sub } = await newPerson({ password: undefined });
  const first = await setupLink(sub);
  const second = await setupLink(sub);
  const open = async (url: string) => (await browserWith(server).open(url)).status;
  assert.equal(await open(first), 400, "a newer one was made");
  assert.equal(await open(second), 200);
  assert.equal(await open(second.slice(0, -1)), 400);
  assert.equal(await open(`${server.issuer}/setup`), 400);
  await server.admin("POST", "/admin/v1/revocations", { select: { subject: sub } });
  assert.equal(await open(second), 400, "covered by an order");
  const third = await setupLink(sub);
  assert.equal(await open(third), 200);
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() + 25 * 3_600_000 });
  assert.equal(await open(third), 400, "after a day");
});

test("the setup form says what is wrong and is taken from the browser it was shown in only", async () => {
  const { sub, username } = await newPerson({ password: undefined });
  const url = await setupLink(sub);
  const browser = browserWith(server);
  const page = await browser.open(url);
  const wrong: [string, string, RegExp][] = [
    ["short", "short", /at least 8 characters/],
    ["long enough", "long enough, but different", /differ/],
    [username, username, /must not be the username/],
    ["", "", /at least 8 characters/],
  ];
  for (const [chosen, again, problem] of wrong) {
    const answer = await browser.submit(page, { password: chosen, again });
    assert.equal(answer.status, 400);
    assert.match(answer.text, problem);
  }
  const other = browserWith(server);
  await other.open(url);
  const fields = { password: "long enough", again: "long enough" };
  assert.equal((await send(other, page, fields)).status, 400);
  assert.equal((await send(browserWith(server), page, fields)).status, 400);
  assert.equal((await browser.submit(page, fields)).status, 200);
});
