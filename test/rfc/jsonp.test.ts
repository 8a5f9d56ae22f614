// JSONP at the revocation endpoint: RFC 7009 section 2.3 and CONTRACT.md section 6, for the clients that ask for it, and
// nothing at all for everybody else (THREATS RV-17).

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { type Answered, basic, startTestServer } from "../running-server.ts";
import { rounds, seed } from "../seed.ts";

const server = await startTestServer();
after(() => server.close());

const app = { token_endpoint_auth_method: "none", grant_types: ["refresh_token"], jsonp: true };
const widget = await server.registerClient(app);
const other = await server.registerClient(app);
const plain = await server.registerClient({ ...app, jsonp: false });
const confidential = await server.registerClient();
const paths = ["/oauth2/revoke", "/oauth2/token/revoke"];

async function get(
  parameters: Record<string, unknown> | [string, string][],
  path = "/oauth2/revoke",
  init: RequestInit = {},
): Promise<Answered> {
  return server.request(`${path}?${new URLSearchParams(parameters as [string, string][])}`, init);
}

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

async function head(): Promise<unknown> {
  return (await server.introspect(await server.adminToken())).head;
}

function assertScript(answer: Answered, body: string): void {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.text, body);
  assert.match(answer.headers.get("content-type") ?? "", /^text\/javascript/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.match(answer.headers.get("cache-control") ?? "", /no-store/);
}

/** Refused with an ordinary OAuth error; nothing of the request in body or headers. */
function assertPlainRefusal(answer: Answered, marker: string, status = 400): void {
  assert.equal(answer.status, status);
  if (status === 405) assert.match(answer.headers.get("allow") ?? "", /POST/);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  assert.equal(answer.headers.get("rescind-seq"), null);
  assert.equal(typeof answer.json.error, "string");
  const all = `${answer.text}\n${[...answer.headers].join("\n")}`;
  if (marker !== "") assert.ok(!all.includes(marker), all);
}

for (const path of paths) {
  test(`RFC 7009 2.3: ${path} revokes by GET and calls back, for access and refresh tokens of both forms`, async () => {
    for (const access_token_format of ["jwt", "opaque"]) {
      const { client_id } = await server.registerClient({ ...app, access_token_format });
      const { access_token, refresh_token } = await server.openGrant({ client_id });
      for (const token of [access_token, refresh_token]) {
        const answer = await get({ token, client_id, callback: "package.done" }, path);
        assertScript(answer, "/**/package.done({});");
        assert.match(answer.headers.get("rescind-seq") ?? "", /^\d+$/);
        assert.equal(await isLive(token), false);
      }
    }
  });
}

test("the script runs in a page and calls the function with the answer", async () => {
  const calls: unknown[] = [];
  const page = { app: { done: (told: object) => calls.push({ ...told }) } };
  const { client_id } = widget;
  const { access_token } = await server.openGrant(widget);
  const good = await get({ token: access_token, client_id, callback: "app.done" });
  const bad = await get({ client_id, callback: "app.done" });
  for (const { text } of [good, bad]) runInNewContext(text, page);
  assert.deepEqual(calls, [{}, { error: "invalid_request" }]);
});

test("token_type_hint and cascade work as with POST", async () => {
  const { client_id } = widget;
  const first = await server.openGrant(widget, "usr_jsonp");
  const second = await server.openGrant(widget, "usr_jsonp");
  const hinted = { token: first.access_token, client_id, callback: "f", token_type_hint: "refresh_token" };
  assertScript(await get(hinted), "/**/f({});");
  assert.equal(await isLive(first.access_token), false);
  assert.equal(await isLive(first.refresh_token), true);
  const wide = { token: first.refresh_token, client_id, callback: "f", cascade: "subject_client" };
  assertScript(await get(wide), "/**/f({});");
  assert.equal(await isLive(second.access_token), false);
});

test("errors are told inside the script: missing token, bad cascade, another client's token", async () => {
  const { client_id } = widget;
  const { access_token } = await server.openGrant(other);
  for (const [parameters, error] of [
    [{}, "invalid_request"],
    [{ token: access_token, cascade: "everything" }, "invalid_request"],
    [{ token: access_token }, "invalid_grant"],
  ] as const) {
    const answer = await get({ ...parameters, client_id, callback: "$._0" });
    assertScript(answer, `/**/$._0({"error": "${error}"});`);
    assert.equal(answer.headers.get("rescind-seq"), null);
  }
  assert.equal(await isLive(access_token), true);
  const { json } = await server.admin("GET", "/admin/v1/audit?action=revocation.refused&limit=1");
  const [item] = json.items as { actor: { id: string } }[]; // the contract's AuditItem
  assert.equal(item?.actor.id, client_id);
});

