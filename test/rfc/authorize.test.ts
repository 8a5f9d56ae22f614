// /oauth2/authorize: RFC 6749 section 4.1, OpenID Connect Core section 3.1.2, RFC 9207, Form Post Response Mode.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { parseToken } from "@rescind/core";
import { authorizationParameters, authorizationUrl, browserWith, headingOf } from "../authorization.ts";
import { peopleOf, redirectUri } from "../people.ts";
import type { Page } from "../person.ts";
import { startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});
const trusted = await people.client({ first_party: true });
const client = await people.client({ name: "Orders" });

function assertBack(page: Page, expected: Record<string, string>): void {
  assert.ok(page.url.href.startsWith(redirectUri), `${page.url} ${page.text}`);
  for (const [name, value] of Object.entries(expected))
    assert.equal(page.sent.get(name), value, `${page.sent}`);
  assert.equal(page.sent.get("iss"), server.issuer);
}

test("RFC 6749 4.1.2 a code, the state and the issuer go back, and the code is redeemed", async () => {
  const page = await browserWith(server, await people.signIn()).open(authorizationUrl(server, trusted));
  assertBack(page, { state: "af0ifjsldkj" });
  assert.deepEqual([...page.sent.keys()].sort(), ["code", "iss", "state"]);
  const { status, text } = await people.redeem(trusted, page.sent.get("code") ?? "");
  assert.equal(status, 200, text);
});

test("state goes back untouched in either mode, whatever is in it", async () => {
  const browser = browserWith(server, await people.signIn());
  for (const state of [
    "a b",
    "a+b&c=d#e%20",
    `"'><script>alert(1)</script>`,
    "{{x}} $y <%= z %>",
    "ü 日本 😀",
    "\t;/?:@",
  ])
    for (const response_mode of ["query", "form_post"]) {
      const page = await browser.signIn(authorizationUrl(server, trusted, { state, response_mode }), nobody);
      assertBack(page, { state });
      assert.ok(page.sent.has("code"), `${page.sent}`);
    }
});

const nobody = { username: "", password: "" };

test("RFC 6749 3.1.2 a query in the redirect URI is kept as it is registered", async () => {
  const uri = "https://app.example/cb?a=%7e&b=c+d";
  const other = await people.client({ first_party: true, redirect_uris: [uri] });
  const browser = browserWith(server, await people.signIn());
  const page = await browser.open(authorizationUrl(server, other, { redirect_uri: undefined }));
  assert.ok(page.url.href.startsWith(`${uri}&code=rac_`), page.url.href);
  const code = { grant_type: "authorization_code", code: page.sent.get("code") ?? "" };
  const { status } = await people.redeem(other, code.code, { redirect_uri: "" });
  assert.equal(status, 200, "redirect_uri was not sent, so it need not be repeated");
});

test("RFC 8252 7.3 a loopback redirect may use any port", async () => {
  const app = await people.client({ first_party: true, redirect_uris: ["http://127.0.0.1/done"] });
  const browser = browserWith(server, await people.signIn());
  const page = await browser.open(authorizationUrl(server, app, { redirect_uri: "http://127.0.0.1:1/done" }));
  assert.match(page.url.href, /^http:\/\/127\.0\.0\.1:1\/done\?code=rac_/);
});

test("RFC 9207 every error goes back with state and issuer", async () => {
  const asked: [Record<string, string | undefined>, string][] = [
    [{ response_type: undefined }, "invalid_request"],
    [{ response_type: "token" }, "unsupported_response_type"],
    [{ response_type: "code id_token" }, "unsupported_response_type"],
    [{ response_mode: "fragment" }, "invalid_request"],
    [{ scope: "openid unknown" }, "invalid_scope"],
    [{ scope: "open\\id" }, "invalid_scope"],
    [{ resource: "https://other.example" }, "invalid_target"],
    [{ code_challenge: undefined, code_challenge_method: undefined }, "invalid_request"],
    [{ code_challenge_method: undefined }, "invalid_request"],
    [{ code_challenge_method: "plain" }, "invalid_request"],
    [{ code_challenge: "short" }, "invalid_request"],
    [{ prompt: "none login" }, "invalid_request"],
    [{ prompt: "create" }, "invalid_request"],
    [{ max_age: "-1" }, "invalid_request"],
    [{ max_age: "soon" }, "invalid_request"],
    [{ id_token_hint: "x.y.z" }, "invalid_request"],
    [{ request: "x.y.z" }, "request_not_supported"],
    [{ request_uri: "https://app.example/request" }, "request_uri_not_supported"],
    [{ registration: "{}" }, "registration_not_supported"],
    [{ prompt: "none" }, "login_required"],
  ];
  for (const [more, error] of asked)
    for (const response_mode of ["query", "form_post"]) {
      const url = authorizationUrl(server, trusted, { response_mode, ...more });
      const page = await browserWith(server).signIn(url, nobody);
      assertBack(page, { error, state: "af0ifjsldkj" });
      assert.ok(!page.sent.has("code"));
      assert.ok((page.sent.get("error_description") ?? "").length > 10);
    }
});

