// How a person signs in, as the account page shows and changes it, and what administrators see of it: passkeys by a virtual
// authenticator, codes of an app, recovery codes, an account at another provider, and a newer sign-in where one is wanted.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, test } from "node:test";
import { peopleOf } from "../../people.ts";
import { startTestServer } from "../../running-server.ts";
import { until } from "../../until.ts";
import { addAuthenticator } from "../authenticator.ts";
import { assertAccessible, startConsole, within } from "./console.ts";

const password = "correct horse battery staple";
const markup = `"><img src=x onerror=alert(1)>'{{7*7}}`;
const world = await startConsole(["--issuer", "http://localhost:{port}", "--allow-private-networks"]);
const { server } = world;
const people = await peopleOf(server);
after(() => people.close());

test("WEB-05 a passkey is added by the browser, renamed and removed; a name full of markup is text", async () => {
  const person = await world.person();
  const client = await server.registerClient({ name: markup, scope_descriptions: { read: markup } });
  await server.openGrant(client, person.sub, { scope: "read" });
  const page = await world.openAccount(person, { userAgent: `Linux Chrome/150 ${markup}` });
  await page.getByTitle(markup).getByText("Chrome on Linux").waitFor();
  const application = page
    .getByRole("region", { name: "Applications" })
    .getByRole("article", { name: markup });
  await application.getByRole("listitem").getByText(markup).waitFor();
  const means = page.getByRole("region", { name: "How you sign in" });
  await addAuthenticator(page);
  await means.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("Name").inputValue(), "Chrome on Linux");
  await dialog.getByRole("button", { name: "Add a passkey" }).click();
  await means.getByRole("article", { name: "Chrome on Linux" }).waitFor();

  await means.getByRole("button", { name: "Add a passkey" }).click();
  await dialog.getByRole("button", { name: "Add a passkey" }).click();
  await dialog.getByText("This device has a passkey of yours already.").waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });

  await means.getByRole("button", { name: "Rename" }).click();
  await dialog.getByLabel("Name").fill(markup);
  await page.keyboard.press("Enter");
  const passkey = means.getByRole("article", { name: markup });
  await passkey.getByText(markup).waitFor();
  assert.deepEqual(
    (await meansOf(person.sub)).passkeys.map(({ name }) => name),
    [markup],
  );
  await assertAccessible(page, "the account page with a passkey");
  await passkey.getByRole("button", { name: "Remove" }).click();
  await dialog.getByText(`“${markup}” opens your account no more`).waitFor();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await passkey.waitFor({ state: "detached" });
  assert.deepEqual((await meansOf(person.sub)).passkeys, []);
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});

test("codes of an app: the picture holds the key, a code of it confirms, and recovery codes are shown once", async () => {
  const person = await world.person();
  const page = await world.openAccount(person, {
    colorScheme: "dark",
    viewport: { width: 390, height: 844 },
  });
  const means = page.getByRole("region", { name: "How you sign in" });
  const begun = page.waitForResponse((response) => response.url().endsWith("/account/v1/totp"));
  await means.getByRole("button", { name: "Set up an app" }).press("Enter");
  const { secret, uri } = await (await begun).json();
  const picture = means.getByRole("img", { name: "QR code for your authenticator app" });
  assert.equal(await picture.locator("path").getAttribute("d"), drawn(uri));
  await means.getByText(secret, { exact: true }).waitFor();
  await assertAccessible(page, "setting up an app");
  const code = means.getByLabel("The code that the app shows");
  await code.fill("12345");
  await page.keyboard.press("Enter");
  await means.getByRole("alert").getByText("This did not work").waitFor();
  await code.fill(codeOf(secret));
  await page.keyboard.press("Enter");
  const codes = means.getByRole("list", { name: "Recovery codes" }).getByRole("listitem");
  await codes.first().waitFor();
  const shown = await codes.allInnerTexts();
  await means.getByText(`${shown.length} of ${shown.length} left`).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    means.getByRole("button", { name: "Download" }).press("Enter"),
  ]);
  const kept = await readFile(await download.path(), "utf8");
  for (const one of shown) assert.ok(kept.includes(one), one);
  await assertAccessible(page, "recovery codes");
  await means.getByRole("button", { name: "I have kept them" }).press("Enter");
  await codes.first().waitFor({ state: "detached" });

  await means.getByRole("button", { name: "Make new ones" }).press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Make new ones" }).press("Enter");
  await codes.first().waitFor();
  const others = await codes.allInnerTexts();
  assert.equal(others.filter((one) => shown.includes(one)).length, 0);
  await means.getByRole("button", { name: "Remove: codes of an app" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await means.getByRole("button", { name: "Set up an app" }).waitFor();
  const { totp, recovery_codes } = await meansOf(person.sub);
  assert.deepEqual([totp, recovery_codes], [null, null]);
  await page.context().close();
});

