// /oauth2/par: pushed authorization requests, RFC 9126.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { formatToken, parseToken, randomBytesPerToken } from "@rescind/core";
import { authorizationParameters, browserWith, headingOf } from "../authorization.ts";
import { peopleOf, redirectUri } from "../people.ts";
import type { Page, Person } from "../person.ts";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});
const client = await people.client({ first_party: true });

function push(
  more: Record<string, string | undefined> = {},
  by: RegisteredClient = client,
): Promise<Answered> {
  return server.form("/oauth2/par", Object.fromEntries(authorizationParameters(by, more)), by);
}

function open(browser: Person, request_uri: unknown, more: Record<string, string> = {}): Promise<Page> {
  const query = new URLSearchParams({
    client_id: client.client_id,
    request_uri: String(request_uri),
    ...more,
  });
  return browser.open(`${server.base}/oauth2/authorize?${query}`);
}

test("RFC 9126 2.2 a pushed request gets a reference for a minute, and no cache keeps it", async () => {
  const { status, headers, json } = await push();
  assert.equal(status, 201);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  assert.match(String(json.request_uri), /^urn:ietf:params:oauth:request_uri:rpr_[0-9A-Za-z]{60}$/);
  assert.equal(json.expires_in, 60);
});

test("RFC 9126 4 the pushed parameters count, and none that stands beside the reference", async () => {
  const browser = browserWith(server, await people.signIn());
  const { json } = await push({ state: "pushed", scope: "openid read" });
  const page = await open(browser, json.request_uri, {
    state: "other",
    scope: "openid write",
    prompt: "none",
  });
  assert.equal(page.sent.get("state"), "pushed");
  const { json: tokens } = await people.redeem(client, page.sent.get("code") ?? "");
  assert.equal(tokens.scope, "openid read");
});

test("RFC 9126 4 a reference works by POST too", async () => {
  const browser = browserWith(server, await people.signIn());
  const { json } = await push();
  const body = new URLSearchParams({ client_id: client.client_id, request_uri: String(json.request_uri) });
  const page = await browser.open(`${server.base}/oauth2/authorize`, { method: "POST", body });
  assert.ok(page.sent.has("code"), page.text);
});

test("RFC 9126 7.3 a reference gets one code, in however many browsers it is opened", async () => {
  const { json } = await push();
  const pages = await Promise.all(
    Array.from({ length: 8 }, async () => open(browserWith(server, await people.signIn()), json.request_uri)),
  );
  assert.equal(pages.filter((page) => page.sent.has("code")).length, 1);
  assert.equal(pages.filter((page) => headingOf(page) === "Used already").length, 7);
});

test("a reference of another client, an altered one and an expired one lead to a page, not to a redirect", async (context) => {
  const browser = browserWith(server, await people.signIn());
  const other = await people.client({ first_party: true });
  const { json } = await push({}, other);
  const { json: own } = await push();
  const uri = String(own.request_uri);
  const { rowId = "0" } = parseToken(uri.slice(uri.lastIndexOf(":") + 1)) ?? {};
  const guessed = formatToken("pushed", rowId, randomBytes(randomBytesPerToken));
  const wrong = [
    String(json.request_uri),
    `${uri.slice(0, -1)}${uri.endsWith("0") ? "1" : "0"}`,
    "urn:ietf:params:oauth:request_uri:x",
    `urn:ietf:params:oauth:request_uri:${client.client_secret}`,
    `urn:ietf:params:oauth:request_uri:${guessed}`,
  ];
  for (const request_uri of wrong)
    assert.equal(headingOf(await open(browser, request_uri)), "This link does not work");
  context.mock.timers.enable({ apis: ["Date"], now: Date.now() + 61_000 });
  assert.equal((await open(browser, uri)).status, 400, "after 61 seconds");
});

test("DESIGN 1 an order on the client covers what was pushed before it", async () => {
  const other = await people.client({ first_party: true });
  const browser = browserWith(server, await people.signIn());
  const { json } = await push({}, other);
  await server.admin("POST", "/admin/v1/revocations", { select: { client_id: other.client_id } });
  const query = { client_id: other.client_id, request_uri: String(json.request_uri) };
  const url = `${server.base}/oauth2/authorize?${new URLSearchParams(query)}`;
  assert.equal((await browser.open(url)).status, 400);
  const { json: later } = await push({}, other);
  const again = new URLSearchParams({ ...query, request_uri: String(later.request_uri) });
  assert.ok((await browser.open(`${server.base}/oauth2/authorize?${again}`)).sent.has("code"));
});