test("a client without the grant type authorization_code is told so", async () => {
  const other = await server.registerClient({ redirect_uris: [redirectUri], grant_types: ["refresh_token"] });
  assertBack(await browserWith(server).open(authorizationUrl(server, other)), {
    error: "unauthorized_client",
  });
});

test("an unknown and a suspended client get a page, an approved one goes on", async () => {
  const other = await people.client({ first_party: true });
  const browser = browserWith(server, await people.signIn());
  const isRefused = async (id: string): Promise<boolean> => {
    const page = await browser.open(authorizationUrl(server, { client_id: id }));
    return page.status === 400 && headingOf(page) === "Unknown application";
  };
  assert.ok(await isRefused("cli_nobody"));
  await server.admin("POST", `/admin/v1/clients/${other.client_id}/revoke`);
  assert.ok(await isRefused(other.client_id));
  await server.admin("POST", `/admin/v1/clients/${other.client_id}/approve`);
  assert.ok(!(await isRefused(other.client_id)));
});

test("RFC 6749 3.1 a parameter given twice is refused on a page, before any redirect", async () => {
  const browser = browserWith(server, await people.signIn());
  for (const name of ["client_id", "redirect_uri", "state", "scope", "nonce", "prompt", "unknown"]) {
    const url = `${authorizationUrl(server, trusted, { [name]: "x" })}&${name}=x`;
    const page = await browser.open(url);
    assert.equal(page.status, 400, name);
    assert.equal(page.url.href, url);
    assert.match(page.text, /included more than once/);
  }
});

test("OpenID Connect Core 3.1.2.1 a POST is the same as a GET, and asks with cookies though another site sent it", async () => {
  const browser = browserWith(server, await people.signIn());
  const cookies = new Map(browser.cookies);
  browser.cookies.clear();
  const body = authorizationParameters(trusted);
  const headers = { origin: "https://app.example", "sec-fetch-site": "cross-site" };
  const answer = await server.request("/oauth2/authorize", { method: "POST", headers, body });
  assert.equal(answer.status, 303);
  assert.equal(answer.headers.getSetCookie().length, 0, "cookies that were not sent must not be replaced");
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  const page = await browser.open(new URL(answer.headers.get("location") ?? "", server.base));
  assertBack(page, { state: "af0ifjsldkj" });
  assert.ok(page.sent.has("code"));
});

test("Form Post Response Mode: a page that nothing but its own script can act on", async () => {
  const browser = browserWith(server, await people.signIn());
  const page = await browser.open(authorizationUrl(server, trusted, { response_mode: "form_post" }));
  assert.equal(page.status, 200);
  const [form] = page.forms;
  assert.equal(form?.method, "post");
  assert.equal(form.action.href, redirectUri);
  assert.deepEqual(Object.keys(form.fields).sort(), ["code", "iss", "state"]);
  const script = /<script>(.*?)<\/script>/s.exec(page.text)?.[1] ?? "";
  const hash = createHash("sha256").update(script).digest("base64");
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.ok(policy.includes(`script-src 'sha256-${hash}'`), policy);
  assert.ok(!policy.includes("form-action"));
  assert.equal(page.text.match(/<script/g)?.length, 1);
});

test("RFC 8707 a registered resource becomes the audience of the code's tokens", async () => {
  const resource = "https://api.example/orders";
  await server.admin("POST", "/admin/v1/resources", { resource });
  const other = await people.client({ first_party: true, audience: ["https://api.example/a", resource] });
  const browser = browserWith(server, await people.signIn());
  const page = await browser.open(authorizationUrl(server, other, { resource, scope: "read" }));
  const { json } = await people.redeem(other, page.sent.get("code") ?? "");
  assert.deepEqual((await server.introspect(String(json.access_token))).aud, resource);
});

test("without scope all that the client is registered for is asked", async () => {
  const browser = browserWith(server, await people.signIn());
  const page = await browser.open(authorizationUrl(server, trusted, { scope: undefined }));
  const { json } = await people.redeem(trusted, page.sent.get("code") ?? "");
  assert.equal(json.scope, "openid profile email groups read write offline_access");
});

