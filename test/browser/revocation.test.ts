// A page of an application, at an origin of its own, ends tokens with Chromium: by a script element (JSONP), by fetch with
// CORS, and not at all where it is not allowed.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { listening } from "../interop/alice.ts";
import { startTestServer } from "../running-server.ts";
import { launchChromium } from "./chromium.ts";

const server = await startTestServer();
after(() => server.close());
const application = await listening((_request, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end("<!doctype html><title>Application</title>");
});
after(() => application.close());
const browser = await launchChromium();
after(() => browser.close());

const app = { token_endpoint_auth_method: "none", grant_types: ["refresh_token"] };
const scope = "read grant_management_query grant_management_revoke";

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

async function page() {
  const opened = await browser.newPage();
  await opened.goto(application.origin);
  return opened;
}

/** Loads a script into the page; what its callback was called with, or that it did not run. */
async function loaded(src: string): Promise<unknown> {
  const opened = await page();
  return opened.evaluate(
    (url) =>
      new Promise((resolve) => {
        const script = document.createElement("script");
        Object.assign(window, { signedOut: resolve });
        script.onerror = () => resolve("not run");
        script.onload = () => setTimeout(() => resolve("not called"));
        script.src = url;
        document.head.append(script);
      }),
    src,
  );
}

interface Fetching {
  readonly method?: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

interface Fetched {
  readonly status: number;
  readonly headers: Record<string, string | null>;
}

/** Calls the server from the page; undefined where the browser does not let it. */
async function fetched(path: string, init: Fetching): Promise<Fetched | undefined> {
  const opened = await page();
  return opened.evaluate(
    async ([url, options]) => {
      try {
        const { status, headers } = await fetch(url, options);
        const named = ["rescind-seq", "rescind-effective", "preference-applied"];
        return { status, headers: Object.fromEntries(named.map((name) => [name, headers.get(name)])) };
      } catch {
        return undefined;
      }
    },
    [`${server.base}${path}`, init] as const,
  );
}

test("a script element revokes a token of a client with jsonp, and calls back; the browser runs nothing else", async () => {
  const widget = await server.registerClient({ ...app, jsonp: true });
  const plain = await server.registerClient(app);
  for (const [client, callback, called, live] of [
    [plain, "signedOut", "not run", true],
    [widget, "signed-out", "not run", true],
    [widget, "signedOut", {}, false],
    [widget, "window.signedOut", {}, false],
  ] as const) {
    const { access_token } = await server.openGrant(client);
    const query = new URLSearchParams({ token: String(access_token), client_id: client.client_id, callback });
    assert.deepEqual(await loaded(`${server.base}/oauth2/revoke?${query}`), called, callback);
    assert.equal(await isLive(access_token), live, callback);
  }
});

test("RV-17 what the endpoint answers to a POST or refuses is never run as a script", async () => {
  for (const query of ["", "?callback=signedOut", "?token=x&callback=alert(1)"])
    assert.equal(await loaded(`${server.base}/oauth2/revoke${query}`), "not run");
});

test("fetch revokes, ends a grant and waits from an allowed origin, and reads the headers that say so", async () => {
  const client = await server.registerClient({ ...app, scope, allowed_origins: [application.origin] });
  const { access_token } = await server.openGrant(client);
  const body = `token=${access_token}&client_id=${client.client_id}`;
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const revoked = await fetched("/oauth2/revoke", {
    method: "POST",
    headers: { ...type, prefer: "wait=5" },
    body,
  });
  assert.equal(revoked?.status, 200);
  assert.equal(revoked?.headers["rescind-effective"], "0/0");
  assert.equal(revoked?.headers["preference-applied"], "wait=5");
  assert.match(revoked?.headers["rescind-seq"] ?? "", /^\d+$/);

  const grant = await server.openGrant(client);
  const authorization = `Bearer ${grant.access_token}`;
  const ended = await fetched(`/grants/${grant.grant_id}`, { method: "DELETE", headers: { authorization } });
  assert.equal(ended?.status, 204);
  assert.equal(await isLive(grant.refresh_token), false);
});

test("fetch reports a leaked token from an origin that some client has", async () => {
  await server.registerClient({ ...app, allowed_origins: [application.origin] });
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client);
  const reported = await fetched("/leaked-tokens", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ tokens: [access_token] }),
  });
  assert.equal(reported?.status, 202);
  assert.equal(reported?.headers["rescind-seq"], null);
  assert.equal(await isLive(access_token), false);
});

test("WEB-02 from an origin that the client does not have the page reads nothing, whatever others have", async () => {
  const client = await server.registerClient({ ...app, scope });
  const { access_token, grant_id } = await server.openGrant(client);
  const authorization = `Bearer ${access_token}`;
  assert.equal(await fetched(`/grants/${grant_id}`, { headers: { authorization } }), undefined);
  await server.admin("PATCH", `/admin/v1/clients/${client.client_id}`, {
    allowed_origins: ["https://elsewhere.example"],
  });
  assert.equal(await fetched(`/grants/${grant_id}`, { headers: { authorization } }), undefined);
  assert.equal(await isLive(access_token), true);
});
