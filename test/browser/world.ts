// What every test in a browser begins with: a server, Alice, an application that shows what it got, and Chromium.

import { after } from "node:test";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { authorizationUrl, type Parameters } from "../authorization.ts";
import { type Listening, listening, startWithAlice } from "../interop/alice.ts";
import type { RegisteredClient, TestServer } from "../running-server.ts";
import { launchChromium } from "./chromium.ts";

export const alice = { username: "alice", password: "correct horse battery staple" } as const;

export interface World {
  readonly server: TestServer;
  readonly client: RegisteredClient;
  /** One that needs no consent. */
  readonly trusted: RegisteredClient;
  /** Where the application is called back. */
  readonly callback: string;
  /** Where a request of the application begins; `more` as in `authorizationUrl`. */
  url(more?: Parameters): string;
  /** A new browser, without cookies; closed after the tests. */
  context(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** A page in a new browser. */
  page(options?: BrowserContextOptions): Promise<Page>;
}

/** Milliseconds for which a page is waited for, on a machine that has other things to do. */
export const patience = 90_000;

/** Starts everything and ends it after the tests of this file. */
export async function startWorld(flags: readonly string[] = []): Promise<World> {
  const { server, client: register } = await startWithAlice(flags);
  after(() => server.close());
  const application = await startApplication();
  after(() => application.close());
  const browser: Browser = await launchChromium();
  after(() => browser.close());
  const callback = `${application.origin}/callback`;
  const client = await register(callback, { name: "Orders Dashboard" });
  const trusted = await register(callback, { name: "Portal", first_party: true });
  const world: World = {
    server,
    client,
    trusted,
    callback,
    url: (more = {}) => authorizationUrl(server, client, { redirect_uri: callback, ...more }),
    context: async (options = {}) => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
      context.setDefaultTimeout(patience);
      return context;
    },
    page: async (options = {}) => (await world.context(options)).newPage(),
  };
  return world;
}

/** Its page shows the method and the parameters it was called with, and can send a form to any URL. */
async function startApplication(): Promise<Listening> {
  return listening(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const url = new URL(request.url ?? "/", "http://application");
    const sent = request.method === "POST" ? new URLSearchParams(body) : url.searchParams;
    const shown = JSON.stringify({ method: request.method, ...Object.fromEntries(sent) }).replaceAll(
      "<",
      "\\u003c",
    );
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(
      `<!doctype html><title>Application</title><script id="got" type="application/json">${shown}</script>`,
    );
  });
}

/** What the application got, once the browser is there. */
export async function arrived(page: Page, callback: string): Promise<Record<string, string>> {
  await page.waitForURL((url) => url.href.startsWith(callback));
  return JSON.parse((await page.locator("#got").textContent()) ?? "{}");
}

/** Fills in the sign-in page and sends it. */
export async function signIn(page: Page, password: string = alice.password): Promise<void> {
  await page.getByLabel("Username or email address").fill(alice.username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export function heading(page: Page): Promise<string> {
  return page.getByRole("heading", { level: 1 }).innerText();
}
