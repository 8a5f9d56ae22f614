// What every test of the console begins with: a server with something in it, Chromium, and somebody signed in.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import type { AxeResults, RunOptions } from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { startTestServer, type TestServer } from "../../running-server.ts";
import { until } from "../../until.ts";
import { launchChromium } from "../chromium.ts";
import { patience } from "../world.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const password = "correct horse battery staple";

export interface Console {
  readonly server: TestServer;
  /** A page of the console in a new browser, with a new person of this role signed in; `path` below /console. */
  open(role: string, path: string, options?: BrowserContextOptions): Promise<Page>;
  /** The account page in a new browser, for this person. */
  openAccount(person: { readonly username: string }, options?: BrowserContextOptions): Promise<Page>;
  /** A new person without a role. */
  person(): Promise<{ readonly username: string; readonly sub: string }>;
  /** What the browsers have complained about: the pages' policy, errors of scripts, requests to elsewhere. */
  readonly complaints: readonly string[];
}

/** Starts everything and ends it after the tests of this file. */
export async function startConsole(flags: readonly string[] = []): Promise<Console> {
  const server = await startTestServer(flags);
  after(() => server.close());
  const browser = await launchChromium();
  after(() => browser.close());
  const complaints: string[] = [];
  const watched = (page: Page): Page => {
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      const { origin, protocol } = new URL(request.url());
      if (origin !== new URL(server.issuer).origin && protocol !== "blob:") complaints.push(request.url());
    });
    return page;
  };
  let people = 0;
  const create = async (roles: readonly string[]) => {
    const username = `${roles[0] ?? "person"}${people++}`;
    const { status, json } = await server.admin("POST", "/admin/v1/users", { username, password, roles });
    assert.equal(status, 201);
    return { username, sub: String(json.sub) };
  };
  const signedIn = async (url: string, username: string, options: BrowserContextOptions): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    context.setDefaultTimeout(patience);
    const page = watched(await context.newPage());
    await page.goto(url);
    await page.getByLabel("Username or email address").fill(username);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL((reached) => reached.href === url);
    return page;
  };
  return {
    server,
    complaints,
    person: () => create([]),
    open: async (role, path, options = {}) =>
      signedIn(`${server.issuer}/console${path}`, (await create([role])).username, options),
    openAccount: ({ username }, options = {}) => signedIn(`${server.issuer}/account/`, username, options),
  };
}

/** Goes to a page as a link would, without a new sign-in; `path` below /console. */
export async function within(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate"));
  }, `/console${path}`);
}

/** Presses the End key until so many rows of a list are loaded; the most that the document ever had of them. */
export async function scrollTo(page: Page, label: string, rows: number): Promise<number> {
  const table = page.getByRole("table", { name: label });
  await table.waitFor();
  await page.locator("[tabindex='0']").filter({ has: table }).last().focus();
  let most = 0;
  await until(async () => {
    await page.keyboard.press("End");
    most = Math.max(most, await table.locator("tr").count());
    return Number(await table.getAttribute("aria-rowcount")) >= rows;
  }, 300_000);
  return most;
}

/** What the evaluated text puts on `window`. */
interface WithAxe {
  readonly axe: { run(options: RunOptions): Promise<AxeResults> };
}

export async function assertAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(axe);
  // What is still fading in has too little contrast.
  await page.evaluate(async () => {
    const ending = () =>
      document
        .getAnimations()
        .filter(({ playState, effect }) => playState === "running" && effect?.getTiming().iterations === 1);
    for (let left = ending(); left.length > 0; left = ending())
      await Promise.allSettled(left.map(({ finished }) => finished));
  });
  const violations = await page.evaluate(async () => {
    const results = await (globalThis as unknown as WithAxe).axe.run({ resultTypes: ["violations"] }); // put there above
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  });
  assert.deepEqual(violations, [], what);
  const sideways = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return scrollWidth - clientWidth;
  });
  assert.ok(sideways <= 0, `${what} scrolls sideways by ${sideways} pixels`);
}
