// Signing in in two steps, over HTTP: codes and recovery codes, each once; limits; what ends it in between; what clients
// ask for by acr_values and get told.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { formatId } from "@rescind/core";
import { type Authenticator, authenticator } from "../../../../test/authenticator.ts";
import { authorizationUrl, browserWith, headingOf, type Parameters } from "../../../../test/authorization.ts";
import { redirectUri } from "../../../../test/people.ts";
import type { Page, Person } from "../../../../test/person.ts";
import { accountWorld, password, type Someone } from "../account/world.ts";

const world = await accountWorld();
after(() => world.close());
const { server, people, app, someone, call, isActive } = world;
await server.admin("PATCH", `/admin/v1/clients/${app.client_id}`, { first_party: true });

interface Enrolled extends Someone {
  readonly secret: string;
  readonly app: Authenticator;
  readonly recoveryCodes: readonly string[];
}

async function enrolled(): Promise<Enrolled> {
  const person = await someone();
  const begun = await call(person.token, "POST", "/totp", {});
  assert.equal(begun.status, 200, begun.text);
  const { secret, state } = begun.json;
  // At the end of a time step the first code may be too old.
  for (let tries = 0; tries < 2; tries++) {
    const device = authenticator(String(secret));
    const confirmed = await call(person.token, "POST", "/totp/confirm", { state, code: device.next() });
    if (confirmed.status === 201)
      return {
        ...person,
        secret: String(secret),
        app: device,
        recoveryCodes: confirmed.json.recovery_codes as string[],
      };
  }
  throw new Error("the code was not accepted");
}

/** At the page after the password. */
async function firstStep(who: Someone, more: Parameters = {}, browser = browserWith(server)) {
  const page = await browser.open(authorizationUrl(server, app, more));
  return { browser, page: await browser.submit(page, { username: who.username, password }) };
}

const isSignedIn = (browser: Person) => browser.cookies.has("127.0.0.1 rescind_session");
const isBack = (page: Page) => page.url.href.startsWith(redirectUri) && page.sent.has("code");

async function tokensOf(page: Page): Promise<Record<string, unknown>> {
  const { status, json, text } = await people.redeem(app, page.sent.get("code") ?? "");
  assert.equal(status, 200, text);
  return json;
}

function claimsOf(jwt: unknown): Record<string, unknown> {
  return JSON.parse(Buffer.from(String(jwt).split(".")[1] ?? "", "base64url").toString());
}

async function auditOf(action: string, sub: string): Promise<Record<string, unknown>[]> {
  const { json } = await server.admin("GET", `/admin/v1/audit?limit=100`);
  const items = json.items as { action: string; content: Record<string, unknown> }[]; // the contract's list
  return items
    .filter((item) => item.action === action && item.content.sub === sub)
    .map(({ content }) => content);
}

