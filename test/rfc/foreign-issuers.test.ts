// JWTs of registered foreign issuers: revoked by jti, subject, time or all at once, lifted, and introspected here.
// CONTRACT.md sections 5 and 6, docs/reference/foreign-issuers.md.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { IdentityProvider } from "../identity-provider.ts";
import { type Answered, startTestServer } from "../running-server.ts";
import { until } from "../until.ts";

const server = await startTestServer();
const idp = await IdentityProvider.start("RS256", "EdDSA", "ES256");
const other = await IdentityProvider.start();
await idp.registerAt(server);
await other.registerAt(server);
after(() => Promise.all([server.close(), idp.close(), other.close()]));

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
/** The second, so many seconds ago, as orders take it. */
const ago = (seconds: number): string => new Date((nowSeconds() - seconds) * 1000).toISOString();

async function isLive(token: string): Promise<boolean> {
  return (await server.introspect(token)).active === true;
}

function order(select: object, more: object = {}): Promise<Answered> {
  return server.admin("POST", "/admin/v1/revocations", { select, ...more });
}

async function ordered(select: object, more: object = {}): Promise<Record<string, unknown>> {
  const answer = await order(select, more);
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

describe("registering", () => {
  test("POST answers 201 with what is in force, GET lists it, registering again replaces it", async () => {
    const issuer = "https://tenant.idp.example/";
    const jwks_uri = "https://tenant.idp.example/.well-known/jwks.json";
    const first = await server.admin("POST", "/admin/v1/issuers", { issuer, jwks_uri });
    assert.equal(first.status, 201);
    assert.deepEqual(first.json, { issuer, jwks_uri, max_token_ttl: 86_400 });
    await server.admin("POST", "/admin/v1/issuers", { issuer, jwks_uri, max_token_ttl: 600 });
    const { json } = await server.admin("GET", "/admin/v1/issuers");
    const items = json.items as Record<string, unknown>[];
    const listed = items.filter((item) => item.issuer === issuer);
    assert.equal(listed.length, 1);
    assert.equal(listed[0]?.max_token_ttl, 600);
    assert.match(String(listed[0]?.created_at), /^\d{4}-/);
    assert.equal(json.next, null);
  });

  test("what cannot be is refused with the field's name and changes nothing", async () => {
    const before = (await server.admin("GET", "/admin/v1/issuers")).text;
    const good = { issuer: "https://idp.example", jwks_uri: "https://idp.example/jwks" };
    for (const [wrong, pointer] of [
      [{ issuer: server.issuer }, "/issuer"],
      [{ issuer: `${server.issuer}/` }, "/issuer"],
      [{ issuer: "idp.example" }, "/issuer"],
      [{ issuer: "https://idp.example/?tenant=1" }, "/issuer"],
      [{ issuer: "https://user@idp.example" }, "/issuer"],
      [{ issuer: undefined }, "/issuer"],
      [{ jwks_uri: "ftp://idp.example/jwks" }, "/jwks_uri"],
      [{ jwks_uri: "https://user:pass@idp.example/jwks" }, "/jwks_uri"],
      [{ jwks_uri: undefined }, "/jwks_uri"],
      [{ max_token_ttl: 0 }, "/max_token_ttl"],
      [{ max_token_ttl: 86_401 }, "/max_token_ttl"],
      [{ audience: "x" }, "/audience"],
    ] as const) {
      const answer = await server.admin("POST", "/admin/v1/issuers", { ...good, ...wrong });
      assert.equal(answer.status, 400, JSON.stringify(wrong));
      assert.match(answer.text, new RegExp(`"pointer":"${pointer}"`), JSON.stringify(wrong));
    }
    assert.equal((await server.admin("GET", "/admin/v1/issuers")).text, before);
  });

  test("the config file declares issuers; applying it twice changes nothing", async () => {
    const config = join(mkdtempSync(join(tmpdir(), "rescind-test-")), "config.json");
    const declared = { issuer: idp.issuer, jwks_uri: idp.jwksUri, max_token_ttl: 3600 };
    writeFileSync(config, JSON.stringify({ issuers: [declared] }));
    const configured = await startTestServer(["--config", config]);
    try {
      const audited = async () => (await configured.admin("GET", "/admin/v1/audit?action=issuer.put")).json;
      const once = await audited();
      assert.equal((once.items as unknown[]).length, 1);
      assert.equal((await configured.introspect(await idp.sign())).active, true);
      await configured.restart();
      assert.deepEqual(await audited(), once);
    } finally {
      await configured.close();
    }
  });

  test("a declared issuer that cannot be is named, and the server does not start", async () => {
    const config = join(mkdtempSync(join(tmpdir(), "rescind-test-")), "config.json");
    writeFileSync(config, JSON.stringify({ issuers: [{ issuer: "x", jwks_uri: "https://x.example" }] }));
    await assert.rejects(startTestServer(["--config", config]), /issuers\/0\/issuer/);
    writeFileSync(config, JSON.stringify({ issuers: {} }));
    await assert.rejects(startTestServer(["--config", config]), /issuers .* array/);
  });
});

describe("introspection", () => {
  for (const kid of ["RS256-1", "EdDSA-2", "ES256-3"])
    test(`a JWT signed by ${kid} is active, with the members that mean something here`, async () => {
      const jti = crypto.randomUUID();
      const iat = nowSeconds();
      const token = await idp.sign({ jti, iat, exp: iat + 60, email: "ann@corp.example" }, { kid });
      const { head, hash, ...members } = await server.introspect(token);
      assert.deepEqual(members, {
        ...{ active: true, iss: idp.issuer, sub: "ann", aud: "https://api.example", client_id: "their-app" },
        ...{ scope: "read write", exp: iat + 60, iat, jti, token_type: "Bearer" },
      });
      assert.equal(typeof head, "number");
      assert.match(String(hash), /^[\w-]{43}$/);
    });

  test("only a caller with rescind:introspect or rescind:admin sees it, whomever it is for or from", async () => {
    const token = await idp.sign({ azp: "their-app", client_id: "reader", aud: ["https://api.example"] });
    const plain = await server.registerClient({ client_id: "reader", audience: ["https://api.example"] });
    assert.deepEqual((await server.form("/oauth2/introspect", { token }, plain)).json, { active: false });
    const allowed = await server.registerClient({ scope: "rescind:introspect" });
    assert.equal((await server.form("/oauth2/introspect", { token }, allowed)).json.active, true);
    const by = (bearer: string) =>
      server.request("/oauth2/introspect", {
        ...{ method: "POST", headers: { authorization: `Bearer ${bearer}` } },
        body: new URLSearchParams({ token }),
      });
    assert.equal((await by(await server.clientToken(allowed))).json.active, true);
    assert.equal((await by(await server.tokenWithScope("rescind:read"))).status, 403);
  });

  test("IN-05 it opens nothing of ours and is nobody's to revoke here", async () => {
    const token = await idp.sign({ aud: server.issuer, scope: "rescind:admin openid", sub: "admin" });
    const headers = { authorization: `Bearer ${token}` };
    for (const path of ["/admin/v1/clients", "/revocations", "/oauth2/userinfo"])
      assert.equal((await server.request(path, { headers })).status, 401, path);
    const client = await server.registerClient({ client_id: "their-app" });
    const refreshed = await server.form(
      "/oauth2/token",
      { grant_type: "refresh_token", refresh_token: token },
      client,
    );
    assert.equal(refreshed.json.error, "invalid_grant");
    for (const cascade of ["token", "grant", "subject_client"]) {
      const revoked = await server.form("/oauth2/revoke", { token, cascade }, client);
      assert.deepEqual([revoked.status, revoked.json], [200, {}]);
    }
    assert.equal(await isLive(token), true);
  });
});

describe("orders", () => {
  test("by jti: that token and no other, whatever its other claims, and lifted again", async () => {
    const [one, two] = [await idp.sign({ jti: "one" }), await idp.sign({ jti: "two" })];
    const foreignTwin = await other.sign({ jti: "one" });
    const { id, select } = await ordered({ issuer: idp.issuer, jti: "one" });
    assert.deepEqual(select, { issuer: idp.issuer, jti: "one" });
    assert.deepEqual(await Promise.all([one, two, foreignTwin].map(isLive)), [false, true, true]);
    const renewed = await idp.sign({ jti: "one", iat: nowSeconds() + 5 });
    assert.equal(await isLive(renewed), false, "an order of one token covers for good");
    assert.equal((await server.admin("POST", `/admin/v1/revocations/${id}/lift`)).status, 200);
    assert.equal(await isLive(one), true);
  });

  test("by subject: every token of that subject of that issuer, and no subject of ours of the same name", async () => {
    const iat = nowSeconds() - 60;
    const [his, hers] = [await idp.sign({ sub: "bob", iat }), await idp.sign({ sub: "eve", iat })];
    const elsewhere = await other.sign({ sub: "bob", iat });
    const client = await server.registerClient();
    const ours = String((await server.openGrant(client, "bob")).access_token);
    const { id, affected } = await ordered({ issuer: idp.issuer, subject: "bob" });
    assert.equal((affected as Record<string, unknown>).exact, false);
    assert.deepEqual(await Promise.all([his, hers, elsewhere, ours].map(isLive)), [false, true, true, true]);
    await server.admin("POST", `/admin/v1/revocations/${id}/lift`);
    assert.equal(await isLive(his), true);
    await ordered({ subject: "bob" });
    assert.deepEqual(await Promise.all([his, ours].map(isLive)), [true, false]);
  });

  test("the whole issuer: every token of it until now, lifted again", async () => {
    const [old, elsewhere] = [await idp.sign({ iat: nowSeconds() - 60 }), await other.sign()];
    const { id } = await ordered({ issuer: idp.issuer });
    assert.deepEqual(await Promise.all([old, elsewhere].map(isLive)), [false, true]);
    await server.admin("POST", `/admin/v1/revocations/${id}/lift`);
    assert.equal(await isLive(old), true);
  });

  test("by time: before spares what was issued later, within the clock tolerance of ten seconds", async () => {
    const sub = "by-time";
    const now = nowSeconds();
    const issued = (seconds: number) => idp.sign({ sub, iat: now - seconds });
    const tokens = await Promise.all([200, 100, 70, 60].map(issued));
    const before = new Date((now - 100) * 1000).toISOString().replace(".000Z", "Z");
    await ordered({ issuer: idp.issuer, subject: sub }, { before });
    assert.deepEqual(await Promise.all(tokens.map(isLive)), [false, false, true, true]);
    const near = await issued(92);
    assert.equal(await isLive(near), false, "eight seconds after the time may be a clock's difference");
  });

  test("a wide order carries its own second where no time was given: what is issued well after it lives", async () => {
    const sub = "own-time";
    const { seq } = await ordered({ issuer: idp.issuer, subject: sub });
    const feed = await server.request(`/revocations?after=${Number(seq) - 1}&limit=1`, {
      headers: { authorization: `Bearer ${await server.tokenWithScope("rescind:feed")}` },
    });
    const [entry] = feed.json.entries as Record<string, unknown>[];
    assert.equal(entry?.unit, "subject");
    assert.ok(Math.abs(Number(entry?.before) - nowSeconds()) <= 60, JSON.stringify(entry));
    assert.match(String(entry?.fp), /^[\w-]{22}$/);
    const same = await idp.sign({ sub, iat: Number(entry?.before) });
    assert.equal(await isLive(same), false, "the same second, and the tolerance after it");
    // Dated eleven seconds after the order; not yet live until its clock's difference is possible.
    const later = Number(entry?.before) + 11;
    const next = await idp.sign({ sub, iat: later, exp: later + 300 });
    await until(() => isLive(next));
  });

  test("without iat a token is covered by every wide order, and lives where there is none", async () => {
    const [covered, spared] = await Promise.all(
      ["no-iat", "no-iat-either"].map((sub) => idp.sign({ sub, iat: undefined })),
    );
    await ordered({ issuer: idp.issuer, subject: "no-iat" }, { before: ago(86_400 * 365) });
    assert.deepEqual(await Promise.all([covered ?? "", spared ?? ""].map(isLive)), [false, true]);
  });

  test("without jti a token is known by its subject and its issuer only", async () => {
    const token = await idp.sign({ sub: "no-jti", jti: undefined, iat: nowSeconds() - 60 });
    assert.equal((await server.introspect(token)).jti, undefined);
    const refused = await order({ token });
    assert.equal(refused.status, 400);
    assert.match(refused.text, /no jti/);
    await ordered({ issuer: idp.issuer, subject: "no-jti" });
    assert.equal(await isLive(token), false);
  });

  test("by its text it is ordered as its jti", async () => {
    const token = await idp.sign({ jti: "by-text" });
    const { select } = await ordered({ token });
    assert.deepEqual(select, { issuer: idp.issuer, jti: "by-text" });
    assert.equal(await isLive(token), false);
    const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
    assert.deepEqual((json.items as Record<string, unknown>[])[0]?.select, select);
  });

  test("what is not registered, this server itself, or does not go together is refused and changes nothing", async () => {
    const { seq } = await ordered({ issuer: other.issuer, jti: "last" });
    for (const [select, more, status, words] of [
      [{ issuer: "https://unknown.example" }, {}, 404, /register it first/],
      [{ issuer: server.issuer }, {}, 400, /this server itself.*without issuer/],
      [{ issuer: server.issuer, subject: "x" }, {}, 400, /this server itself/],
      [{ issuer: idp.issuer, client_id: "x" }, {}, 400, /Name exactly one unit/],
      [{ jti: "x" }, {}, 400, /Name exactly one unit/],
      [{ issuer: idp.issuer, jti: "x" }, { before: ago(5) }, 400, /takes no before/],
      [{ issuer: idp.issuer }, { max_affected: 5 }, 400, /max_affected/],
      [{ issuer: idp.issuer }, { before: "2999-01-01T00:00:00Z" }, 400, /future/],
    ] as const) {
      const answer = await order(select, more);
      assert.equal(answer.status, status, JSON.stringify(select));
      assert.match(answer.text, words);
    }
    assert.equal((await ordered({ issuer: other.issuer, jti: "next" })).seq, Number(seq) + 1);
  });

  test("an Idempotency-Key makes one order of two, though each would have a time of its own", async () => {
    const headers = { "idempotency-key": crypto.randomUUID() };
    const body = { select: { issuer: other.issuer, subject: "twice" } };
    const first = await server.admin("POST", "/admin/v1/revocations", body, headers);
    const again = await server.admin("POST", "/admin/v1/revocations", body, headers);
    assert.deepEqual([first.status, again.status], [201, 201]);
    assert.equal(again.json.seq, first.json.seq);
  });

  test("A5 E3 an entry outlasts every token that raising max_token_ttl could bring to life", async () => {
    const fresh = await startTestServer();
    try {
      await idp.registerAt(fresh, { max_token_ttl: 60 });
      const long = nowSeconds() + 86_000;
      const tokens = [await idp.sign({ jti: "long", exp: long }), await idp.sign({ sub: "long", exp: long })];
      for (const select of [
        { issuer: idp.issuer, jti: "long" },
        { issuer: idp.issuer, subject: "long" },
      ])
        assert.equal((await fresh.admin("POST", "/admin/v1/revocations", { select })).status, 201);
      const headers = { authorization: `Bearer ${await fresh.tokenWithScope("rescind:feed")}` };
      const { entries } = (await fresh.request("/revocations", { headers })).json;
      for (const { expires } of entries as { expires: number }[])
        assert.ok(expires > long + 60, `${expires - long} s`);
      await idp.registerAt(fresh);
      for (const token of tokens) assert.deepEqual(await fresh.introspect(token), { active: false });
    } finally {
      await fresh.close();
    }
  });

  test("a restart forgets nothing of it", async () => {
    const token = await idp.sign({ jti: "kept" });
    await ordered({ issuer: idp.issuer, jti: "kept" });
    await server.restart();
    assert.equal(await isLive(token), false);
    assert.equal(await isLive(await idp.sign()), true);
  });
});
