// Every page of the sign-in, in light and dark, wide and narrow, in four brands: axe finds nothing to object to, nothing
// is loaded from elsewhere, and nothing is refused by the pages' own policy.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { deviceCodeGrant } from "@rescind/core";
import type { AxeResults, RunOptions } from "axe-core";
import type { BrowserContext, Page } from "playwright-core";
import { rounds } from "../seed.ts";
import { signIn, startWorld, type World } from "./world.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What the evaluated text puts on `window`. */
interface WithAxe {
  readonly axe: { run(options: RunOptions): Promise<AxeResults> };
}

async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const results = await (globalThis as unknown as WithAxe).axe.run({ resultTypes: ["violations"] }); // put there above
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  });
  assert.deepEqual(violations, [], what);
  assert.equal(await page.locator("html").getAttribute("lang"), "en", what);
  assert.equal(await page.locator("h1").count(), 1, what);
  assert.ok((await page.title()).length > 5, what);
}

const brands: Readonly<Record<string, readonly string[]>> = {
  default: [],
  yellow: ["--brand-name", "Sunny Side", "--brand-color", "#ffd400"],
  black: ["--brand-name", "Noir", "--brand-color", "#000"],
  white: ["--brand-name", "Blanc", "--brand-color", "#ffffff"],
};

for (const [brand, flags] of Object.entries(brands).slice(0, rounds(1, 4))) {
  const world = await startWorld(flags);
  for (const colorScheme of ["light", "dark"] as const)
    for (const viewport of [
      { width: 1440, height: 900 },
      { width: 390, height: 844 },
    ])
      test(`every page is accessible in the brand ${brand}, ${colorScheme}, ${viewport.width} wide`, async () => {
        const context = await world.context({ colorScheme, viewport });
        await lookAtEveryPage(world, context, `${brand} ${colorScheme} ${viewport.width}`);
        await context.close();
      });
}

async function lookAtEveryPage(world: World, context: BrowserContext, how: string): Promise<void> {
  const { server, callback } = world;
  const page = await context.newPage();
  const complaints: string[] = [];
  const asked = new Set<string>();
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) complaints.push(message.text());
  });
  // The page that posts to the application stays where it is.
  await context.route(`${callback}**`, (route) => route.fulfill({ status: 204 }));
  const look = (what: string): Promise<void> => assertAccessible(page, `${what}, ${how}`);

  await page.goto(world.url({ prompt: "consent" }));
  await look("sign in");
  await page.locator("summary").first().click();
  await look("forgotten password");
  await signIn(page, "wrong");
  await page.getByRole("alert").waitFor();
  await look("wrong password");
  await signIn(page);
  await page.waitForURL((url) => url.pathname === "/consent");
  await look("consent");
  await page.goto(world.url({ prompt: "login" }));
  await look("sign in again");
  await page.goto(world.url({ prompt: "select_account" }));
  await look("choose an account");
  await page.goto(`${server.base}/login`);
  await look("signed in");
  const posted = world.url({ client_id: world.trusted.client_id, response_mode: "form_post" });
  await page.goto(posted, { waitUntil: "commit" });
  await page.getByRole("button", { name: "Continue" }).waitFor();
  await look("form_post");
  await page.goto(world.url({ client_id: "cli_nobody" }));
  await look("unknown application");
  await page.goto(`${server.base}/login?transaction=x`);
  await look("nothing to go on with");
  await page.goto(await setupLink(world));
  await look("choose a password");
  await page.getByLabel("New password").fill("short");
  await page.getByLabel("The same password again").fill("short");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("alert").waitFor();
  await look("a password that will not do");
  await page.goto(`${server.base}/device`);
  await look("the code of a device");
  await page.getByLabel("Code").fill("BBBB-BBBB");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").waitFor();
  await look("the code of no device");
  await page.goto(await deviceLink(world));
  await page.getByRole("button", { name: "Continue" }).click();
  await page.waitForURL((url) => url.pathname === "/consent");
  await look("consent for a device");
  await page.getByRole("button", { name: "Allow" }).click();
  await page.getByRole("heading", { name: "Your device is connected" }).waitFor();
  await look("device connected");
  await page.goto(`${server.base}/oauth2/logout`);
  await look("sign out?");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByRole("heading", { name: "You are signed out" }).waitFor();
  await look("signed out");

  assert.deepEqual(complaints, []);
  assert.deepEqual([...asked].sort(), [server.issuer, new URL(callback).origin].sort());
}

async function setupLink({ server }: World): Promise<string> {
  const username = `guest-${crypto.randomUUID()}`;
  const { json } = await server.admin("POST", "/admin/v1/users", { username });
  const link = await server.admin("POST", `/admin/v1/users/${json.sub}/setup-link`, {});
  return String(link.json.setup_url);
}

async function deviceLink({ server }: World): Promise<string> {
  const device = await server.registerClient({ name: "Living Room TV", grant_types: [deviceCodeGrant] });
  const { json } = await server.form("/oauth2/device_authorization", {}, device);
  return String(json.verification_uri_complete);
}

test("the operator's logo is shown, by its name for those who do not see it", async () => {
  const world = await startWorld(["--brand-name", "Acme", "--brand-logo", "test/browser/acme.svg"]);
  const page = await world.page();
  await page.goto(world.url());
  const logo = page.getByRole("img", { name: "Acme" });
  assert.ok(await logo.evaluate((image) => (image as HTMLImageElement).naturalWidth > 0)); // it is an <img>
  assert.match(await page.title(), /Acme$/);
  const answer = await world.server.request("/brand/logo");
  assert.equal(answer.headers.get("content-type"), "image/svg+xml");
  assert.match(answer.headers.get("content-security-policy") ?? "", /default-src 'none'.*sandbox/);
});
