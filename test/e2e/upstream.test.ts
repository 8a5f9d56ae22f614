// Signing in through an upstream OpenID provider, which is another server of ours: who becomes whom, what is refused, and
// that nothing on the way can be replayed, mixed up or carried into another browser.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { authorizationUrl, headingOf } from "../authorization.ts";
import { createPerson, type Page, type Person } from "../person.ts";
import { until } from "../until.ts";
import { accountAt, enrol, startUpstreamWorld } from "./upstream-world.ts";

/** However busy the machine is. */
function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  return until(ask, 60_000);
}

const world = await startUpstreamWorld();
after(() => world.close());
const { server, alice } = world;
await world.provider("corp");

async function subjectOf(page: Page): Promise<string> {
  const { access_token } = await world.redeem(page);
  return String((await server.introspect(String(access_token))).sub);
}

async function userHere(more: Record<string, unknown>): Promise<string> {
  const { status, json, text } = await server.admin("POST", "/admin/v1/users", more);
  assert.equal(status, 201, text);
  return String(json.sub);
}

/** The way back that a person's browser was sent on last. */
function lastCallback(person: Person): URL {
  const at = person.seen.findLast(({ headers }) =>
    headers.get("location")?.includes("/login/upstream/corp/callback?"),
  );
  return new URL(at?.headers.get("location") ?? "");
}

async function audited(action: string): Promise<Record<string, unknown>[]> {
  const { json } = await server.admin("GET", `/admin/v1/audit?action=${action}`);
  return json.items as Record<string, unknown>[];
}

test("whom nobody here is connected to is told what to do, and what they brought along is revoked there", async () => {
  const page = await world.continueWith("corp", alice);
  assert.equal(page.status, 403);
  assert.equal(headingOf(page), "Nobody here is connected to this");
  assert.match(page.text, /Start again/);
  await eventually(async () => (await audited("upstream.token-revoked")).length === 1);
  assert.deepEqual(world.keptTokens(), []);
});

test("with create_users the first sign-in makes a user without roles, the second finds them", async () => {
  await userHere({ username: "Alice", email: "alice@example.com", email_verified: true });
  await world.change("corp", { create_users: true });
  const person = world.browser();
  const sub = await subjectOf(await world.continueWith("corp", alice, person));
  const { json: user } = await server.admin("GET", `/admin/v1/users/${sub}`);
  assert.deepEqual(
    [user.username, user.name, user.email, user.roles, user.has_password],
    ["alice-2", "Alice Liddell", undefined, [], false],
    "neither the name nor the address of somebody else",
  );
  const { json: sessions } = await server.admin("GET", `/admin/v1/sessions?subject=${sub}`);
  assert.deepEqual(
    (sessions.items as Record<string, unknown>[]).map(({ amr }) => amr),
    [["fed"]],
  );
  assert.equal(await subjectOf(await world.continueWith("corp", alice)), sub);
  const squatter = await world.personThere("alice@example.com");
  const { json } = await server.admin(
    "GET",
    `/admin/v1/users/${await subjectOf(await world.continueWith("corp", squatter))}`,
  );
  assert.equal(json.username, "alice@example.com-2", "who signs in by an address finds their own account");
  await world.change("corp", { create_users: false });
  assert.equal(await subjectOf(await world.continueWith("corp", alice)), sub);
  const asked = await person.open(authorizationUrl(server, world.app, { prompt: "login" }));
  const there = await person.submit(asked, { upstream: "corp" });
  assert.equal(headingOf(there), "Confirm that it is you", "a new sign-in here is one there");
  assert.equal(await subjectOf(await person.carryOn(there, alice)), sub);
  for (const newSignIn of [{ prompt: "login" }, { max_age: "300" }]) {
    person.cookies.delete("127.0.0.1 rescind_session");
    const login = await person.open(authorizationUrl(server, world.app, newSignIn));
    const proof = await person.submit(login, { upstream: "corp" });
    const heading = headingOf(proof);
    assert.equal(heading, "Confirm that it is you", "whoever deletes our cookie does not get out of it");
  }
});