test("RFC 9470: a sign-in of long ago is told from the start, refused, and made newer without losing the page", async () => {
  const { sub } = await world.person();
  const opened = await world.openAccount({ username: (await userOf(sub)).username });
  const context = opened.context();
  const { user } = await people.store.findUser(sub);
  const longAgo = { authenticatedAtMs: Date.now() - 600_000 };
  const { cookie } = await people.signIn(user, longAgo);
  await context.addCookies([{ name: "rescind_session", value: cookie, url: server.issuer, httpOnly: true }]);
  const page = await context.newPage();
  await page.goto(`${server.issuer}/account/`);
  const means = page.getByRole("region", { name: "How you sign in" });
  await means.getByText("To change any of this, sign in again first").waitFor();
  await means.getByRole("button", { name: "Set up an app" }).click();
  await means.getByRole("alert").getByRole("button", { name: "Sign in again" }).click();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await means.getByRole("button", { name: "Set up an app" }).click();
  await means.getByRole("img", { name: "QR code" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/account/");
  assert.equal(await means.getByText("sign in again first").count(), 0);
  await context.close();
});

test("WEB-05 a provider is added and changed in the console, an account there linked and unlinked by the person", async () => {
  const elsewhere = await startTestServer();
  after(() => elsewhere.close());
  await elsewhere.admin("POST", "/admin/v1/users", { username: "ada-there", password, email: "a@b.example" });
  const administrator = await world.open("administrator", "/providers");
  await administrator.getByText("Nobody signs in through another provider yet").waitFor();
  await administrator.getByRole("link", { name: "New" }).click();
  await administrator.getByRole("textbox", { name: "Id", exact: true }).fill("acme");
  const redirect_uri = `${server.issuer}/login/upstream/acme/callback`;
  await administrator.getByText(redirect_uri).waitFor();
  const at = await elsewhere.registerClient({
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: [redirect_uri],
    scope: "openid profile email offline_access",
    first_party: true,
  });
  await administrator.getByLabel("Issuer").fill(elsewhere.issuer);
  await administrator.getByLabel("Name").fill(markup);
  await administrator.getByLabel("Client id").fill(at.client_id);
  await administrator.getByLabel("Client secret").fill(at.client_secret);
  await administrator.getByRole("button", { name: "Add" }).click();
  await administrator.getByRole("heading", { level: 1, name: `${markup} is added` }).waitFor();
  await administrator.getByRole("link", { name: "To the provider" }).click();
  await administrator.getByRole("button", { name: "Does it answer?" }).click();
  await administrator.getByText("Tokens of sign-ins are revoked at").waitFor();
  await administrator.getByText("No sign-in has brought a token along").waitFor();
  await assertAccessible(administrator, "a provider");

  const person = await world.person();
  const page = await world.openAccount(person);
  const means = page.getByRole("region", { name: "How you sign in" });
  await means.getByRole("button", { name: `Link ${markup}` }).click();
  await page.getByLabel("Username or email address").fill("ada-there");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await means.getByText(`Your account at ${markup} is linked`).waitFor();
  await until(async () => new URL(page.url()).search === "");
  const [identity] = (await meansOf(person.sub)).identities;
  assert.deepEqual([identity?.upstream_id, identity?.username], ["acme", "ada-there"]);

  await within(administrator, `/users/${person.sub}`);
  await administrator.getByRole("article", { name: markup }).getByText("ada-there").waitFor();
  await assertAccessible(administrator, "a user with a linked account");
  const linked = means.getByRole("article", { name: markup });
  await linked.getByRole("button", { name: "Unlink" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Unlink" }).click();
  await linked.waitFor({ state: "detached" });

  await within(administrator, "/clients");
  await administrator.getByRole("link", { name: markup }).click();
  await administrator.getByRole("heading", { level: 1, name: markup }).waitFor();
  await within(administrator, "/providers/acme");
  await administrator.getByRole("button", { name: "Change" }).click();
  await administrator.getByRole("dialog").getByLabel("People can sign in through it").uncheck();
  await administrator.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await administrator.getByText("disabled", { exact: true }).waitFor();
  assert.equal(
    await server.admin("GET", "/admin/v1/upstreams/acme").then(({ json }) => json.has_secret),
    true,
  );
  await administrator.getByRole("button", { name: "Delete" }).click();
  await administrator.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await administrator.getByText("Nobody signs in through another provider yet").waitFor();
  for (const one of [administrator, page]) await one.context().close();
  const ours = world.complaints.filter((complaint) => /policy|alert|error:/i.test(complaint));
  assert.deepEqual(ours, []);
});

test("an administrator resets second factors; a viewer sees them and changes nothing", async () => {
  const person = await world.person();
  const page = await world.openAccount(person);
  await addAuthenticator(page);
  const means = page.getByRole("region", { name: "How you sign in" });
  await means.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Add a passkey" }).click();
  await means.getByRole("article", { name: "Chrome on Linux" }).waitFor();
  const path = `/users/${person.sub}`;
  const viewer = await world.open("viewer", path);
  await viewer.getByRole("article", { name: "Chrome on Linux" }).waitFor();
  assert.equal(await viewer.getByRole("button", { name: "Reset second factors" }).count(), 0);
  const administrator = await world.open("administrator", path);
  await administrator.getByRole("button", { name: "Reset second factors" }).click();
  const dialog = administrator.getByRole("dialog");
  await dialog.getByLabel("Their passkeys too").check();
  await dialog.getByRole("button", { name: "Reset second factors" }).click();
  await administrator.getByRole("article", { name: "Chrome on Linux" }).waitFor({ state: "detached" });
  assert.deepEqual((await meansOf(person.sub)).passkeys, []);
  for (const one of [viewer, administrator, page]) await one.context().close();
});

interface Means {
  readonly passkeys: readonly { readonly name: string }[];
  readonly totp: unknown;
  readonly recovery_codes: unknown;
  readonly identities: readonly { readonly upstream_id: string; readonly username: string }[];
}

/** As the administration sees it. */
async function meansOf(sub: string): Promise<Means> {
  const { json } = await server.admin("GET", `/admin/v1/users/${sub}/sign-in`);
  return json as unknown as Means; // the contract's answer
}

async function userOf(sub: string): Promise<{ readonly username: string }> {
  return { username: String((await server.admin("GET", `/admin/v1/users/${sub}`)).json.username) };
}

// A part of the console, not of the tests.
const { encode } = createRequire(new URL("../../../packages/console/package.json", import.meta.url))(
  "uqr",
) as { encode(text: string, options: object): { readonly data: readonly (readonly boolean[])[] } }; // its own types

/** The dark squares of a QR code of this text, with the quiet zone around it. */
function drawn(text: string): string {
  const { data } = encode(text, { border: 4, ecc: "M" });
  return data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : []))).join("");
}

/** The code of this moment (RFC 6238 with its defaults), as an authenticator app computes it from the key. */
function codeOf(secret: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}
