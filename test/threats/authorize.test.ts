// THREATS.md section 4 at the authorization endpoint: redirects, codes, pages. Forms and sign-in are in sign-in.test.ts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import fc from "fast-check";
import { pageRoutes } from "../../packages/server/src/http/routes.ts";
import { authorizationUrl, browserWith } from "../authorization.ts";
import { peopleOf, redirectUri } from "../people.ts";
import type { Page } from "../person.ts";
import { startTestServer } from "../running-server.ts";
import { rounds, seed } from "../seed.ts";
import { forgedUris, isRegistered, registeredUris } from "./redirect-corpus.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});
const client = await people.client({ first_party: true });
const many = await people.client({ first_party: true, redirect_uris: registeredUris });
const nobody = { username: "", password: "" };

/** Where an answer would send the browser; undefined where it stays on a page of ours. */
async function sentTo(
  uri: string,
  more: Record<string, string | undefined> = {},
): Promise<string | undefined> {
  const answer = await server.request(
    authorizationUrl(server, many, { redirect_uri: uri, ...more }).slice(server.base.length),
    { headers: { cookie: `rescind_session=${session.cookie}` } },
  );
  const action = /<form method="post" action="([^"]*)"/.exec(answer.text)?.[1];
  const to = answer.headers.get("location") ?? action;
  if (to === undefined) assert.equal(answer.status, 400, `${uri}: ${answer.text}`);
  return to;
}
const session = await people.signIn();

test("AC-10 of more than 500 forged redirect URIs none gets an answer, by redirect or by form, errors included", async () => {
  assert.ok(forgedUris.length > 500, String(forgedUris.length));
  for (const uri of forgedUris)
    for (const more of [{}, { response_mode: "form_post" }, { response_type: "token" }, { scope: "unknown" }])
      assert.equal(await sentTo(uri, more), undefined, uri);
  for (const uri of registeredUris) assert.ok((await sentTo(uri))?.startsWith(uri), uri);
});

test("AC-10 whatever is accepted begins with a registered URI, byte by byte (fuzz)", async () => {
  const character = fc.constantFrom(..."@:/\\.?#&%*[]-_~ \t0a1é。", "%2e", "%2f", "%40", "//", "../");
  const forged = fc
    .tuple(
      fc.constantFrom(...registeredUris),
      fc.array(fc.tuple(fc.nat(40), fc.nat(3), character), { minLength: 1, maxLength: 4 }),
    )
    .map(([uri, edits]) =>
      edits.reduce((text, [at, removed, put]) => text.slice(0, at) + put + text.slice(at + removed), uri),
    );
  await fc.assert(
    fc.asyncProperty(forged, async (uri) => {
      const to = await sentTo(uri);
      assert.equal(to !== undefined, isRegistered(uri), uri);
      if (to !== undefined) assert.ok(to.startsWith(`${uri}?`) || to.startsWith(`${uri}&`), `${uri} → ${to}`);
    }),
    { seed, numRuns: rounds(300, 20_000) },
  );
});

test("AC-11 no error sends the browser anywhere before client and redirect URI are known to be right", async () => {
  const wrong: Record<string, string | undefined>[] = [
    { client_id: "cli_unknown" },
    { client_id: undefined },
    { redirect_uri: "https://evil.example/" },
    { redirect_uri: "https://evil.example/", response_type: "token" },
    { redirect_uri: "https://evil.example/", prompt: "none" },
    { redirect_uri: "https://evil.example/", request: "x" },
    { redirect_uri: "https://evil.example/", request_uri: "urn:ietf:params:oauth:request_uri:x" },
  ];
  for (const more of wrong)
    for (const response_mode of ["query", "form_post"]) {
      const page = await browserWith(server, session).open(
        authorizationUrl(server, client, { ...more, response_mode }),
      );
      assert.equal(page.status, 400);
      assert.equal(page.url.origin, server.issuer);
      assert.equal(page.forms.length, 0);
      assert.ok(!page.text.includes("evil.example"), "what was sent is not repeated as a link");
    }
});

test("AC-12 what follows a form is 303, so that its fields go no further", async () => {
  const { username, password } = await aPerson();
  const other = await people.client();
  const browser = browserWith(server);
  await browser.signIn(authorizationUrl(server, other, { prompt: "consent" }), { username, password });
  await browser.signIn(authorizationUrl(server, other, { prompt: "select_account" }), nobody);
  await browser.open(`${server.base}/oauth2/authorize`, {
    method: "POST",
    body: new URL(authorizationUrl(server, other)).searchParams,
  });
  const moved = browser.seen.filter((page) => page.headers.has("location"));
  assert.ok(moved.length >= 6, String(moved.length));
  for (const page of moved) assert.equal(page.status, 303, page.url.pathname);
});

test("AC-13 AC-15 every HTML answer refuses framing, foreign content, referrers to others, and caches", async () => {
  const { username, password } = await aPerson();
  const other = await people.client();
  const browser = browserWith(server);
  const post = { method: "POST", body: new URLSearchParams({ a: "1" }) } as const;
  for (const { path } of pageRoutes) {
    await browser.open(`${server.base}${path}`);
    await browser.open(`${server.base}${path}?a=1&a=2`);
    await browser.open(`${server.base}${path}`, post);
    await browser.open(`${server.base}${path}`, { ...post, headers: { "sec-fetch-site": "cross-site" } });
    await browser.open(`${server.base}${path}`, { ...post, headers: { "content-type": "text/plain" } });
  }
  const login = await browser.open(authorizationUrl(server, other));
  await browser.submit(login, { username, password: "wrong" });
  await browser.signIn(authorizationUrl(server, other, { response_mode: "form_post" }), {
    username,
    password,
  });
  await browser.open(authorizationUrl(server, other, { prompt: "select_account" }));
  await browser.open(`${server.base}/login`);
  const isHtml = ({ headers }: Page) => /html/.test(headers.get("content-type") ?? "");
  // The console and the account page load their own files and have a policy of their own.
  const pages = browser.seen.filter((page) => isHtml(page) && !page.url.pathname.startsWith("/account/"));
  assert.ok(pages.length > 25, String(pages.length));
  for (const page of pages) assertGuarded(page);
  for (const page of browser.seen.filter((one) => one.headers.has("location"))) {
    assert.equal(page.headers.get("referrer-policy"), "no-referrer");
    assert.equal(page.headers.get("cache-control"), "no-store");
  }
});