test("link_by_email joins by a verified address only, and nobody who has a role", async () => {
  const email = (name: string) => ({ email: `${name}@example.com`, email_verified: true });
  const here = await userHere({ username: "bob here", ...email("bob") });
  await userHere({ username: "operator", roles: ["viewer"], ...email("operator") });
  await userHere({ username: "unverified", email: "unverified@example.com" });
  const bob = await world.personThere("bob", email("bob"));
  assert.equal((await world.continueWith("corp", bob)).status, 403, "it is not asked for");
  await world.change("corp", { link_by_email: true });
  assert.equal(await subjectOf(await world.continueWith("corp", bob)), here);
  for (const name of ["operator", "unverified"]) {
    const who = await world.personThere(name, email(name));
    assert.equal((await world.continueWith("corp", who)).status, 403, name);
  }
  const claims = { email: "bob@example.com", email_verified: false };
  const other = await world.personThere("other bob", claims);
  assert.equal((await world.continueWith("corp", other)).status, 403);
  await world.change("corp", { link_by_email: false });
});

test("who is disabled here does not get in", async () => {
  const carol = await world.personThere("carol");
  await world.change("corp", { create_users: true });
  const sub = await subjectOf(await world.continueWith("corp", carol));
  await server.admin("PATCH", `/admin/v1/users/${sub}`, { status: "disabled" });
  const page = await world.continueWith("corp", carol);
  assert.deepEqual([page.status, headingOf(page)], [403, "You cannot sign in"]);
  await world.change("corp", { create_users: false });
});

test("AC-14 a way back counts once, in the browser that it began in", async () => {
  const person = world.browser();
  await world.continueWith("corp", alice, person);
  const callback = lastCallback(person);
  const again = await person.open(callback);
  assert.deepEqual([again.status, headingOf(again)], [400, "Used already"]);
  assert.equal(again.headers.getSetCookie().length, 0);

  // A sign-in that an attacker began and wants somebody else's browser to end.
  const stolen = new URL(callback);
  stolen.searchParams.set("code", "code-of-the-attacker");
  const victim = await world.browser().open(stolen);
  assert.deepEqual([victim.status, headingOf(victim)], [403, "Opened in another browser"]);
  assert.equal(victim.headers.getSetCookie().length, 0);
  const madeUp = await person.open(`${callback.origin}${callback.pathname}?state=made-up&code=x`);
  assert.deepEqual([madeUp.status, headingOf(madeUp)], [400, "Nothing to go on with"]);
});

function callbackless(): URLSearchParams {
  return new URLSearchParams({
    client_id: world.app.client_id,
    response_type: "code",
    redirect_uri: "https://app.example/callback",
    scope: "openid",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    code_challenge_method: "S256",
  });
}

test("AC-09 what comes from another provider, or in its name, is refused (RFC 9700 section 4.4, RFC 9207)", async () => {
  await world.provider("other");
  for (const [change, heading] of [
    [(url: URL) => (url.pathname = url.pathname.replace("corp", "other")), "This way is closed"],
    [(url: URL) => url.searchParams.set("iss", "https://other.example"), "Signing in did not work"],
    [(url: URL) => url.searchParams.delete("iss"), "Signing in did not work"],
    [(url: URL) => url.searchParams.set("code", "another"), "Signing in did not work"],
  ] as const) {
    const person = world.browser();
    const page = await person.open(`${server.issuer}/oauth2/authorize?${callbackless()}`);
    const form = page.forms.find(({ names }) => names.includes("upstream"));
    assert.ok(form);
    // Stops at the upstream, whose last redirect is looked at instead of followed.
    const there = await person.submit(page, { upstream: "corp" });
    const halted = await stoppedAtCallback(person, there);
    change(halted);
    const answer = await person.open(halted);
    assert.equal(headingOf(answer), heading, String(change));
    assert.equal(answer.headers.getSetCookie().length, 0);
  }
});

/** Signs in at the upstream as somebody whose browser goes nowhere else, and says where it was sent. */
async function stoppedAtCallback(person: Person, there: Page): Promise<URL> {
  const form = there.forms.find(({ names }) => names.includes("password"));
  assert.ok(form);
  const body = new URLSearchParams({ ...form.fields, username: alice.username, password: alice.password });
  const cookie = () =>
    [...person.cookies]
      .filter(([key]) => key.startsWith("localhost "))
      .map(([key, value]) => `${key.split(" ")[1]}=${value}`)
      .join("; ");
  let answer = await fetch(form.action, {
    method: "POST",
    body,
    redirect: "manual",
    headers: { cookie: cookie(), origin: world.upstreamIssuer },
  });
  for (let hops = 0; hops < 5; hops += 1) {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      person.cookies.set(`localhost ${pair.split("=")[0]}`, pair.slice(pair.indexOf("=") + 1));
    }
    const location = new URL(answer.headers.get("location") ?? "", form.action);
    if (location.origin === server.issuer) return location;
    answer = await fetch(location, { redirect: "manual", headers: { cookie: cookie() } });
  }
  throw new Error("the upstream did not send anybody back");
}

