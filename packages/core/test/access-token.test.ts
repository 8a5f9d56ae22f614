// Access tokens: what is judged of them, the claims of the JWT form (RFC 9068), and the limits of configured claims.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type AccessToken,
  accessTokenClaims,
  checkClaims,
  claimsCap,
  judgedAccessToken,
  reservedClaims,
  unitsOf,
} from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";
import { issuer } from "./world.ts";

const token: AccessToken = {
  id: "7",
  clientId: "shop",
  subject: "usr_1",
  grantId: "gnt_1",
  sessionId: "ses_1",
  keyId: "key_1",
  kid: "es-1",
  scopes: ["orders:read", "orders:write"],
  audience: ["https://api.example"],
  rev: 0,
  issuedAt: 1500,
  expiresAt: 2400,
  grantIat: 1000,
  authTime: 900,
  offline: false,
  lineage: [],
  claims: { email: "a@example.org" },
};
const own: AccessToken = {
  ...token,
  ...{ subject: "shop", grantId: undefined, sessionId: undefined, grantIat: undefined, authTime: undefined },
};

test("JW-07 RFC 9068 section 2.2: every required claim is there, the log's head too when it is 0", () => {
  assert.deepEqual(accessTokenClaims(token, issuer), {
    email: "a@example.org",
    iss: issuer,
    sub: "usr_1",
    aud: "https://api.example",
    exp: 2400,
    iat: 1500,
    jti: "tid_7",
    client_id: "shop",
    scope: "orders:read orders:write",
    rev: 0,
    grant_id: "gnt_1",
    sid: "ses_1",
    key_id: "key_1",
    grant_iat: 1000,
    auth_time: 900,
  });
});

test("what a client's own token does not have is left out: grant_id, sid, grant_iat, offline, lineage", () => {
  const claims = accessTokenClaims({ ...own, scopes: [], keyId: undefined, claims: {} }, issuer);
  assert.deepEqual(Object.keys(claims).sort(), [
    "aud",
    "client_id",
    "exp",
    "iat",
    "iss",
    "jti",
    "rev",
    "sub",
  ]);
});

test("several audiences are an array, offline and lineage stand where they apply", () => {
  const audience = ["https://api.example", issuer];
  const claims = accessTokenClaims({ ...token, audience, offline: true, lineage: ["A".repeat(22)] }, issuer);
  assert.deepEqual(claims.aud, audience);
  assert.equal(claims.offline, true);
  assert.deepEqual(claims.lineage, ["A".repeat(22)]);
});

test("the units judged are those that stand in the claims", () => {
  const names = unitsOf(judgedAccessToken(token, issuer)).map((unit) => unit.name);
  assert.deepEqual(
    names.sort(),
    [
      "all",
      "client",
      "grant",
      "key",
      "logout",
      "session",
      "signing-key",
      "subject",
      "subject+client",
      "token",
    ].sort(),
  );
});

test("a grant's tokens were authorised when it was opened, a client's own when they were issued", () => {
  assert.equal(judgedAccessToken(token, issuer).authorisedAt, 1000);
  assert.equal(judgedAccessToken(own, issuer).authorisedAt, 1500);
});

describe("configured claims", () => {
  test("may not use a name that the server sets", () => {
    for (const name of reservedClaims) {
      const refused = checkClaims({ [name]: 1 });
      assert.equal(refused?.error, "invalid_request", name);
      assert.ok(refused?.description.includes(name));
    }
  });

  test("that pass never change a claim of the server", () => {
    const names = fc.oneof(
      fc.string(),
      fc.constantFrom(...reservedClaims, "__proto__", "constructor", "toString"),
    );
    holds(
      fc.property(fc.dictionary(names, fc.jsonValue()), fc.constantFrom(token, own), (claims, base) => {
        if (checkClaims(claims) !== undefined) return;
        const plain = accessTokenClaims({ ...base, claims: {} }, issuer);
        const written: unknown = JSON.parse(JSON.stringify(accessTokenClaims({ ...base, claims }, issuer)));
        assert.ok(typeof written === "object" && written !== null);
        const seen = new Map(Object.entries(written));
        for (const name of reservedClaims) assert.deepEqual(seen.get(name), plain[name], name);
      }),
    );
  });

  test("WEB-12 named __proto__ stay a claim and change no prototype", () => {
    const claims = JSON.parse('{"__proto__": {"admin": true}}');
    const written = accessTokenClaims({ ...token, claims }, issuer);
    assert.equal(Object.getPrototypeOf(written), Object.prototype);
    assert.equal(Reflect.get({}, "admin"), undefined);
  });

  test("IN-07 may take 4096 bytes of JSON, counted as UTF-8, and not one more", () => {
    const overhead = '{"x":""}'.length;
    assert.equal(checkClaims({ x: "a".repeat(claimsCap - overhead) }), undefined);
    assert.equal(checkClaims({ x: "a".repeat(claimsCap - overhead + 1) })?.error, "invalid_request");
    assert.equal(checkClaims({ x: "é".repeat((claimsCap - overhead) / 2) }), undefined);
    assert.equal(checkClaims({ x: "é".repeat((claimsCap - overhead) / 2 + 1) })?.error, "invalid_request");
  });
});