function assertGuarded({ url, headers, text }: Page): void {
  const policy = headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; /, url.href);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.match(policy, /base-uri 'none'/);
  assert.doesNotMatch(policy, /unsafe|form-action|\*|https?:/);
  assert.equal(headers.get("x-frame-options"), "DENY");
  assert.equal(headers.get("referrer-policy"), "same-origin");
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(headers.get("x-content-type-options"), "nosniff");
  const loaded = [...text.matchAll(/(?:src|<link[^>]*href)="([^"]*)"/g)].map(([, target]) => target);
  assert.deepEqual([...new Set(loaded)], ["/brand/logo"], "nothing is loaded from elsewhere");
  assert.doesNotMatch(text, /\son\w+=|style="|javascript:/);
}

test("AC-15 no token and no code stands in a URL of ours or on a page but the one that posts it", async () => {
  const { username, password } = await aPerson();
  const browser = browserWith(server);
  await browser.signIn(authorizationUrl(server, await people.client()), { username, password });
  for (const page of browser.seen.filter((one) => one.url.origin === server.issuer)) {
    assert.doesNotMatch(page.url.href, /r(?:at|rt|ac|se|sl)_[0-9A-Za-z]{40}/);
    assert.doesNotMatch(page.text, /r(?:at|rt|ac|se|sl)_[0-9A-Za-z]{40}/);
    assert.ok(!page.text.includes(password) && !page.url.href.includes(password));
  }
});

test("AC-15 response types that put tokens into URLs are refused", async () => {
  for (const response_type of [
    "token",
    "id_token",
    "id_token token",
    "code token",
    "code id_token token",
    "none",
  ]) {
    const page = await browserWith(server, session).open(authorizationUrl(server, client, { response_type }));
    assert.equal(page.sent.get("error"), "unsupported_response_type");
    assert.deepEqual([...page.sent.keys()].sort(), ["error", "error_description", "iss", "state"]);
    assert.equal(page.url.hash, "");
  }
});

test("AC-03 a code is refused after 60 seconds, and lives until then", async (context) => {
  const begun = Date.now();
  const codes = [];
  for (let i = 0; i < 2; i++) {
    const page = await browserWith(server, session).open(authorizationUrl(server, client));
    codes.push(page.sent.get("code") ?? "");
  }
  const [early = "", late = ""] = codes;
  context.mock.timers.enable({ apis: ["Date"], now: begun + 50_000 });
  assert.equal((await people.redeem(client, early)).status, 200);
  context.mock.timers.setTime(Date.now() + 60_000);
  const { status, json } = await people.redeem(client, late);
  assert.equal(status, 400);
  assert.equal(json.error, "invalid_grant");
});

test("AC-08 AC-09 the issuer stands in every answer, and a code without its verifier is worth nothing", async () => {
  for (const more of [{}, { response_mode: "form_post" }, { scope: "unknown" }, { prompt: "none login" }]) {
    const page = await browserWith(server, session).signIn(authorizationUrl(server, client, more), nobody);
    assert.equal(page.sent.get("iss"), server.issuer);
  }
  const page = await browserWith(server, session).open(authorizationUrl(server, client));
  const stolen = page.sent.get("code") ?? "";
  const form = { grant_type: "authorization_code", code: stolen, redirect_uri: redirectUri };
  assert.equal((await server.form("/oauth2/token", form, client)).json.error, "invalid_grant");
});

test("a transaction gets one code, however many forms are sent at once", async () => {
  const other = await people.client();
  const browser = browserWith(server, await people.signIn());
  const asked = await browser.open(authorizationUrl(server, other));
  const pages = await Promise.all(
    Array.from({ length: 64 }, () => browser.submit(asked, { answer: "allow" })),
  );
  assert.equal(pages.filter((page) => page.sent.has("code")).length, 1);
  for (const page of pages) assert.ok(page.sent.has("code") || page.status === 400);
});

test("B4 no code that was made while its person was revoked is worth anything, in whatever order they came", async () => {
  for (let round = 0; round < rounds(20, 1000); round++) {
    const person = await people.signIn();
    const browser = browserWith(server, person);
    const select = { subject: person.subject };
    const [page, order] = await Promise.all([
      browser.open(authorizationUrl(server, client)),
      server.admin("POST", "/admin/v1/revocations", { select }),
    ]);
    assert.equal(order.status, 201);
    const code = page.sent.get("code");
    if (code !== null) assert.equal((await people.redeem(client, code)).json.error, "invalid_grant");
  }
});

let made = 0;

async function aPerson(): Promise<{ readonly username: string; readonly password: string }> {
  const username = `reader-${++made}`;
  const password = "correct horse battery staple";
  const { status, text } = await server.admin("POST", "/admin/v1/users", { username, password });
  if (status !== 201) throw new Error(text);
  return { username, password };
}