test("who goes back at the provider, or comes to a closed one, can start again", async () => {
  const person = world.browser();
  const page = await person.open(`${server.issuer}/oauth2/authorize?${callbackless()}`);
  const there = await person.submit(page, { upstream: "corp" });
  const state = new URLSearchParams(there.url.search).get("transaction");
  assert.ok(state, "the upstream has a transaction of its own");
  const request = person.seen.findLast(({ headers }) => headers.get("location")?.includes("state="));
  const asked = new URL(request?.headers.get("location") ?? "");
  assert.equal(asked.searchParams.get("code_challenge_method"), "S256");
  const back = new URL(String(asked.searchParams.get("redirect_uri")));
  for (const [name, value] of [
    ["state", asked.searchParams.get("state") ?? ""],
    ["error", "access_denied"],
    ["iss", world.upstreamIssuer],
  ] as const)
    back.searchParams.set(name, value);
  const denied = await person.open(back);
  assert.deepEqual([denied.status, headingOf(denied)], [400, "You are not signed in"]);
  assert.match(denied.text, /Start again/);
  await world.change("other", { enabled: false });
  const login = await person.open(`${server.issuer}/oauth2/authorize?${callbackless()}`);
  assert.doesNotMatch(login.text, /Continue with OTHER/);
  const closed = await person.submit(login, { upstream: "other" });
  assert.deepEqual([closed.status, headingOf(closed)], [400, "This way is closed"]);
  assert.match(closed.text, /Choose another way/);
});

test("an identity is linked from the account page, in the browser of that session, and is nobody else's", async () => {
  const dora = await world.personThere("dora", { email: "dora@there.example", email_verified: true });
  const signedIn = async (username: string) => {
    const who = { username, password: "correct horse battery staple" };
    const sub = await userHere(who);
    const person = world.browser();
    return { sub, ...(await accountAt(world, person, (page) => person.carryOn(page, who))) };
  };
  const first = await signedIn("dora here");
  const { status, json, text } = await first.ask("POST", "/identities", { upstream_id: "corp" });
  assert.equal(status, 200, text);
  const elsewhere = await world.browser().open(String(json.url));
  assert.equal(elsewhere.url.searchParams.get("identity"), "not-you");
  const back = await first.person.carryOn(await first.person.open(String(json.url)), dora);
  assert.deepEqual(
    [back.url.pathname, back.url.searchParams.get("identity"), back.url.searchParams.get("upstream")],
    ["/account/sign-in", "linked", "corp"],
  );
  const opened = await world.redeem(await world.continueWith("corp", dora));
  assert.equal((await server.introspect(String(opened.access_token))).sub, first.sub);
  const means = (await first.ask("GET", "/sign-in")).json;
  const [identity] = means.identities as Record<string, unknown>[];
  assert.deepEqual(
    [identity?.upstream_id, identity?.name, identity?.email, identity?.username],
    ["corp", "CORP", "dora@there.example", "dora"],
  );

  const second = await signedIn("somebody else");
  const asked = await second.ask("POST", "/identities", { upstream_id: "corp" });
  const taken = await second.person.carryOn(await second.person.open(String(asked.json.url)), dora);
  assert.equal(taken.url.searchParams.get("identity"), "taken");
  const path = `/identities/${identity?.identity_id}`;
  assert.equal((await second.ask("DELETE", path)).status, 404);
  const unlinked = await first.ask("DELETE", path);
  assert.equal(unlinked.status, 204);
  assert.ok(Number(unlinked.headers.get("rescind-seq")) > 0);
  for (const token of [opened.access_token, opened.refresh_token])
    assert.equal((await server.introspect(String(token))).active, false, "what it opened ends with it");
  assert.equal((await first.ask("GET", "/sign-in")).status, 200, "what the password opened does not");
  assert.equal((await world.continueWith("corp", dora)).status, 403);
  assert.deepEqual(
    (await audited("identity.linked")).map(({ content }) => (content as Record<string, unknown>).by),
    ["account", "email"],
  );
});

