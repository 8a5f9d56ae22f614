// Pictures of every page for docs/images: `node scripts/run.js scripts/screenshots.ts`. Real pages of a real server with
// made-up data, in Chromium; what is in the console's menu is found there. Refuses a picture that is too heavy.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { authenticator } from "../test/authenticator.ts";
import { addAuthenticator } from "../test/browser/authenticator.ts";
import { launchChromium } from "../test/browser/chromium.ts";
import { type Acme, openAcme, password } from "./screenshots/acme.ts";
import { lighter } from "./screenshots/lighter.ts";

const folder = fileURLToPath(new URL("../docs/images", import.meta.url));
/** Bytes. */
const heaviest = { picture: 150_000, all: 2_000_000 };
const wide = { viewport: { width: 1440, height: 900 }, colorScheme: "light" } as const;
const narrow = { ...wide, viewport: { width: 390, height: 844 } } as const;
const dark = { ...wide, colorScheme: "dark" } as const;
/** Pictures of the console that are taken in dark and narrow, too. */
const twice = ["overview", "new-revocation"];

let weight = 0;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const acme = await openAcme();
const browser = await launchChromium();
try {
  await takeSignIn(browser, acme);
  await takeConsole(browser, acme);
  await takeAccount(browser, acme);
  await takeSecondStep(browser, acme);
  console.log(`${(weight / 1000).toFixed(0)} kB in docs/images`);
} finally {
  await browser.close();
  await acme.close();
}

async function takeSignIn(browser: Browser, { server, consentUrl, setupUrl }: Acme): Promise<void> {
  const page = await open(browser, narrow);
  await page.goto(consentUrl);
  await take(page, "sign-in-narrow");
  const large = await open(browser, wide);
  await large.goto(consentUrl);
  await take(large, "sign-in");
  await signIn(large, "linus");
  await take(large, "consent");
  await large.goto(`${server.issuer}/device`);
  await take(large, "device");
  const fresh = await open(browser, wide);
  await fresh.goto(setupUrl);
  await take(fresh, "setup");
}

async function takeConsole(browser: Browser, { server, details, work }: Acme): Promise<void> {
  const page = await open(browser, wide);
  await arrive(page, `${server.issuer}/console/`, "ada");
  const menu = page.getByRole("navigation").getByRole("link");
  await menu.first().waitFor();
  await watchWork(page, work);
  for (const link of await menu.all()) {
    await link.click();
    await take(page, `console-${(await link.innerText()).toLowerCase().replaceAll(" ", "-")}`);
  }
  for (const [name, path] of Object.entries(details)) {
    await page.goto(`${server.issuer}/console${path}`);
    await take(page, `console-${name}`);
  }
  for (const name of twice)
    for (const [look, options] of Object.entries({ dark, narrow })) {
      const other = await open(browser, options);
      await arrive(other, `${server.issuer}/console${details[name] ?? "/"}`, "ada");
      if (name === "overview") await watchWork(other, work);
      await take(other, `console-${name}-${look}`);
    }
}

/** Until the overview's plots, which get a point every other second, have something to show. */
async function watchWork(page: Page, work: () => Promise<void>): Promise<void> {
  for (let round = 0; round < 8; round++) {
    await work();
    await page.waitForTimeout(1000);
  }
}

async function takeAccount(browser: Browser, { server }: Acme): Promise<void> {
  for (const [name, options] of Object.entries({ account: wide, "account-narrow": narrow })) {
    const page = await open(browser, options);
    await arrive(page, `${server.issuer}/account/`, "linus");
    await take(page, name);
    if (name === "account") await takeHowISignIn(page);
  }
}

/** With a passkey, and an app that is being set up. */
async function takeHowISignIn(page: Page): Promise<void> {
  const means = page.getByRole("region", { name: "How you sign in" });
  await addAuthenticator(page);
  await means.getByRole("button", { name: "Add a passkey" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Work laptop");
  await dialog.getByRole("button", { name: "Add a passkey" }).click();
  await means.getByRole("article", { name: "Work laptop" }).waitFor();
  await means.getByRole("button", { name: "Set up an app" }).click();
  await means.getByRole("img").waitFor();
  await means.evaluate((section) => section.scrollIntoView());
  await take(page, "account-sign-in");
}

/** Comes last: from then on linus is asked for a code. */
async function takeSecondStep(browser: Browser, { server, consentUrl }: Acme): Promise<void> {
  const page = await open(browser, wide);
  await arrive(page, `${server.issuer}/account/`, "linus");
  const means = page.getByRole("region", { name: "How you sign in" });
  const begun = page.waitForResponse((response) => response.url().endsWith("/account/v1/totp"));
  await means.getByRole("button", { name: "Set up an app" }).click();
  const { secret } = await (await begun).json();
  await means.getByLabel("The code that the app shows").fill(authenticator(String(secret)).next());
  await page.keyboard.press("Enter");
  await means.getByRole("list", { name: "Recovery codes" }).waitFor();
  const fresh = await open(browser, wide);
  await fresh.goto(consentUrl);
  await signIn(fresh, "linus");
  await take(fresh, "second-step");
}

async function open(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  return (await browser.newContext({ ...options, reducedMotion: "reduce", locale: "en-GB" })).newPage();
}

async function arrive(page: Page, url: string, username: string): Promise<void> {
  await page.goto(url);
  await signIn(page, username);
  await page.waitForURL(url);
}

async function signIn(page: Page, username: string): Promise<void> {
  await page.getByLabel("Username or email address").fill(username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/login");
}

async function take(page: Page, name: string): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForTimeout(700); // until what the page asks for is there
  const picture = lighter(await page.screenshot());
  const size = picture.length;
  writeFileSync(join(folder, `${name}.png`), picture);
  weight += size;
  console.log(`${(size / 1000).toFixed(0).padStart(4)} kB  ${name}`);
  if (size > heaviest.picture || weight > heaviest.all)
    throw new Error(`${name} makes the pictures too heavy`);
}