test("unknown and revoked tokens are answered alike, with Rescind-Seq", async () => {
  const { client_id } = widget;
  const { access_token } = await server.openGrant(widget);
  const asked = { token: access_token, client_id, callback: "f" };
  await get(asked);
  const shapes = new Set<string>();
  for (const token of [access_token, "made-up", `rat_${"0".repeat(60)}`, "a.b.c"]) {
    const { status, headers, text } = await get({ ...asked, token });
    const told = [...headers].filter(([name]) => !["date", "x-request-id"].includes(name));
    shapes.add(JSON.stringify([status, told, text]));
  }
  assert.equal(shapes.size, 1, [...shapes].join("\n"));
});

test("a suspended client learns it inside the script, and nothing is revoked", async () => {
  const suspended = await server.registerClient(app);
  const { access_token } = await server.openGrant(suspended);
  await server.admin("POST", `/admin/v1/clients/${suspended.client_id}/revoke`);
  const before = await head();
  const asked = { token: access_token, client_id: suspended.client_id, callback: "f" };
  assertScript(await get(asked), '/**/f({"error": "invalid_client"});');
  assert.equal(await head(), before);
});

test("RV-17 whoever is not a public client with jsonp is refused without effect, and nothing of the request comes back", async () => {
  const marker = "alert_marker";
  for (const [client, more] of [
    [plain, {}],
    [confidential, {}],
    [confidential, { client_secret: confidential.client_secret }],
    [widget, { client_secret: "x" }],
    [{ client_id: "unknown" }, {}],
    [{ client_id: "" }, {}],
  ] as const) {
    const owner = [plain, confidential].includes(client as typeof plain) ? (client as typeof plain) : widget;
    const { access_token } = await server.openGrant(owner);
    const before = await head();
    for (const path of paths)
      assertPlainRefusal(
        await get({ token: access_token, client_id: client.client_id, callback: marker, ...more }, path),
        marker,
        405,
      );
    assert.equal(await isLive(access_token), true);
    assert.equal(await head(), before);
  }
  const { access_token } = await server.openGrant(widget);
  const withBasic = await get(
    { token: access_token, client_id: widget.client_id, callback: marker },
    "/oauth2/revoke",
    { headers: { authorization: basic(confidential.client_id, confidential.client_secret) } },
  );
  assertPlainRefusal(withBasic, marker, 405);
  assert.equal(await isLive(access_token), true);
});

test("RV-17 a callback that is no plain name is refused without effect and without reflection", async () => {
  const { client_id } = widget;
  const { access_token: token } = await server.openGrant(widget);
  const before = await head();
  const bad = [
    "alert(1)//zz",
    "a-b",
    "1a",
    ".a",
    "a b",
    "a;b",
    "a[0]",
    "a\nb",
    "a\u2028b",
    "é",
    "<script>",
    "a".repeat(65),
    "",
    "CWSMIKI0hCD0Up0IZUnnnnnnnn/",
  ];
  for (const callback of bad)
    assertPlainRefusal(await get({ token, client_id, callback }), callback.length > 3 ? callback : "");
  assertPlainRefusal(
    await get([
      ["token", String(token)],
      ["client_id", client_id],
      ["callback", "twice_a"],
      ["callback", "twice_b"],
    ]),
    "twice",
  );
  const property = fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 80 }), async (callback) => {
    if (/^[A-Za-z_$][\w$.]{0,63}$/.test(callback) || !callback.isWellFormed()) return;
    assertPlainRefusal(await get({ token, client_id, callback }), "");
  });
  await fc.assert(property, { seed, numRuns: rounds(60, 2000) });
  assert.equal(await isLive(token), true);
  assert.equal(await head(), before);
});

test("every callback of the form is taken, up to 64 characters", async () => {
  const { client_id } = widget;
  for (const callback of ["a", "_", "$", "A.b.c", "jQuery_17.cb$1", "x".repeat(64)])
    assertScript(await get({ token: "x", client_id, callback }), `/**/${callback}({});`);
});

test("RV-17 without callback GET stays refused with Allow, HEAD has no effect, and POST takes no callback", async () => {
  const { client_id } = widget;
  const { access_token: token } = await server.openGrant(widget);
  const before = await head();
  for (const path of paths) {
    const got = await get({ token, client_id }, path);
    assert.equal(got.status, 405);
    assert.match(got.headers.get("allow") ?? "", /POST/);
    const query = new URLSearchParams({ token: String(token), client_id, callback: "f" });
    for (const method of ["HEAD", "PUT", "DELETE"])
      assert.equal((await fetch(`${server.base}${path}?${query}`, { method })).status, 405, method);
  }
  assert.equal(await isLive(token), true);
  assert.equal(await head(), before);
  const posted = await server.form("/oauth2/revoke", { token: String(token), client_id, callback: "marked" });
  assert.equal(posted.text, "{}");
  assert.match(posted.headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(await isLive(token), false);
});

test("a client that loses jsonp is refused at once", async () => {
  const brief = await server.registerClient(app);
  const asked = { token: "x", client_id: brief.client_id, callback: "f" };
  assertScript(await get(asked), "/**/f({});");
  await server.admin("PATCH", `/admin/v1/clients/${brief.client_id}`, { jsonp: false });
  assertPlainRefusal(await get(asked), "", 405);
});
