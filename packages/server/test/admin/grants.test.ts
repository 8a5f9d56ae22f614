// Grants without a browser: POST and GET /admin/v1/grants. CONTRACT.md section 5.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decodeJwt } from "jose";
import { type RegisteredClient, startTestServer, type TestServer } from "../../../../test/running-server.ts";

let server: TestServer;
let client: RegisteredClient;
before(async () => {
  server = await startTestServer();
  await server.admin("POST", "/admin/v1/resources", { resource: "https://api.example", scopes: ["read"] });
  client = await server.registerClient({ audience: ["https://api.example", "urn:second"] });
});
after(() => server.close());

const grants = "/admin/v1/grants";

test("RFC 6749 section 5.1: the answer is a token response with the grant's id, and is not kept", async () => {
  const opened = await server.admin("POST", grants, {
    client_id: client.client_id,
    subject: "user 7 \u00fc",
    scope: "read",
    claims: { team: "blue" },
    attributes: { tier: 2 },
  });
  assert.equal(opened.status, 201, opened.text);
  assert.equal(opened.headers.get("cache-control"), "no-store");
  const { access_token, refresh_token, token_type, expires_in, scope, grant_id } = opened.json;
  assert.deepEqual([token_type, expires_in, scope], ["Bearer", 900, "read"]);
  assert.match(String(grant_id), /^gnt_\d+$/);
  assert.match(String(refresh_token), /^rrt_/);
  const claims = decodeJwt(String(access_token));
  const { sub, aud, client_id, team, tier, grant_iat, iat } = claims;
  assert.deepEqual(
    { sub, aud, client_id, team, tier, grant_id: claims.grant_id },
    {
      sub: "user 7 \u00fc",
      aud: "https://api.example",
      client_id: client.client_id,
      team: "blue",
      tier: 2,
      grant_id,
    },
  );
  assert.equal(grant_iat, iat);
  assert.equal((await server.introspect(String(access_token))).tier, 2);
  const refreshed = await server.form(
    "/oauth2/token",
    { grant_type: "refresh_token", refresh_token: String(refresh_token) },
    client,
  );
  assert.equal(refreshed.status, 200, refreshed.text);
  assert.equal(decodeJwt(String(refreshed.json.access_token)).grant_id, grant_id);
});

test("offline is said where offline_access is granted", async () => {
  const { access_token = "" } = await server.openGrant(client, "usr_off", { scope: "read offline_access" });
  assert.equal(decodeJwt(access_token).offline, true);
});

test("a client without the grant type refresh_token gets an access token only", async () => {
  const plain = await server.registerClient({ grant_types: ["client_credentials"] });
  assert.equal((await server.openGrant(plain)).refresh_token, undefined);
});

describe("a grant is refused at the field at fault, and nothing is made", () => {
  const cases: [string, Record<string, unknown>, string][] = [
    ["an unknown client", { client_id: "nobody" }, "/client_id"],
    ["a subject that is a client's id", { subject: "admin" }, "/subject"],
    ["WEB-13 a subject with a control character", { subject: "a\u0000b" }, "/subject"],
    ["WEB-13 a subject with a bidirectional override", { subject: "a\u202eb" }, "/subject"],
    ["a subject that is too long", { subject: "x".repeat(256) }, "/subject"],
    ["an empty subject", { subject: "" }, "/subject"],
    ["a scope the client may not have", { scope: "read admin" }, "/scope"],
    ["a resource the client may not ask for", { resource: "https://other.example" }, "/resource"],
    ["a claim of the server's", { claims: { rev: 99 } }, "/claims"],
    ["an attribute of the server's", { attributes: { client_id: "x" } }, "/attributes"],
    ["a name in claims and attributes", { claims: { a: 1 }, attributes: { a: 2 } }, "/attributes"],
    ["IN-07 claims over 4 KiB", { claims: { a: "x".repeat(4100) } }, "/claims"],
    [
      "claims and attributes that are over 4 KiB together",
      { claims: { a: "x".repeat(2100) }, attributes: { b: "x".repeat(2100) } },
      "/claims",
    ],
    ["an unknown member", { sub: "x" }, "/sub"],
  ];
  for (const [what, members, pointer] of cases) {
    test(what, async () => {
      const refused = await server.admin("POST", grants, {
        client_id: client.client_id,
        subject: "usr_none",
        ...members,
      });
      assert.equal(refused.status, 400, refused.text);
      const pointers = (refused.json.errors as { pointer: string }[]).map((error) => error.pointer);
      assert.deepEqual(new Set(pointers), new Set([pointer]));
      const list = await server.admin("GET", `${grants}?subject=usr_none`);
      assert.deepEqual(list.json, { items: [], next: null });
    });
  }
});

