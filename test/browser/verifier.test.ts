// The verifier in Chromium, from the built files as they are: an import map instead of a bundler. What runs in a page can
// be read by its user, so that this is for tools of operators and for the promise of WebCrypto, not for protecting an API.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { launchChromium } from "./chromium.ts";

const root = join(import.meta.dirname, "../..");
/** Where a bare name leads, and which folder stands behind it. */
const packages = {
  "@rescind/verifier": { file: "/verifier/index.js", folder: join(root, "packages/verifier/dist") },
  "@rescind/core": { file: "/core/index.js", folder: join(root, "packages/core/dist") },
  jose: {
    file: "/jose/webapi/index.js",
    folder: dirname(dirname(fileURLToPath(import.meta.resolve("jose")))),
  },
};

let server: TestServer;
let shop: RegisteredClient;
let browser: Browser;
let page: Page;
let close: () => Promise<void>;

before(async () => {
  const site = await serveFiles();
  close = site.close;
  // The page and the issuer have one origin: the feed is not for other origins' scripts.
  server = await startTestServer(["--issuer", site.origin]);
  site.leadTo(server.base);
  shop = await server.registerClient();
  const api = await server.registerClient({ scope: "rescind:feed rescind:introspect" });
  browser = await launchChromium();
  page = await browser.newPage();
  await page.goto(`${site.origin}/files/`);
  const options = { issuer: server.issuer, audience: server.issuer, clientId: api.client_id };
  await page.evaluate(start, { ...options, clientSecret: api.client_secret, maxStaleness: 2 });
});
after(async () => {
  await browser?.close();
  await server?.close();
  await close?.();
});

test("in a browser, without a bundler: a good token is accepted, a revoked and a forged one are refused", async () => {
  const [token, other] = [await server.clientToken(shop), await server.clientToken(shop)];
  assert.equal(await verdict(token), "accepted");
  await server.form("/oauth2/revoke", { token }, shop);
  await until(async () => (await verdict(token)) === "revoked");
  assert.equal(await verdict(other), "accepted");
  const [head, payload, signature = ""] = other.split(".");
  assert.equal(
    await verdict(`${head}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`),
    "signature",
  );
});

test("in a browser that lost the server every token is stale", async () => {
  const token = await server.clientToken(shop);
  assert.equal(await verdict(token), "accepted");
  await close();
  await until(async () => (await verdict(token)) === "stale");
});

/** Runs in the page. */
async function start(options: Record<string, unknown>): Promise<void> {
  const name = "@rescind/verifier";
  const { createVerifier } = await import(name);
  Object.assign(globalThis, { verifier: await createVerifier(options) });
}

function verdict(token: string): Promise<string> {
  return page.evaluate(async (text) => {
    // boundary: what `start` left there
    const { verifier } = globalThis as unknown as {
      verifier: { verify(token: string): Promise<unknown> };
    };
    return verifier.verify(text).then(
      () => "accepted",
      (error: { code?: string }) => error.code ?? String(error),
    );
  }, token);
}

interface Site {
  readonly origin: string;
  /** Whose every other path is. */
  leadTo(base: string): void;
  close(): Promise<void>;
}

async function serveFiles(): Promise<Site> {
  let target = "";
  const imports = Object.fromEntries(
    Object.entries(packages).map(([name, { file }]) => [name, `/files${file}`]),
  );
  const html = `<!doctype html><title>verifier</title><script type="importmap">${JSON.stringify({ imports })}</script>`;
  const site = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://site").pathname;
    if (path === "/files/") return void response.setHeader("content-type", "text/html").end(html);
    const known = Object.values(packages).find(({ file }) =>
      path.startsWith(`/files/${file.split("/")[1]}/`),
    );
    if (known !== undefined) {
      const inside = path.slice("/files/".length + (known.file.split("/")[1]?.length ?? 0));
      const text = await readFile(join(known.folder, inside), "utf8");
      return void response.setHeader("content-type", "text/javascript").end(text);
    }
    const { method, headers } = request;
    const sent = forward(`${target}${request.url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    sent.on("error", () => response.destroy());
    response.on("close", () => sent.destroy());
    request.pipe(sent);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const { port } = site.address() as AddressInfo; // a TCP server's address
  return {
    origin: `http://127.0.0.1:${port}`,
    leadTo(base) {
      target = base;
    },
    close: () =>
      new Promise((resolve) => {
        site.close(() => resolve());
        site.closeAllConnections();
      }),
  };
}
