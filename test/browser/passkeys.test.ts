// Passkeys on the sign-in pages, by Chromium's virtual authenticator: instead of the password, as the second step, copied,
// replayed; and what the pages do without scripts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { authenticator } from "../authenticator.ts";
import { peopleOf, pkce } from "../people.ts";
import { until } from "../until.ts";
import { addAuthenticator } from "./authenticator.ts";
import { assertAccessible } from "./console/console.ts";
import { alice, arrived, signIn, startWorld } from "./world.ts";

const world = await startWorld(["--issuer", "http://localhost:{port}"]);
const { server, trusted, callback } = world;
const people = await peopleOf(server);
after(() => people.close());
const account = await people.client({ scope: "openid rescind:account" });
const { user } = await people.store.findUserByName("alice");
assert.ok(user !== undefined);

async function own(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const tokens = await people.tokens(account, await people.signIn(user), {
    scopes: ["openid", "rescind:account"],
  });
  const { status, json, text } = await server.request(`/account/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${tokens.access_token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  assert.ok(status < 300, text);
  return json;
}

/** Registers a passkey of the page's device, as the account page does. */
async function register(page: Page): Promise<void> {
  await page.goto(`${server.issuer}/login`);
  const { options, state } = await own("POST", "/passkeys/options", {});
  const credential = await page.evaluate(async (asked) => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked);
    const made = await navigator.credentials.create({ publicKey });
    return made instanceof PublicKeyCredential ? made.toJSON() : undefined;
  }, options as PublicKeyCredentialCreationOptionsJSON); // the contract's answer
  await own("POST", "/passkeys", { state, credential, name: "A device" });
}

function url(more: Record<string, string> = {}): string {
  const at = new URL(world.url({ client_id: trusted.client_id, ...more }));
  at.host = new URL(server.issuer).host;
  return at.href;
}

async function idTokenOf(page: Page): Promise<Record<string, unknown>> {
  const { code = "" } = await arrived(page, callback);
  const parameters = {
    grant_type: "authorization_code",
    code,
    redirect_uri: callback,
    code_verifier: pkce.verifier,
  };
  const { json } = await server.form("/oauth2/token", parameters, trusted);
  return JSON.parse(Buffer.from(String(json.id_token).split(".")[1] ?? "", "base64url").toString());
}

const button = (page: Page) => page.getByRole("button", { name: "Use a passkey" });

test("a passkey signs in without a password: by the button, and from the browser's own list", async () => {
  const page = await world.page();
  const { session, authenticatorId } = await addAuthenticator(page);
  await register(page);
  const sent: string[] = [];
  page.on(
    "request",
    (request) => request.url().endsWith("/login/passkey") && sent.push(request.postData() ?? ""),
  );
  await session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
  await page.goto(url({ acr_values: "phr" }));
  assert.equal(
    await page.getByLabel("Username or email address").getAttribute("autocomplete"),
    "username webauthn",
  );
  await assertAccessible(page, "the sign-in page with passkeys");
  await session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
  await button(page).click();
  const { acr, amr } = await idTokenOf(page);
  assert.deepEqual([acr, amr], ["phr", ["hwk", "user"]]);
  await page.goto(url({ prompt: "login" }));
  assert.equal((await idTokenOf(page)).acr, "phr", "offered in the list of the username, and chosen");

  const replayed = await page.context().request.post(`${server.issuer}/login/passkey`, {
    data: sent[0] ?? "",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    maxRedirects: 0,
  });
  assert.equal(replayed.status(), 400, "its challenge was used");
  await page.context().close();
});

test("a passkey is the second step where one is asked for, and a copied one is refused and recorded", async () => {
  const page = await world.page({ colorScheme: "dark", viewport: { width: 390, height: 844 } });
  const { session, authenticatorId } = await addAuthenticator(page);
  await register(page);
  const { secret, state } = await own("POST", "/totp", {});
  const app = authenticator(String(secret));
  await own("POST", "/totp/confirm", { state, code: app.next() });
  const { credentials } = await session.send("WebAuthn.getCredentials", { authenticatorId });
  await session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: false });
  await page.goto(url());
  await signIn(page);
  await page.getByRole("heading", { level: 1, name: "One more step" }).waitFor();
  await assertAccessible(page, "the second step");
  await page.getByText("Use a recovery code").click();
  await assertAccessible(page, "the second step with a recovery code");
  await session.send("WebAuthn.setAutomaticPresenceSimulation", { authenticatorId, enabled: true });
  await button(page).click();
  assert.deepEqual((await idTokenOf(page)).amr, ["pwd", "hwk", "user", "mfa"]);

  await session.send("WebAuthn.clearCredentials", { authenticatorId });
  for (const credential of credentials)
    await session.send("WebAuthn.addCredential", { authenticatorId, credential });
  await page.goto(url({ prompt: "login" }));
  await page.getByRole("alert").getByText("as if there were a copy of it").waitFor();
  await button(page).click();
  await until(async () => {
    const { json } = await server.admin("GET", "/admin/v1/audit?limit=20");
    const records = json.items as { action: string }[]; // the contract's list
    return records.filter(({ action }) => action === "passkey.refused").length === 2;
  });
  await page.getByRole("alert").getByText("It opens nothing any more").waitFor();
  await page.context().close();
});

test("without scripts there is a password and a code, and no button that does nothing", async () => {
  const page = await world.page({ javaScriptEnabled: false });
  await page.goto(url());
  assert.equal(await button(page).isVisible(), false);
  await signIn(page, alice.password);
  await page.getByRole("heading", { level: 1, name: "One more step" }).waitFor();
  assert.equal(await button(page).isVisible(), false);
  await page.context().close();
});
