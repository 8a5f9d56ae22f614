// Every page of the console, in light and dark, wide and narrow: axe finds nothing to object to, nothing is loaded from
// elsewhere, and nothing is refused by the pages' own policy.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import type { Response } from "playwright-core";
import { rounds } from "../../seed.ts";
import { until } from "../../until.ts";
import { assertAccessible, scrollTo, startConsole, within } from "./console.ts";
import { seedTokens } from "./seeded-tokens.ts";

const world = await startConsole();
const { server } = world;
const client = await server.registerClient({ name: "Orders" });
const { grant_id } = await server.openGrant(client, "usr_1");
await server.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_2" }, note: "lost laptop" });

const paths: Readonly<Record<string, string>> = {
  "/": "Overview",
  "/tokens": "Tokens",
  "/revocations": "Revocations",
  "/feed": "Feed",
  "/revocations/new?kind=subject&value=usr_1": "New revocation",
  [`/explain?id=${grant_id}`]: "Explain",
  [`/grants/${grant_id}`]: "Grant",
  "/sessions": "Sessions",
  "/users": "Users",
  "/providers": "Sign-in providers",
  "/providers/new": "New sign-in provider",
  "/clients": "Clients",
  [`/clients/${client.client_id}`]: "Orders",
  "/clients/new": "New client",
  "/verifiers": "Verifiers",
  "/webhooks": "Webhooks",
  "/issuers": "Issuers",
  "/signing-keys": "Signing keys",
  "/audit": "Audit",
  "/settings": "Settings",
};

const [wide, narrow] = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const views = [
  ["light", wide],
  ["dark", narrow],
  ["light", narrow],
  ["dark", wide],
] as const;
for (const [colorScheme, viewport] of views.slice(0, rounds(2, 4)))
  test(`every page is accessible, ${colorScheme}, ${viewport.width} wide`, async () => {
    const page = await world.open("administrator", "/", { colorScheme, viewport });
    for (const [path, heading] of Object.entries(paths)) {
      await within(page, path);
      await page.getByRole("heading", { level: 1, name: heading }).waitFor();
      const loading = page.getByRole("main").locator("[aria-label$='being loaded']");
      await until(async () => (await loading.count()) === 0);
      await assertAccessible(page, `${heading}, ${colorScheme} ${viewport.width}`);
      assert.equal(await page.title(), `${heading} – Rescind`);
    }
    await page.context().close();
    assert.deepEqual(world.complaints, []);
  });

test("a page that is not there says so, and an API path below it answers as an API", async () => {
  const page = await world.open("viewer", "/nowhere");
  await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  await page.getByRole("main").getByRole("link", { name: "Overview" }).waitFor();
  await page.context().close();
  const { status, headers } = await server.request("/console/v1/tokens");
  assert.equal(status, 404);
  assert.match(headers.get("content-type") ?? "", /problem\+json/);
  assert.equal((await server.request("/console")).headers.get("location"), "/console/");
  assert.equal((await server.request("/console/", { method: "POST" })).status, 405);
  const asBrowser = { headers: { accept: "text/html,application/xhtml+xml" } };
  const shown = await server.request("/nowhere?a=%3Cscript%3E", asBrowser);
  assert.equal(shown.status, 404);
  assert.match(shown.headers.get("content-security-policy") ?? "", /frame-ancestors 'none'/);
  assert.match(shown.text, /<h1>There is no such page<\/h1>[\s\S]*href="\/account\/"/);
  assert.doesNotMatch(shown.text, /<script/);
  assert.match((await server.request("/nowhere")).headers.get("content-type") ?? "", /problem\+json/);
  const moved = await server.request("/device/?user_code=BCDF-GHJK", asBrowser);
  assert.deepEqual([moved.status, moved.headers.get("location")], [308, "/device?user_code=BCDF-GHJK"]);
});

test("WEB-09 the policy allows scripts from files only, no frames, and styles by a nonce that is new each time", async () => {
  const policies = await Promise.all([1, 2].map(async () => (await server.request("/console/")).headers));
  const [first = "", second = ""] = policies.map((headers) => headers.get("content-security-policy") ?? "");
  assert.match(first, /default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w+/=]{24}';/);
  assert.match(first, /frame-ancestors 'none'/);
  assert.doesNotMatch(first, /unsafe/);
  assert.notEqual(first, second);
  assert.equal(policies[0]?.get("x-frame-options"), "DENY");
  assert.equal(policies[0]?.get("cache-control"), "no-store");
});