test("scopes of this server's own are for those whose roles allow them, and left out for others", async () => {
  const all = "openid rescind:account rescind:read rescind:revoke rescind:admin";
  const own = await people.client({ first_party: true, scope: all });
  const expected: [readonly ("viewer" | "operator" | "administrator")[], string][] = [
    [[], "openid rescind:account"],
    [["viewer"], "openid rescind:account rescind:read"],
    [["operator"], "openid rescind:account rescind:read rescind:revoke"],
    [["viewer", "administrator"], all],
  ];
  for (const [roles, scope] of expected) {
    const browser = browserWith(server, await people.signIn(await people.addUser({ roles })));
    const page = await browser.open(authorizationUrl(server, own, { scope: all }));
    const { json } = await people.redeem(own, page.sent.get("code") ?? "");
    assert.equal(json.scope, scope);
    const only = await browser.open(authorizationUrl(server, own, { scope: "rescind:admin" }));
    const { json: nothing } = await people.redeem(own, only.sent.get("code") ?? "");
    assert.equal(nothing.scope, roles.includes("administrator") ? "rescind:admin" : undefined);
  }
});

test("parameters that are only tolerated change nothing", async () => {
  const browser = browserWith(server, await people.signIn());
  const more = {
    acr_values: "urn:mace:incommon:iap:silver",
    ui_locales: "de fr-CA",
    claims_locales: "en",
    display: "popup",
    claims: '{"id_token":{"email":null}}',
    unheard_of: "x",
  };
  assert.ok((await browser.open(authorizationUrl(server, trusted, more))).sent.has("code"));
});

test("a request longer than a URL may be is refused on a page, by GET and by POST", async () => {
  const browser = browserWith(server, await people.signIn());
  const state = [...crypto.getRandomValues(new Uint8Array(3500))].map((byte) => byte.toString(16)).join("");
  const page = await browser.open(
    authorizationUrl(server, trusted, { state: `${state}${state.toUpperCase()}` }),
  );
  assert.equal(page.status, 400);
  const sent = await browser.open(`${server.base}/oauth2/authorize`, {
    method: "POST",
    body: authorizationParameters(trusted, { state: `${state}${state.toUpperCase()}` }),
  });
  assert.equal(sent.status, 400);
  assert.match(sent.text, /longer than a URL/);
});

test("what the browser is used for is noted on its session, once a minute", async () => {
  const old = Date.now() - 3_600_000;
  const session = await people.signIn(undefined, {
    openedAtMs: old,
    authenticatedAtMs: old,
    lastSeenMs: old,
  });
  await browserWith(server, session).open(authorizationUrl(server, trusted));
  const seen = async () =>
    (await people.store.listSessions({ sessionId: session.sessionId }, { limit: 1, cursor: undefined }, 0))
      .items[0]?.session.lastSeenMs;
  const first = await seen();
  assert.ok(first !== undefined && first > old);
  await browserWith(server, session).open(authorizationUrl(server, trusted));
  assert.equal(await seen(), first);
});

test("a request that a page was shown for stays the client's: an unregistered client id, none, an empty one", async () => {
  for (const client_id of [undefined, "", "\u0000", "a b"]) {
    const page = await browserWith(server).open(authorizationUrl(server, client, { client_id }));
    assert.equal(page.status, 400);
    assert.equal(page.url.pathname, "/oauth2/authorize");
  }
});

test("consent is asked for no scope that the person cannot have, and the code holds none", async () => {
  const own = await people.client({ scope: "openid rescind:account rescind:admin" });
  const browser = browserWith(server, await people.signIn());
  const asked = await browser.open(
    authorizationUrl(server, own, { scope: "openid rescind:account rescind:admin" }),
  );
  assert.match(asked.text, /See and end your own sessions/);
  assert.doesNotMatch(asked.text, /Administer this server/);
  const page = await browser.submit(asked, { answer: "allow" });
  const parsed = parseToken(page.sent.get("code") ?? "");
  const { code } = await people.store.findCode(parsed?.rowId ?? "0");
  assert.deepEqual(code?.scopes, ["openid", "rescind:account"]);
});

test("DESIGN 1 a code is refused after any order that covers it, and not after one before it", async () => {
  for (const unit of ["subject", "client", "both", "session", "all"]) {
    const session = await people.signIn();
    const { client_id } = trusted;
    const selects: Readonly<Record<string, object>> = {
      subject: { subject: session.subject },
      client: { client_id },
      both: { subject: session.subject, client_id },
      session: { session_id: session.sessionId },
      all: { all: true },
    };
    const order = { select: selects[unit] };
    if (unit === "client" || unit === "both") await server.admin("POST", "/admin/v1/revocations", order);
    const open = async (): Promise<string> => {
      const page = await browserWith(server, session).open(authorizationUrl(server, trusted));
      return page.sent.get("code") ?? "";
    };
    const [kept, lost] = [await open(), await open()];
    assert.equal((await people.redeem(trusted, kept)).status, 200, unit);
    assert.equal((await server.admin("POST", "/admin/v1/revocations", order)).status, 201);
    assert.equal((await people.redeem(trusted, lost)).json.error, "invalid_grant", unit);
  }
});