test("a subject of 255 characters is one", async () => {
  await server.openGrant(client, "\u{1f600}".repeat(255));
});

describe("lists", () => {
  test("grants and tokens are found by subject and client, with their status, never by value", async () => {
    const other = await server.registerClient();
    const opened = await server.openGrant(other, "usr_listed", { scope: "read" });
    const read = async () => {
      const [grant] = (await server.admin("GET", `${grants}?subject=usr_listed`)).json.items as Record<
        string,
        unknown
      >[];
      const tokens = await server.admin(
        "GET",
        `/admin/v1/tokens?client_id=${other.client_id}&grant_id=${opened.grant_id}`,
      );
      const items = tokens.json.items as Record<string, unknown>[];
      return { grant, items, text: tokens.text };
    };
    const live = await read();
    const { grant_id, client_id, subject, scope, status } = live.grant ?? {};
    assert.deepEqual(
      { grant_id, client_id, subject, scope, status },
      {
        grant_id: opened.grant_id,
        client_id: other.client_id,
        subject: "usr_listed",
        scope: "read",
        status: "live",
      },
    );
    assert.deepEqual(live.items.map((token) => [token.kind, token.format, token.status]).sort(), [
      ["access", "jwt", "live"],
      ["refresh", "opaque", "live"],
    ]);
    const access = live.items.find((token) => token.kind === "access");
    assert.equal(access?.token_id, decodeJwt(opened.access_token ?? "").jti);
    assert.ok(
      !live.text.includes(opened.access_token ?? "-") && !live.text.includes(opened.refresh_token ?? "-"),
    );

    await server.admin("POST", "/admin/v1/revocations", { select: { grant_id: opened.grant_id } });
    const dead = await read();
    assert.equal(dead.grant?.status, "revoked");
    assert.deepEqual(
      dead.items.map((token) => token.status),
      ["revoked", "revoked"],
    );
    const onlyLive = await server.admin("GET", `/admin/v1/tokens?grant_id=${opened.grant_id}&status=live`);
    assert.deepEqual(onlyLive.json.items, []);
  });

  test("pages show every item once, newest first", async () => {
    const many = await server.registerClient();
    const made: (string | undefined)[] = [];
    for (let i = 0; i < 5; i++) made.push((await server.openGrant(many, `usr_page_${i}`)).grant_id);
    const seen: unknown[] = [];
    let next: unknown = "";
    while (next !== null) {
      const cursor = next === "" ? "" : `&cursor=${next}`;
      const page = await server.admin("GET", `${grants}?client_id=${many.client_id}&limit=2${cursor}`);
      assert.equal(page.status, 200, page.text);
      seen.push(...(page.json.items as { grant_id: string }[]).map((grant) => grant.grant_id));
      next = page.json.next;
    }
    assert.deepEqual(seen, made.reverse());
  });

  for (const path of [
    "/admin/v1/resources",
    "/admin/v1/verifiers",
    "/admin/v1/signing-keys",
    grants,
    "/admin/v1/tokens",
    "/admin/v1/clients",
    "/admin/v1/revocations",
    "/admin/v1/audit",
  ]) {
    test(`${path}: a made-up cursor, a limit out of range and an unknown filter are 400 with the field`, async () => {
      for (const query of [
        "cursor=abc",
        "limit=0",
        "limit=1001",
        "limit=1.5",
        "limit=1e2",
        "limit=0x10",
        "limit=true",
        "limit=%201",
        "limit=x",
        "colour=red",
        "cursor=99999999999999999999",
      ]) {
        const answer = await server.admin("GET", `${path}?${query}`);
        assert.equal(answer.status, 400, `${query}: ${answer.text}`);
        const [error] = answer.json.errors as { pointer: string }[];
        assert.equal(error?.pointer, `/${query.split("=")[0]}`);
      }
    });
  }
});

