// The account page: what has access to my account, and its end, by the person that it is about.

import assert from "node:assert/strict";
import { test } from "node:test";
import { authorizationUrl, browserWith, headingOf } from "../../authorization.ts";
import { pkce, redirectUri } from "../../people.ts";
import { until } from "../../until.ts";
import { assertAccessible, startConsole } from "./console.ts";

const world = await startConsole();
const { server } = world;
const password = "correct horse battery staple";

test("an application is removed: its tokens are dead, and the history says so", async () => {
  const client = await server.registerClient({ name: "Photo prints" });
  const person = await world.person();
  const { access_token = "" } = await server.openGrant(client, person.sub);
  const page = await world.openAccount(person);
  const application = page.getByRole("article", { name: "Photo prints" });
  await application.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await application.waitFor({ state: "detached" });
  assert.equal((await server.introspect(access_token)).active, false);
  await page.getByText("all that an application had (Photo prints) · by you").waitFor();
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});

test("C3 one permission is taken back: the application is signed out, keeps the others and has to ask again", async () => {
  const client = await server.registerClient({
    name: "Wall calendar",
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: [redirectUri],
    scope: "openid email photos",
    scope_descriptions: { photos: "See your photos" },
  });
  const person = await world.person();
  const browser = browserWith(server);
  const ask = (scope: string) => authorizationUrl(server, client, { scope });
  const who = { username: person.username, password };
  const { sent } = await browser.signIn(ask("openid email photos"), who);
  const form = {
    grant_type: "authorization_code",
    code: sent.get("code") ?? "",
    redirect_uri: redirectUri,
    code_verifier: pkce.verifier,
  };
  const { json } = await server.form("/oauth2/token", form, client);
  const isActive = async () => (await server.introspect(String(json.access_token))).active;
  assert.equal(await isActive(), true);
  const page = await world.openAccount(person);
  const application = page.getByRole("article", { name: "Wall calendar" });
  await application.getByRole("button", { name: "Take back: See your photos" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Wall calendar is signed out of your account until you use it again").waitFor();
  await dialog.getByRole("button", { name: "Take back" }).click();
  await application.getByText("See your photos").waitFor({ state: "detached" });
  await application.getByText("See your email address").waitFor();
  await page.getByText("(Wall calendar: photos), which was signed out · by you").waitFor();
  assert.equal(await isActive(), false);
  assert.notEqual((await browser.open(ask("openid email"))).sent.get("code"), null);
  assert.match(headingOf(await browser.open(ask("photos"))), /Wall calendar/);
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});

test("another device is signed out, and this one stays", async () => {
  const person = await world.person();
  const other = await world.openAccount(person);
  const page = await world.openAccount(person);
  const devices = page.getByRole("region", { name: "Devices" }).getByRole("article");
  await devices.nth(1).waitFor();
  assert.equal(await page.getByText("here", { exact: true }).count(), 1);
  await page.getByRole("button", { name: "Sign out", exact: true }).last().click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await until(async () => (await devices.count()) === 1);
  await other.reload();
  await other.getByLabel("Password").waitFor();
  await page.reload();
  await page.getByRole("heading", { level: 1, name: person.username }).waitFor();
  for (const one of [page, other]) await one.context().close();
});

test("this was not me: everything ends, here too", async () => {
  const client = await server.registerClient({ name: "Stolen" });
  const person = await world.person();
  const { access_token = "" } = await server.openGrant(client, person.sub);
  const page = await world.openAccount(person);
  await page.getByRole("button", { name: "This was not me" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "This was not me" }).click();
  await page.getByLabel("Username or email address").waitFor();
  assert.equal((await server.introspect(access_token)).active, false);
  await page.context().close();
});

test("another password is chosen; the old one opens nothing any more", async () => {
  const person = await world.person();
  const page = await world.openAccount(person);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByLabel("Your password now").fill("not this one at all");
  await page.getByLabel("Another password").fill("a much longer passphrase");
  await page.getByLabel("The same again").fill("a much longer passphrase");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("alert").getByText("This did not work").waitFor();
  await page.getByLabel("Your password now").fill(password);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByLabel("Username or email address").fill(person.username);
  await page.getByLabel("Password").fill("a much longer passphrase");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: person.username }).waitFor();
  await page.context().close();
});

for (const [colorScheme, width] of [
  ["light", 1440],
  ["dark", 390],
] as const)
  test(`the account page is accessible, ${colorScheme}, ${width} wide`, async () => {
    const client = await server.registerClient({ name: "Calendar" });
    const person = await world.person();
    await server.openGrant(client, person.sub);
    await server.admin("POST", "/admin/v1/revocations", { select: { subject: person.sub } });
    await server.openGrant(client, person.sub);
    const page = await world.openAccount(person, { colorScheme, viewport: { width, height: 844 } });
    await page.getByRole("article", { name: "Calendar" }).waitFor();
    await page.getByText("everything of yours", { exact: false }).first().waitFor();
    await page.getByText("Passkeys belong to a host name").waitFor();
    await assertAccessible(page, `${colorScheme} ${width}`);
    await page.context().close();
  });
