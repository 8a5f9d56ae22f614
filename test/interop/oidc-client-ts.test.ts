// `oidc-client-ts`, the library of single-page applications, in Chromium: a public client, calls from scripts (CORS),
// and the silent renewal in an iframe.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";
import type { UserManager } from "oidc-client-ts";
import type { Page } from "playwright-core";
import { launchChromium } from "../browser/chromium.ts";
import { everything, listening, startWithAlice } from "./alice.ts";

/** What the page's script puts on `window`. */
interface OnPage {
  readonly manager: UserManager;
}

const party = await startWithAlice();
const { server, alice } = party;
after(() => server.close());

const main = createRequire(import.meta.url).resolve("oidc-client-ts");
const library = readFileSync(join(main, "../../browser/oidc-client-ts.min.js"));
let settings: object = {};
const application = await listening((request, response) => {
  const script = request.url === "/oidc-client-ts.js";
  response.setHeader("content-type", script ? "text/javascript" : "text/html");
  response.end(script ? library : page());
});
after(() => application.close());
const { origin } = application;

const browser = await launchChromium();
after(() => browser.close());

function page(): string {
  const given = JSON.stringify(settings);
  return `<!doctype html><title>Application</title><script src="/oidc-client-ts.js"></script><script>
const settings = ${given};
settings.userStore = new oidc.WebStorageStateStore({ store: localStorage });
window.manager = new oidc.UserManager(settings);
if (location.pathname === "/silent") window.manager.signinSilentCallback();
if (location.pathname === "/callback") window.manager.signinCallback().then(() => { document.title = "Signed in"; });
</script>`;
}

async function openApplication(more: Record<string, unknown> = {}, scope = everything): Promise<Page> {
  const { client_id } = await party.client(`${origin}/callback`, {
    redirect_uris: [`${origin}/callback`, `${origin}/silent`],
    token_endpoint_auth_method: "none",
    allowed_origins: [origin],
    post_logout_redirect_uris: [`${origin}/goodbye`],
    ...more,
  });
  settings = {
    authority: server.issuer,
    client_id,
    redirect_uri: `${origin}/callback`,
    silent_redirect_uri: `${origin}/silent`,
    post_logout_redirect_uri: `${origin}/goodbye`,
    scope,
    loadUserInfo: true,
    revokeTokenTypes: ["refresh_token", "access_token"],
  };
  const context = await browser.newContext();
  const opened = await context.newPage();
  opened.setDefaultTimeout(20_000);
  await opened.goto(origin);
  return opened;
}

async function signIn(opened: Page): Promise<void> {
  await opened.evaluate(() => {
    void (globalThis as unknown as OnPage).manager.signinRedirect();
  });
  await opened.getByLabel("Username").fill(alice.username);
  await opened.getByLabel("Password").fill(alice.password);
  await opened.getByRole("button", { name: "Sign in" }).click();
  await opened.getByRole("button", { name: "Allow" }).click();
  await opened.waitForFunction(() => document.title === "Signed in");
}

const current = (opened: Page) =>
  opened.evaluate(async () => {
    const user = await (globalThis as unknown as OnPage).manager.getUser();
    return { access: user?.access_token, refresh: user?.refresh_token, profile: user?.profile };
  });

const renewed = (opened: Page) =>
  opened.evaluate(async () => {
    try {
      const user = await (globalThis as unknown as OnPage).manager.signinSilent();
      return { access: user?.access_token, error: undefined };
    } catch (error) {
      return { access: undefined, error: (error as { error?: string }).error ?? String(error) };
    }
  });

test("oidc-client-ts logs in, refreshes, revokes what it holds and logs out", async () => {
  const opened = await openApplication();
  await signIn(opened);
  const first = await current(opened);
  assert.equal(first.profile?.sub, alice.sub);
  assert.equal(first.profile?.email, "alice@example.com");
  const { access, error } = await renewed(opened);
  assert.equal(error, undefined);
  assert.notEqual(access, first.access);
  assert.equal((await server.introspect(String(access))).active, true);

  await opened.evaluate(() => (globalThis as unknown as OnPage).manager.revokeTokens());
  for (const token of [first.access, access])
    assert.deepEqual(await server.introspect(String(token)), { active: false });

  await opened.evaluate(() => {
    void (globalThis as unknown as OnPage).manager.signoutRedirect();
  });
  await opened.waitForURL(`${origin}/goodbye*`);
  await opened.goto(origin);
  await opened.evaluate(() => {
    void (globalThis as unknown as OnPage).manager.signinRedirect();
  });
  await opened.getByLabel("Password").waitFor();
  await opened.context().close();
});

test("oidc-client-ts renews in an iframe by prompt=none, until the session is revoked", async () => {
  const opened = await openApplication({ grant_types: ["authorization_code"] }, "openid profile");
  await signIn(opened);
  const first = await current(opened);
  assert.equal(first.refresh, undefined);
  const { access, error } = await renewed(opened);
  assert.equal(error, undefined);
  assert.notEqual(access, first.access);

  const { sid } = await server.introspect(String(access));
  const ordered = await server.admin("POST", "/admin/v1/revocations", { select: { session_id: sid } });
  assert.equal(ordered.status, 201, ordered.text);
  assert.deepEqual(await server.introspect(String(access)), { active: false });
  assert.equal((await renewed(opened)).error, "login_required");
  await opened.context().close();
});