describe("the second step", () => {
  test("a code of the app finishes what the password began, and every token says so", async () => {
    const ada = await enrolled();
    const { browser, page } = await firstStep(ada);
    assert.deepEqual([headingOf(page), isSignedIn(browser)], ["One more step", false]);
    const wrong = await browser.submit(page, { code: ada.app.wrong() });
    assert.deepEqual([wrong.status, headingOf(wrong), isSignedIn(browser)], [400, "One more step", false]);
    const done = await browser.submit(wrong, { code: ada.app.next() });
    assert.ok(isBack(done) && isSignedIn(browser), done.text);
    const tokens = await tokensOf(done);
    const expected = { acr: "mfa", amr: ["pwd", "otp", "mfa"] };
    const told = await server.introspect(String(tokens.access_token));
    for (const { acr, amr } of [claimsOf(tokens.id_token), claimsOf(tokens.access_token), told])
      assert.deepEqual({ acr, amr }, expected);
    const refreshed = await server.form(
      "/oauth2/token",
      { grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) },
      app,
    );
    for (const jwt of [refreshed.json.id_token, refreshed.json.access_token])
      assert.deepEqual([claimsOf(jwt).acr, claimsOf(jwt).amr], [expected.acr, expected.amr]);
  });

  test("a code used twice side by side opens one session, and none afterwards", async () => {
    const ada = await enrolled();
    const steps = await Promise.all([firstStep(ada), firstStep(ada), firstStep(ada)]);
    const code = ada.app.next();
    const pages = await Promise.all(steps.map(({ browser, page }) => browser.submit(page, { code })));
    assert.equal(pages.filter(isBack).length, 1);
    assert.equal(steps.filter(({ browser }) => isSignedIn(browser)).length, 1);
    const { browser, page } = await firstStep(ada);
    assert.equal((await browser.submit(page, { code })).status, 400);
  });

  test("a recovery code gets its person in once, however it is typed", async () => {
    const ada = await enrolled();
    const [code = ""] = ada.recoveryCodes;
    assert.equal(ada.recoveryCodes.length, 10);
    const { browser, page } = await firstStep(ada);
    const done = await browser.submit(page, { recovery: code.toUpperCase().replaceAll("-", " ") });
    assert.ok(isBack(done), done.text);
    assert.deepEqual(claimsOf((await tokensOf(done)).id_token).amr, ["pwd", "otp", "mfa"]);
    const again = await firstStep(ada);
    assert.equal((await again.browser.submit(again.page, { recovery: code })).status, 400);
    const { json } = await call(ada.token, "GET", "/sign-in");
    assert.deepEqual(
      { ...(json.recovery_codes as object), created_at: "" },
      { left: 9, of: 10, created_at: "" },
    );
    assert.equal((await auditOf("recovery-code.used", ada.subject)).length, 1);
  });

  test("WEB-18 wrong codes count with wrong passwords: ten in a minute, then neither is looked at", async () => {
    const ada = await enrolled();
    const { browser, page } = await firstStep(ada);
    const guesses = Array.from({ length: 12 }, () => browser.submit(page, { code: ada.app.wrong() }));
    const statuses = (await Promise.all(guesses)).map(({ status }) => status);
    assert.deepEqual(
      [400, 429].map((status) => statuses.filter((each) => each === status).length),
      [10, 2],
    );
    const right = await browser.submit(page, { code: ada.app.next() });
    assert.deepEqual([right.status, isSignedIn(browser)], [429, false]);
    assert.ok(Number(right.headers.get("retry-after")) > 0);
    assert.equal((await firstStep(ada)).page.status, 429);
  });

  test("WEB-18 after fifty wrong codes none counts for the rest of a day, but a recovery code does", async (context) => {
    const ada = await enrolled();
    const { browser, page } = await firstStep(ada);
    context.mock.timers.enable({ apis: ["Date"], now: Date.now() });
    for (let minute = 0; minute < 5; minute++) {
      context.mock.timers.tick(60_001);
      for (let tries = 0; tries < 10; tries++)
        assert.equal((await browser.submit(page, { code: ada.app.wrong() })).status, 400);
    }
    context.mock.timers.tick(60_001);
    const code = authenticator(ada.secret).next();
    const right = await browser.submit(page, { code });
    assert.deepEqual([right.status, isSignedIn(browser)], [429, false]);
    assert.ok(Number(right.headers.get("retry-after")) > 80_000);
    const [recovery = ""] = ada.recoveryCodes;
    assert.ok(
      isBack(await browser.submit(page, { recovery })),
      "whoever knows the password shuts nobody out",
    );
  });

  test("AC-14 it goes on in the browser where it began, and nowhere else", async () => {
    const ada = await enrolled();
    const { page } = await firstStep(ada);
    const elsewhere = browserWith(server);
    await elsewhere.open(authorizationUrl(server, app));
    assert.equal((await elsewhere.open(page.url)).status, 403);
    const code = ada.app.next();
    const body = new URLSearchParams({ transaction: page.url.searchParams.get("transaction") ?? "", code });
    const sent = await elsewhere.open(page.url, { method: "POST", body });
    assert.deepEqual([sent.status, isSignedIn(elsewhere)], [403, false]);
  });

  test("a revocation of the person, another password or an end of the account in between ends it", async () => {
    const ends: Record<string, (ada: Enrolled) => Promise<unknown>> = {
      revoked: ({ subject }) => server.admin("POST", "/admin/v1/revocations", { select: { subject } }),
      password: ({ subject }) =>
        server.admin("PATCH", `/admin/v1/users/${subject}`, { password: "another one here" }),
      disabled: ({ subject }) => server.admin("PATCH", `/admin/v1/users/${subject}`, { status: "disabled" }),
    };
    for (const [how, end] of Object.entries(ends)) {
      const ada = await enrolled();
      const { browser, page } = await firstStep(ada);
      await end(ada);
      const after = await browser.submit(page, { code: ada.app.next() });
      assert.deepEqual([headingOf(after), isSignedIn(browser)], ["Please sign in again", false], how);
    }
  });

  test("a setup link is no way around it", async () => {
    const ada = await enrolled();
    const { json } = await server.admin("POST", `/admin/v1/users/${ada.subject}/setup-link`);
    const browser = browserWith(server);
    const page = await browser.open(String(json.setup_url));
    const chosen = "a new passphrase";
    await browser.submit(page, { password: chosen, again: chosen });
    assert.equal(isSignedIn(browser), false);
    const asked = await browser.open(authorizationUrl(server, app));
    const next = await browser.submit(asked, { username: ada.username, password: chosen });
    assert.equal(headingOf(next), "One more step");
  });
});