describe("resources", () => {
  test("RFC 8707: a resource decides format, life, type and signature of its tokens", async () => {
    const resource = "https://legacy.example";
    const put = await server.admin("POST", "/admin/v1/resources", {
      resource,
      name: "Legacy",
      access_token_ttl: 60,
      access_token_typ: "JWT",
      signing_alg: "PS256",
    });
    assert.equal(put.status, 201, put.text);
    const owner = await server.registerClient({ audience: [resource] });
    const token = await server.clientToken(owner);
    const [header = ""] = token.split(".");
    const { alg, typ } = JSON.parse(Buffer.from(header, "base64url").toString());
    const { aud, exp = 0, iat = 0 } = decodeJwt(token);
    assert.deepEqual([alg, typ, aud, exp - iat], ["PS256", "JWT", resource, 60]);
    assert.equal((await server.introspect(token)).active, true);

    await server.admin("POST", "/admin/v1/resources", { resource, access_token_format: "opaque" });
    assert.match(await server.clientToken(owner), /^rat_/);
    const list = (await server.admin("GET", "/admin/v1/resources")).json.items as { resource: string }[];
    const shown = list.filter((item) => item.resource === resource);
    assert.deepEqual(shown, [
      {
        resource,
        scopes: [],
        access_token_format: "opaque",
        access_token_typ: "at+jwt",
        signing_alg: "ES256",
      },
    ]);
  });

  test("a short list is paged by its own cursor", async () => {
    const first = await server.admin("GET", "/admin/v1/resources?limit=1");
    const rest = await server.admin("GET", `/admin/v1/resources?cursor=${first.json.next}`);
    const all = await server.admin("GET", "/admin/v1/resources");
    assert.deepEqual([...(first.json.items as []), ...(rest.json.items as [])], all.json.items);
    assert.equal(rest.json.next, null);
  });

  test("what is no absolute URI without a fragment is refused", async () => {
    for (const resource of ["api", "/api", "https://", "https://a.example/#x"]) {
      const refused = await server.admin("POST", "/admin/v1/resources", { resource });
      assert.equal(refused.status, 400, resource);
      assert.equal((refused.json.errors as { pointer: string }[])[0]?.pointer, "/resource");
    }
  });
});

test("grants are found by the consumer key with which a token of theirs was issued", async () => {
  const holder = await server.registerClient();
  const { key_id } = (await server.admin("POST", `/admin/v1/clients/${holder.client_id}/keys`, {})).json;
  const opened = await server.openGrant(holder, "usr_keyed");
  await server.openGrant(holder, "usr_keyed");
  const refreshed = await server.form(
    "/oauth2/token",
    { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) },
    holder,
  );
  const own = decodeJwt(String(refreshed.json.access_token)).key_id;
  const found = async (key: unknown) => {
    const { json } = await server.admin("GET", `${grants}?subject=usr_keyed&key_id=${key}`);
    return (json.items as { grant_id: string }[]).map((item) => item.grant_id); // CONTRACT.md section 5
  };
  assert.deepEqual(await found(own), [opened.grant_id]);
  assert.deepEqual(await found(key_id), []);
});