test("a long list is scrolled by keyboard, and few of its rows are in the document", async () => {
  seedTokens({ data: server.data, clientId: client.client_id, tokens: 2000 });
  const page = await world.open("viewer", "/tokens");
  const most = await scrollTo(page, "Tokens", 1500);
  assert.ok(most > 10 && most < 200, `${most} rows in the document`);
  await within(page, "/tokens?subject=nobody");
  await page.getByText("No token matches.").waitFor();
  await page.context().close();
  assert.deepEqual(world.complaints, []);
});

const assets = new URL("../../../packages/server/site/assets/", import.meta.url);

test("the console weighs less than 350 kB", () => {
  const sizes = readdirSync(assets).map((name) => gzipSync(readFileSync(new URL(name, assets))).length);
  const sum = sizes.reduce((a, b) => a + b, 0);
  assert.ok(sum < 350_000, `${sum} bytes with gzip`);
});

test("the first view takes few requests, and its files come packed", async () => {
  const page = await world.open("viewer", "/tokens");
  let requests = 0;
  const files = new Map<string, Response>();
  page.on("request", () => {
    requests += 1;
  });
  page.on("response", (response) => {
    if (response.url().includes("/assets/")) files.set(response.url(), response);
  });
  await page.goto(`${server.base}/console/`);
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  let bytes = 0;
  for (const response of files.values()) {
    assert.equal(await response.headerValue("content-encoding"), "gzip");
    bytes += Number(await response.headerValue("content-length"));
  }
  assert.ok(requests <= 30, `${requests} requests, the sign-in and its way back included`);
  assert.ok(bytes > 100_000 && bytes < 350_000, `${bytes} bytes of scripts and styles`);
  await page.context().close();
});

test("every component that the pages use has its look", () => {
  const library = new URL("../../../node_modules/@mantine/core/styles/", import.meta.url);
  const classesIn = (folder: URL, ending: string) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(ending) && !name.endsWith(".layer.css"))
      .map(
        (name) =>
          [name, readFileSync(new URL(name, folder), "utf8").match(/\bm_[0-9a-f]{5,8}\b/g) ?? []] as const,
      );
  const used = new Set(classesIn(assets, ".js").flatMap(([, classes]) => classes));
  const there = new Set(classesIn(assets, ".css").flatMap(([, classes]) => classes));
  const missing = classesIn(library, ".css").filter(([, classes]) =>
    classes.some((name) => used.has(name) && !there.has(name)),
  );
  const names = missing.map(([name]) => name);
  assert.deepEqual(names, [], "packages/console/src/parts/styles.ts leaves them out");
});

test("a thing that is not there is asked for once, and what is wrong is told once, by the field's name", async () => {
  const page = await world.open("viewer", "/");
  let asked = 0;
  page.on("request", (request) => (asked += request.url().endsWith("/clients/nope") ? 1 : 0));
  await within(page, "/clients/nope");
  await page
    .getByRole("alert")
    .getByText("There is no client with this client_id.", { exact: true })
    .waitFor();
  assert.equal(asked, 1);
  await within(page, "/grants/nope");
  const alert = page.getByRole("alert").filter({ hasText: "Grant id is not of the form it must have." });
  await alert.waitFor();
  assert.equal((await alert.innerText()).split("is not of the form").length, 2);
  await page.context().close();
});

test("a client's snippets are those of its grant types, and the one for Node runs as it is", async () => {
  const page = await world.open("viewer", `/clients/${client.client_id}`);
  await page.getByRole("tab", { name: "Node" }).click();
  const text = await page.getByRole("region", { name: "Node snippet" }).innerText();
  const env = { ...process.env, CLIENT_SECRET: client.client_secret };
  const cwd = fileURLToPath(new URL("../../..", import.meta.url));
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", text], { cwd, env });
  const { json } = await server.admin("GET", `/admin/v1/tokens?kind=access&subject=${client.client_id}`);
  assert.deepEqual(
    [json.items].flat().map((token) => Object(token).status),
    ["revoked"],
  );
  const web = await server.registerClient({
    ...{ name: "Shop", grant_types: ["authorization_code"], redirect_uris: ["https://shop.example/back"] },
  });
  await within(page, `/clients/${web.client_id}`);
  const curl = page.getByRole("region", { name: "curl snippet" }).filter({ hasText: web.client_id });
  assert.match(await curl.innerText(), /grant_type=authorization_code/);
  assert.deepEqual(await page.getByRole("tab").allInnerTexts(), ["curl", "Node"]);
  await page.context().close();
});

test("Go to finds a person by the name that they sign in with", async () => {
  const { username } = await world.person();
  const page = await world.open("viewer", "/");
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "A page, an id, or a token" }).fill(username);
  await page.getByText(`User called ${username}`).first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: username, exact: true }).waitFor();
  await page.context().close();
});
