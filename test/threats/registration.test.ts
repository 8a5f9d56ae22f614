// What a registration may not hold, when it is made and when it is changed: addresses that run, lead inward or belong to
// somebody else, and members that are not the caller's to set. THREATS AC-23; what fields contradict each other stands
// in the server's own tests.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startTestServer } from "../running-server.ts";

// An https issuer: nothing about private addresses is relaxed.
const server = await startTestServer(["--issuer", "https://op.example"]);
after(() => server.close());

const clients = "/admin/v1/clients";
const basics = {
  name: "Registered",
  grant_types: ["authorization_code", "refresh_token"],
  redirect_uris: ["https://app.example/callback"],
  scope: "openid",
};

const hostileUris = [
  "javascript:alert(1)",
  "JavaScript:alert(1)",
  "javascript://app.example/%0aalert(1)",
  "java\tscript:alert(1)",
  "\u0001javascript:alert(1)",
  " javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "file:///etc/passwd",
  "blob:https://app.example/1",
  "filesystem:https://app.example/temporary/1",
  "about:blank",
  "ws://app.example/",
  "wss://app.example/",
  "http://app.example/callback",
  "http://127.0.0.1.app.example/callback",
  "http://127.0.0.1@app.example/callback",
  "http://localhost.app.example/",
  "http://2130706433.example/",
  "https://app.example@evil.example/",
  "https://user:secret@app.example/",
  "https://@app.example/",
  "https:///callback",
  "https:app.example",
  "https:\\\\evil.example",
  "https://app.example\\@evil.example/",
  "https://app.example/callback#fragment",
  "https://app.example/callback#",
  "https://app.example/a b",
  "https://app.example/a\r\nset-cookie: a=b",
  "https://app.example/\u202egpj.exe",
  "https://bücher.example/",
  "//app.example/callback",
  "/callback",
  "callback",
  "https://",
  "https://*",
  "https://*.app.example/callback",
  "*",
  "",
];

/** Spelled addresses; names are judged when they are resolved, before each fetch (outside-fetch.test.ts). */
const inwardUris = [
  "http://keys.example/jwks",
  "https://127.0.0.1/jwks",
  "https://127.1/jwks",
  "https://2130706433/jwks",
  "https://0x7f000001/jwks",
  "https://0177.0.0.1/jwks",
  "https://0.0.0.0/jwks",
  "https://[::1]/jwks",
  "https://[::]/jwks",
  "https://[::ffff:127.0.0.1]/jwks",
  "https://[fe80::1]/jwks",
  "https://[fd00::1]/jwks",
  "https://10.0.0.1/jwks",
  "https://172.16.0.1/jwks",
  "https://192.168.1.1/jwks",
  "https://100.64.0.1/jwks",
  "https://169.254.169.254/latest/meta-data/",
  "https://a@keys.example/jwks",
  "ftp://keys.example/jwks",
  "file:///etc/passwd",
  "javascript:alert(1)",
];

/** Refused at this field, when it is made and when it is changed, and nothing is different afterwards. */
async function assertNeverRegistered(members: Record<string, unknown>, field: string): Promise<void> {
  const { client_id } = await server.registerClient(basics);
  const path = `${clients}/${client_id}`;
  const before = await server.admin("GET", path);
  const made = await server.admin("POST", clients, { ...basics, ...members });
  const changed = await server.admin("PATCH", path, members);
  for (const { status, json, text } of [made, changed]) {
    assert.equal(status, 400, `${JSON.stringify(members)}: ${text}`);
    const pointers = (json.errors as { pointer: string }[]).map(({ pointer }) => pointer); // problem+json
    assert.ok(
      pointers.some((pointer) => pointer.startsWith(`/${field}`)),
      text,
    );
  }
  assert.deepEqual((await server.admin("GET", path)).json, before.json);
}

for (const field of ["redirect_uris", "post_logout_redirect_uris"]) {
  test(`AC-23 no hostile address is registered in ${field}, alone or behind a good one`, async () => {
    for (const uri of hostileUris) {
      await assertNeverRegistered({ [field]: [uri] }, field);
      await assertNeverRegistered({ [field]: ["https://app.example/good", uri] }, field);
    }
  });
}

test("AC-23 WEB-01 no jwks_uri that leads inward is registered", async () => {
  for (const jwks_uri of inwardUris)
    await assertNeverRegistered({ token_endpoint_auth_method: "private_key_jwt", jwks_uri }, "jwks_uri");
});

test("AC-23 members that are the server's, or of another type, are refused by name", async () => {
  const hostile: [string, unknown][] = [
    ["client_secret", "chosen-by-the-caller"],
    ["keys", [{ key_id: "key_1", status: "approved" }]],
    ["status", "approved"],
    ["created_at", "2020-01-01T00:00:00Z"],
    ["final", false],
    ["software_statement", "eyJhbGciOiJub25lIn0.e30."],
    ["request_uris", ["https://evil.example/request"]],
    ["sector_identifier_uri", "http://169.254.169.254/"],
    ["logo_uri", "javascript:alert(1)"],
    ["redirect_uris", "https://app.example/callback"],
    ["redirect_uris", { 0: "https://app.example/callback", length: 1 }],
    ["redirect_uris", [["https://app.example/callback"]]],
    ["grant_types", "authorization_code"],
    ["grant_types", ["authorization_code", "implicit"]],
    ["grant_types", ["authorization_code", "password"]],
    ["scope", ["openid", "rescind:admin"]],
    ["scope", { toString: "rescind:admin" }],
    ["first_party", "true"],
    ["first_party", 1],
    ["require_pkce", "false"],
    ["require_pkce", null],
    ["name", { html: "<script>" }],
    ["name", "a\u0000b"],
    ["name", "\u202eevil"],
    ["custom_claims", { scope: "rescind:admin" }],
    ["custom_claims", { client_id: "admin" }],
    ["custom_claims", { lineage: [] }],
    ["custom_claims", { exp: 9_999_999_999 }],
  ];
  for (const [field, value] of hostile) await assertNeverRegistered({ [field]: value }, field);
});

test("AC-23 whoever may only read or revoke registers and changes nothing, least of all rights", async () => {
  const { client_id } = await server.registerClient(basics);
  for (const scope of ["rescind:read", "rescind:revoke"]) {
    const authorization = `Bearer ${await server.tokenWithScope(scope)}`;
    const headers = { authorization, "content-type": "application/json" };
    const rights = { ...basics, grant_types: ["client_credentials"], scope: "rescind:admin" };
    const made = await server.request(clients, { method: "POST", headers, body: JSON.stringify(rights) });
    const changed = await server.request(`${clients}/${client_id}`, {
      method: "PATCH",
      headers,
      body: JSON.stringify({ scope: "rescind:admin" }),
    });
    assert.deepEqual([made.status, changed.status], [403, 403]);
  }
});

test("AC-23 a redirect URI that was taken away gets no answer any more", async () => {
  const { client_id } = await server.registerClient(basics);
  const ask = () => {
    const redirect_uri = "https://app.example/callback";
    const sent = new URLSearchParams({ client_id, response_type: "code", prompt: "none", redirect_uri });
    return server.request(`/oauth2/authorize?${sent}`);
  };
  assert.equal((await ask()).status, 303);
  const change = { redirect_uris: ["https://app.example/elsewhere"] };
  assert.equal((await server.admin("PATCH", `${clients}/${client_id}`, change)).status, 200);
  assert.equal((await ask()).status, 400);
});