test("an identity that an administrator takes away between the two steps opens nothing any more", async () => {
  await world.change("corp", { create_users: true });
  const gina = await world.personThere("gina");
  const person = world.browser();
  const here = await accountAt(world, person, async (page) =>
    person.carryOn(await person.submit(page, { upstream: "corp" }), gina),
  );
  const app = await enrol(here);
  await world.change("corp", { create_users: false });
  const later = world.browser();
  const step = await world.continueWith("corp", gina, later);
  assert.equal(headingOf(step), "One more step");
  const { json: means } = await here.ask("GET", "/sign-in");
  const [identity] = means.identities as Record<string, unknown>[];
  const { json: profile } = await here.ask("GET", "/profile");
  const path = `/admin/v1/users/${profile.sub}/identities/${identity?.identity_id}`;
  assert.equal((await server.admin("DELETE", path)).status, 204);
  const after = await later.submit(step, { code: app.next() });
  assert.deepEqual(
    [headingOf(after), later.cookies.has("127.0.0.1 rescind_session")],
    ["Please sign in again", false],
  );
  assert.equal((await here.ask("GET", "/sign-in")).status, 401, "and what it had opened has ended");
  const { json } = await server.admin("GET", `/admin/v1/sessions?subject=${profile.sub}`);
  const statuses = (json.items as { status: string }[]).map(({ status }) => status); // the contract's list
  assert.equal(statuses.includes("live"), false);
});

test("the last way in stays: whoever came through a provider alone keeps it until there is another", async () => {
  await world.change("corp", { create_users: true });
  const erin = await world.personThere("erin");
  const person = world.browser();
  const { ask } = await accountAt(world, person, async (page) =>
    person.carryOn(await person.submit(page, { upstream: "corp" }), erin),
  );
  const [identity] = (await ask("GET", "/sign-in")).json.identities as Record<string, unknown>[];
  const refused = await ask("DELETE", `/identities/${identity?.identity_id}`);
  assert.equal(refused.status, 409);
  assert.match(String(refused.json.detail), /^This is your only way to sign in/);
  const { sub } = (await ask("GET", "/profile")).json;
  const path = `/admin/v1/users/${sub}/identities/${identity?.identity_id}`;
  assert.equal((await server.admin("DELETE", path)).status, 204, "an administrator can make a setup link");
  assert.equal((await server.admin("DELETE", path)).status, 404);
});

test("a second factor here is asked for after the provider, unless one was shown there and counts", async () => {
  const fay = await world.personThere("fay");
  const browser = world.browser();
  const here = await accountAt(world, browser, async (page) =>
    browser.carryOn(await browser.submit(page, { upstream: "corp" }), fay),
  );
  const app = await enrol(here);
  const newBrowser = world.browser();
  const step = await world.continueWith("corp", fay, newBrowser);
  assert.deepEqual(
    [headingOf(step), newBrowser.cookies.has("127.0.0.1 rescind_session")],
    ["One more step", false],
  );
  const { access_token } = await world.redeem(await newBrowser.submit(step, { code: app.next() }));
  const facts = await server.introspect(String(access_token));
  assert.deepEqual([facts.acr, facts.amr], ["mfa", ["fed", "otp", "mfa"]]);
  const { json } = await server.admin("GET", "/admin/v1/upstreams/corp/tokens?limit=1");
  const [token] = json.items as Record<string, unknown>[];
  assert.deepEqual(
    [token?.status, token?.session_id],
    ["held", facts.sid],
    "it hangs on the session all the same",
  );

  const other = createPerson(world.upstreamIssuer);
  const at = { server: world.upstream, issuer: world.upstreamIssuer };
  const appThere = await enrol(await accountAt(at, other, (page) => other.carryOn(page, fay)));
  const throughBoth = async () => {
    const person = world.browser();
    return person.submit(await world.continueWith("corp", fay, person), { code: appThere.next() });
  };
  assert.equal(headingOf(await throughBoth()), "One more step", "what was shown there does not count");
  await world.change("corp", { trust_mfa: true });
  const trusted = await world.redeem(await throughBoth());
  assert.deepEqual((await server.introspect(String(trusted.access_token))).amr, ["fed", "mfa"]);
});