describe("RFC 9470 acr_values", () => {
  test("whoever has nothing beside the password: unmet_authentication_requirements, signed in or not", async () => {
    const bob = await someone();
    const { browser, page } = await firstStep(bob, { acr_values: "phr mfa" });
    assert.deepEqual(
      [page.sent.get("error"), isSignedIn(browser)],
      ["unmet_authentication_requirements", false],
    );
    const signedIn = browserWith(server, bob);
    const asked = await signedIn.open(authorizationUrl(server, app, { acr_values: "mfa", prompt: "none" }));
    assert.equal(asked.sent.get("error"), "unmet_authentication_requirements");
    for (const acr_values of ["pwd", "mfa pwd", "urn:of:somebody:else", ""])
      assert.ok(isBack(await signedIn.open(authorizationUrl(server, app, { acr_values }))), acr_values);
  });

  test("a session of the password alone is not enough where more can be shown: it is signed in anew", async () => {
    const ada = await enrolled();
    const browser = browserWith(server, ada);
    const silent = await browser.open(authorizationUrl(server, app, { acr_values: "mfa", prompt: "none" }));
    assert.equal(silent.sent.get("error"), "login_required");
    const { page } = await firstStep(ada, { acr_values: "mfa" }, browser);
    const done = await browser.submit(page, { code: ada.app.next() });
    assert.ok(isBack(done), done.text);
    assert.equal(claimsOf((await tokensOf(done)).id_token).acr, "mfa");
    const again = await browser.open(authorizationUrl(server, app, { acr_values: "mfa", prompt: "none" }));
    assert.ok(isBack(again));
    const more = await browser.open(authorizationUrl(server, app, { acr_values: "phr" }));
    assert.equal(more.sent.get("error"), "unmet_authentication_requirements");
    const { json } = await server.request("/.well-known/openid-configuration");
    assert.deepEqual(json.acr_values_supported, ["pwd", "mfa", "phr"]);
  });
});