test("RFC 9126 2.3 what the authorization endpoint would refuse is refused at once, by its error", async () => {
  const asked: [Record<string, string | undefined>, string][] = [
    [{ redirect_uri: "https://evil.example/" }, "invalid_request"],
    [{ response_type: undefined }, "invalid_request"],
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ scope: "openid unknown" }, "invalid_scope"],
    [{ resource: "https://other.example" }, "invalid_target"],
    [{ code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ prompt: "none login" }, "invalid_request"],
    [{ request: "x.y.z" }, "request_not_supported"],
    [{ request_uri: "urn:ietf:params:oauth:request_uri:x" }, "invalid_request"],
    [{ client_id: "cli_other" }, "invalid_request"],
  ];
  for (const [more, error] of asked) {
    const { status, json, text } = await push(more);
    assert.equal(status, 400, text);
    assert.equal(json.error, error, text);
  }
  const long = [...crypto.getRandomValues(new Uint8Array(9000))].map((byte) => byte.toString(16)).join("");
  assert.equal((await push({ state: long })).json.error, "invalid_request");
});

test("RFC 9126 2 a client authenticates as at the token endpoint; a public one names itself", async () => {
  const wrong = { ...client, client_secret: "wrong" };
  const { status, json } = await push({}, wrong);
  assert.equal(status, 401);
  assert.equal(json.error, "invalid_client");
  const form = Object.fromEntries(authorizationParameters(client));
  assert.equal((await server.form("/oauth2/par", form)).status, 401, "without a secret");
  const posted = await server.form("/oauth2/par", { ...form, client_secret: client.client_secret });
  assert.equal(posted.status, 201);
  const open = await people.client({ token_endpoint_auth_method: "none" });
  assert.equal(
    (await server.form("/oauth2/par", Object.fromEntries(authorizationParameters(open)))).status,
    201,
  );
  await server.admin("POST", `/admin/v1/clients/${open.client_id}/revoke`);
  const suspended = await server.form("/oauth2/par", Object.fromEntries(authorizationParameters(open)));
  assert.equal(suspended.status, 401);
});

test("neither the secret a request was pushed with nor its reference is stored", async () => {
  const form = Object.fromEntries(authorizationParameters(client));
  const { json } = await server.form("/oauth2/par", { ...form, client_secret: client.client_secret });
  const reference = String(json.request_uri).split(":").at(-1) ?? "";
  const files = readdirSync(server.data).filter((name) => name.startsWith("rescind.db"));
  assert.ok(files.length > 0);
  for (const name of files) {
    const bytes = readFileSync(join(server.data, name));
    assert.ok(!bytes.includes(client.client_secret), name);
    assert.ok(!bytes.includes(reference), name);
  }
});

test("the one registered redirect URI may be left out when pushing", async () => {
  const browser = browserWith(server, await people.signIn());
  const { json } = await push({ redirect_uri: undefined });
  const page = await open(browser, json.request_uri);
  assert.ok(page.url.href.startsWith(`${redirectUri}?code=`));
});

test("only POST is allowed", async () => {
  const answer = await server.request("/oauth2/par");
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.get("allow"), "POST, OPTIONS");
});

test("DESIGN 1 what was pushed before an order on its client is not asked again, by no way back", async () => {
  const other = await people.client();
  const browser = browserWith(server, await people.signIn());
  const { json } = await push({}, other);
  const query = new URLSearchParams({ client_id: other.client_id, request_uri: String(json.request_uri) });
  const page = await browser.open(`${server.base}/oauth2/authorize?${query}`);
  assert.match(headingOf(page), /^Allow/);
  await server.admin("POST", "/admin/v1/revocations", { select: { client_id: other.client_id } });
  const over = await browser.submit(page, { answer: "allow" });
  assert.equal(headingOf(over), "This page has expired");
  assert.ok(!over.text.includes("/oauth2/authorize"));
  assert.match(over.text, /class="button" href="[^"]*\/account\/"/);
});
