// What other people's pages and texts try with these: to frame them, to use their cookies, and to run scripts by names,
// notes and the like. The attacker's page is at another port of the same host, so that every cookie travels with it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { listening } from "../../interop/alice.ts";
import { until } from "../../until.ts";
import { startConsole, within } from "./console.ts";

const world = await startConsole();
const { server } = world;
const attacker = await listening((_request, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end("<!doctype html><title>Attacker</title>");
});
after(() => attacker.close());

/** Each calls `alert` where it is taken for markup, for a URL or for a script. */
const corpus = [
  "<img src=x onerror=alert(1)>",
  '"><script>alert(2)</script>',
  "javascript:alert(3)",
  "'-alert(4)-'</title><svg/onload=alert(4)>",
  "{{constructor.constructor('alert(5)')()}}",
].join(" ");

test("WEB-05 WEB-27 names, notes and user agents full of markup are text on every page, and run nothing", async () => {
  const { json: client } = await server.admin("POST", "/admin/v1/clients", {
    name: corpus.slice(0, 190),
    grant_types: ["refresh_token"],
    scope: "openid <script>alert(6)</script>",
    scope_descriptions: { openid: corpus.slice(0, 190) },
  });
  const person = await world.person();
  await server.admin("PATCH", `/admin/v1/users/${person.sub}`, {
    name: corpus.slice(0, 190),
    groups: [corpus],
  });
  const { grant_id } = await server.openGrant({ client_id: String(client.client_id) }, person.sub);
  const select = { subject: "usr_<img/src=x/onerror=alert(7)>" };
  assert.equal((await server.admin("POST", "/admin/v1/revocations", { select, note: corpus })).status, 201);
  await server.admin("POST", "/admin/v1/issuers", {
    issuer: "https://idp.example/<img%20src=x%20onerror=alert(8)>",
    jwks_uri: "https://idp.example/keys?<script>alert(8)</script>",
  });
  await lease(corpus);

  const page = await world.open("administrator", "/settings", { userAgent: corpus });
  const alerts = alertsOf(page);
  const paths = [
    ...[
      "/",
      "/tokens",
      "/sessions",
      "/users",
      `/users/${person.sub}`,
      "/clients",
      `/clients/${client.client_id}`,
    ],
    ...["/revocations", "/feed", "/audit", "/issuers", "/verifiers", `/grants/${grant_id}`],
    ...[`/explain?id=${grant_id}`, `/revocations/new?kind=client&value=${client.client_id}`],
    ...[
      `/tokens?subject=${encodeURIComponent(corpus)}`,
      `/verifiers?client_id=x&verifier=${encodeURIComponent(corpus)}`,
    ],
  ];
  let shown = 0;
  for (const path of paths) {
    await within(page, path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const loading = page
      .getByRole("main")
      .locator("[aria-label$='being loaded'], [aria-label$='being counted']");
    await until(async () => (await loading.count()) === 0);
    if ((await page.getByText("onerror=alert").count()) > 0) shown += 1;
    assert.equal(await page.locator("img[src=x], svg[onload], main script").count(), 0, path);
  }
  assert.ok(shown >= 8, `${shown} pages showed any of it`);
  assert.deepEqual(alerts, []);
  await page.context().close();

  const own = await world.openAccount(person, { userAgent: corpus });
  const ownAlerts = alertsOf(own);
  await own.getByText("onerror=alert").first().waitFor();
  assert.equal(await own.locator("img[src=x], svg[onload], main script").count(), 0);
  assert.deepEqual(ownAlerts, []);
  await own.context().close();
  assert.deepEqual(world.complaints, [], "the policy had nothing to refuse");
});

test("AC-13 none of the pages can be framed, by a page of the same host either", async () => {
  const page = await world.open("administrator", "/settings");
  await page.goto(attacker.origin);
  for (const path of ["/console/", "/account/", "/login", "/device", "/oauth2/logout", "/nowhere"]) {
    await page.evaluate((src) => {
      const frame = document.createElement("iframe");
      frame.src = src;
      document.body.replaceChildren(frame);
    }, `${server.base}${path}`);
    const framed = () => page.frames().find((frame) => frame !== page.mainFrame());
    await until(async () => framed()?.url().startsWith("chrome-error:"));
  }
  await page.context().close();
});

test("WEB-03 the cookies of a person who is signed in open neither API to another site's page", async () => {
  const person = await world.person();
  const page = await world.openAccount(person);
  const before = (await server.introspect(await server.adminToken())).head;
  await page.goto(attacker.origin);
  const select = { subject: person.sub };
  const tried = [
    ["/admin/v1/revocations", { select }],
    ["/account/v1/sign-out-everywhere", {}],
    ["/account/v1/sessions/revoke-others", {}],
    ["/admin/v1/users", { username: "mallory", roles: ["administrator"] }],
  ] as const;
  for (const [path, body] of tried) {
    const read = await page.evaluate(send, { url: server.base + path, body: JSON.stringify(body) });
    assert.equal(read, false, `${path} can be read by any site`);
  }
  for (const path of [
    "/admin/v1/revocations",
    "/account/v1/sign-out-everywhere",
    "/oauth2/logout",
    "/login",
  ]) {
    await page.goto(attacker.origin);
    await page.evaluate((action) => {
      const form = document.createElement("form");
      Object.assign(form, { action, method: "post" });
      document.body.append(form);
      form.submit();
    }, server.base + path);
    await page.waitForURL(({ href }) => href.startsWith(server.base + path)); // signing out asks first
  }
  assert.equal((await server.introspect(await server.adminToken())).head, before, "nothing was ordered");
  await page.goto(`${server.base}/account/`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await page.getByLabel("Password").count(), 0, "and the person is signed in as before");
  await page.context().close();
});

/** With all credentials, in the two ways that need no preflight and one that does; whether an answer could be read. */
async function send({ url, body }: { readonly url: string; readonly body: string }): Promise<boolean> {
  const ways: RequestInit[] = [
    { headers: { "content-type": "text/plain" } },
    { headers: { "content-type": "application/json" } },
    { mode: "no-cors" },
  ];
  let isRead = false;
  for (const way of ways) {
    const answer = await fetch(url, { method: "POST", credentials: "include", body, ...way }).catch(
      () => undefined,
    );
    isRead ||= answer !== undefined && answer.type !== "opaque";
  }
  return isRead;
}

function alertsOf(page: Page): readonly string[] {
  const alerts: string[] = [];
  page.on("dialog", (dialog) => {
    alerts.push(dialog.message());
    dialog.dismiss().catch(() => undefined);
  });
  return alerts;
}

async function lease(name: string): Promise<void> {
  const authorization = `Bearer ${await server.tokenWithScope("rescind:feed")}`;
  const { json } = await server.request("/revocations?limit=10000", { headers: { authorization } });
  const applied = { seq: json.head, hash: json.hash };
  const { status, text } = await server.request("/revocations/acks", {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({
      verifier: "v1",
      name: name.slice(0, 128),
      applied,
      max_staleness: 60,
      nonce: "nonce-nonce",
    }),
  });
  assert.equal(status, 200, text);
}