describe("the account's own means", () => {
  test("changing them wants a sign-in of the last five minutes (RFC 9470 section 3)", async () => {
    const ada = await enrolled();
    const { user } = await people.store.findUser(ada.subject);
    const earlier = await people.signIn(user, { authenticatedAtMs: Date.now() - 301_000 });
    const tokens = await people.tokens(app, earlier, { scopes: ["openid", "rescind:account"] });
    for (const [method, path] of [
      ["POST", "/totp"],
      ["DELETE", "/totp"],
      ["POST", "/recovery-codes"],
      ["DELETE", "/passkeys/pky_1"],
    ] as const) {
      const { status, headers, json } = await call(tokens.access_token, method, path);
      assert.deepEqual([status, json.code], [401, "insufficient-user-authentication"], path);
      const challenge = headers.get("www-authenticate") ?? "";
      assert.match(challenge, /error="insufficient_user_authentication".*max_age="300"/);
    }
    assert.equal((await call(tokens.access_token, "GET", "/sign-in")).status, 200);
  });

  test("removing the app ends the sessions it opened, for good, and leaves the others", async () => {
    const ada = await enrolled();
    const { browser, page } = await firstStep(ada);
    const tokens = await tokensOf(await browser.submit(page, { code: ada.app.next() }));
    const removed = await call(ada.token, "DELETE", "/totp");
    assert.equal(removed.status, 204);
    assert.ok(Number(removed.headers.get("rescind-seq")) > 0);
    for (const token of [tokens.access_token, tokens.refresh_token])
      assert.equal(await isActive(token), false);
    assert.equal(await isActive(ada.token), true, "opened before there was an app");
    const order = await world.newestOrder();
    assert.deepEqual([order.reason, order.final], ["user_request", true]);
    assert.equal((await call(ada.token, "DELETE", "/totp")).status, 404);
    const { json } = await call(ada.token, "GET", "/sign-in");
    assert.deepEqual([json.totp, json.recovery_codes], [null, null]);
    const { page: plain } = await firstStep(ada);
    assert.ok(isBack(plain), "the password is enough again");
    for (const action of ["totp.added", "totp.removed"])
      assert.equal((await auditOf(action, ada.subject)).length, 1, action);
  });

  test("whoever signs in while the app is being removed has no session of its code afterwards", async () => {
    const rounds = Array.from({ length: 4 }, async () => {
      const ada = await enrolled();
      const { browser, page } = await firstStep(ada);
      const [removed] = await Promise.all([
        call(ada.token, "DELETE", "/totp"),
        browser.submit(page, { code: ada.app.next() }),
      ]);
      assert.equal(removed.status, 204, removed.text);
      const { json } = await server.admin("GET", `/admin/v1/sessions?subject=${ada.subject}`);
      const sessions = json.items as { amr: string[]; status: string }[]; // the contract's list
      const live = sessions.filter(({ amr, status }) => amr.includes("otp") && status === "live");
      assert.deepEqual(live, []);
    });
    await Promise.all(rounds);
  });

  test("removing the app ends offline access too that outlived the session of its code", async () => {
    const ada = await enrolled();
    const { browser, page } = await firstStep(ada, { scope: "openid offline_access" });
    const tokens = await tokensOf(await browser.submit(page, { code: ada.app.next() }));
    const hint = new URLSearchParams({ id_token_hint: String(tokens.id_token) });
    await browser.open(`${server.base}/oauth2/logout?${hint}`);
    assert.equal(await isActive(tokens.refresh_token), true, "signing out is no revocation of it");
    assert.equal((await call(ada.token, "DELETE", "/totp")).status, 204);
    assert.equal(await isActive(tokens.refresh_token), false);
  });

  test("removing the app ends all sessions that it opened, however many somebody has hoarded", async () => {
    const ada = await enrolled();
    const { store } = people;
    const { user } = await store.findUser(ada.subject);
    const { totp } = await store.findFactors(ada.subject);
    const factors = [formatId("totp", totp?.id ?? "0")];
    for (let hundreds = 0; hundreds < 21; hundreds++)
      await Promise.all(Array.from({ length: 100 }, () => people.signIn(user, { factors })));
    assert.equal((await call(ada.token, "DELETE", "/totp")).status, 204);
    let live = 0;
    let cursor: string | undefined;
    do {
      const page = await store.listSessions(
        { subject: ada.subject },
        { limit: 1000, cursor },
        Date.now() / 1000,
      );
      live += page.items.filter(({ status }) => status === "live").length;
      cursor = page.next;
    } while (cursor !== undefined);
    assert.equal(live, 1, "the one that was opened before there was an app");
  });

  test("new recovery codes end the earlier ones and what these have opened", async () => {
    const ada = await enrolled();
    const [used = "", unused = ""] = ada.recoveryCodes;
    const { browser, page } = await firstStep(ada);
    const tokens = await tokensOf(await browser.submit(page, { recovery: used }));
    const { status, json } = await call(ada.token, "POST", "/recovery-codes");
    assert.equal(status, 201);
    assert.equal(await isActive(tokens.access_token), false);
    const again = await firstStep(ada);
    assert.equal((await again.browser.submit(again.page, { recovery: unused })).status, 400);
    const [fresh = ""] = json.recovery_codes as string[]; // the contract's answer
    assert.ok(isBack(await again.browser.submit(again.page, { recovery: fresh })));
  });

  test("an administrator takes the second step away from whoever has lost their device", async () => {
    const ada = await enrolled();
    const { browser, page } = await firstStep(ada);
    const path = `/admin/v1/users/${ada.subject}`;
    const before = await server.admin("GET", `${path}/sign-in`);
    assert.equal(before.json.password, true);
    assert.equal(typeof (before.json.totp as { since: string }).since, "string");
    assert.equal((await server.admin("DELETE", `${path}/second-factors?passkeys=true`)).status, 204);
    const after = await server.admin("GET", `${path}/sign-in`);
    assert.deepEqual([after.json.totp, after.json.recovery_codes], [null, null]);
    assert.ok(isBack(await browser.open(page.url)), "who was asked for it goes on without");
    assert.deepEqual(await auditOf("second-factors.reset", ada.subject), [
      { sub: ada.subject, passkeys: true },
    ]);
    assert.equal((await server.admin("DELETE", "/admin/v1/users/usr_nobody/second-factors")).status, 404);
  });

  test("E2 no seed and no recovery code is in the database, but sealed or as a digest", async () => {
    const ada = await enrolled();
    const { totp } = await people.store.findFactors(ada.subject);
    assert.ok((totp?.sealedSeed.length ?? 0) > 20, "nonce and tag are with it");
    const file = ["", "-wal"].map((end) => readFileSync(`${server.data}/rescind.db${end}`, "latin1")).join();
    assert.ok(file.includes(ada.subject));
    const texts = [
      ada.secret,
      ...ada.recoveryCodes,
      ...ada.recoveryCodes.map((code) => code.replaceAll("-", "")),
    ];
    for (const text of texts) assert.equal(file.includes(text), false);
  });
});
