// What the schemas cannot say: which members of `select` go together, which registrations contradict themselves,
// which times exist.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  checkRegistration,
  formatTime,
  formatTimeMs,
  type NewClient,
  parseTimeMs,
  readSelect,
  type Select,
  takesBefore,
} from "@rescind/admin-api";
import fc from "fast-check";

const seed = Number(process.env.RESCIND_TEST_SEED ?? 1);

describe("select", () => {
  const units: [Select, string, boolean][] = [
    [{ token: "x" }, "token", false],
    [{ token_id: "tid_1" }, "token_id", false],
    [{ grant_id: "gnt_1" }, "grant", false],
    [{ session_id: "ses_1" }, "session", true],
    [{ subject: "u" }, "subject", true],
    [{ client_id: "c" }, "client", true],
    [{ subject: "u", client_id: "c" }, "subject+client", true],
    [{ key_id: "key_1" }, "key", true],
    [{ kid: "k" }, "signing-key", false],
    [{ issuer: "https://idp.example" }, "issuer", true],
    [{ issuer: "https://idp.example", subject: "u" }, "issuer+subject", true],
    [{ issuer: "https://idp.example", jti: "j" }, "issuer+jti", false],
    [{ all: true }, "all", true],
  ];
  for (const [select, kind, before] of units) {
    test(`${JSON.stringify(select)} is the unit ${kind}`, () => {
      const selected = readSelect(select);
      assert.ok(selected !== undefined);
      assert.deepEqual([selected.kind, takesBefore(selected)], [kind, before]);
    });
  }

  test("only subject with client_id and issuer with subject or jti go together; no other pair names a unit", () => {
    const single = units.filter(([select]) => Object.keys(select).length === 1).map(([select]) => select);
    const members = [...single, { jti: "j" }];
    const pairs = [
      ["subject", "client_id"],
      ["issuer", "subject"],
      ["issuer", "jti"],
    ];
    const pair = fc.tuple(fc.constantFrom(...members), fc.constantFrom(...members));
    fc.assert(
      fc.property(pair, ([one, other]) => {
        const names = new Set([...Object.keys(one), ...Object.keys(other)]);
        const isPair = names.size === 2 && pairs.some((pair) => pair.every((name) => names.has(name)));
        const isOne = names.size === 1 && !names.has("jti");
        const selected = readSelect({ ...one, ...other });
        assert.equal(selected !== undefined, isOne || isPair);
      }),
      { seed },
    );
  });

  test("nothing selected is no unit", () => {
    assert.equal(readSelect({}), undefined);
  });
});

describe("a registration that contradicts itself is refused at the field", () => {
  const plain: NewClient = { name: "x", grant_types: ["client_credentials"] };
  const code: NewClient = { name: "x", grant_types: ["authorization_code"] };
  const publicKey = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
  const signed: NewClient = { ...plain, token_endpoint_auth_method: "private_key_jwt" };
  const open: NewClient = { name: "x", grant_types: ["refresh_token"], token_endpoint_auth_method: "none" };
  const cases: [string, NewClient, string | undefined][] = [
    ["client credentials by secret", plain, undefined],
    ["AC-19 private_key_jwt with keys", { ...signed, jwks: { keys: [publicKey] } }, undefined],
    ["AC-19 private_key_jwt without keys", signed, "/jwks"],
    [
      "both kinds of keys",
      { ...signed, jwks: { keys: [publicKey] }, jwks_uri: "https://a.example" },
      "/jwks",
    ],
    ["AC-19 keys beside a secret", { ...plain, jwks: { keys: [publicKey] } }, "/jwks"],
    ["AC-19 a keys URL beside a secret", { ...plain, jwks_uri: "https://a.example" }, "/jwks_uri"],
    ["a private key", { ...signed, jwks: { keys: [{ ...publicKey, d: "AA" }] } }, "/jwks/keys/0/d"],
    ["a symmetric key", { ...signed, jwks: { keys: [{ kty: "oct", k: "AA" }] } }, "/jwks/keys/0/kty"],
    [
      "a public client with client credentials",
      { ...plain, token_endpoint_auth_method: "none" },
      "/grant_types",
    ],
    [
      "a public client without rotation",
      { ...open, refresh_token_rotation: false },
      "/refresh_token_rotation",
    ],
    ["a public client without PKCE", { ...open, require_pkce: false }, "/require_pkce"],
    ["jsonp for a confidential client", { ...plain, jsonp: true }, "/jsonp"],
    ["the code flow without a redirect URI", code, "/redirect_uris"],
    ["AC-10 javascript:", { ...code, redirect_uris: ["javascript:alert(1)"] }, "/redirect_uris/0"],
    ["AC-10 JavaScript in capitals", { ...code, redirect_uris: ["JAVASCRIPT:alert(1)"] }, "/redirect_uris/0"],
    ["AC-10 user information", { ...code, redirect_uris: ["https://a@b.example/"] }, "/redirect_uris/0"],
    ["AC-10 a backslash", { ...code, redirect_uris: ["https://a.example\\@b.example/"] }, "/redirect_uris/0"],
    ["AC-10 http elsewhere", { ...code, redirect_uris: ["http://a.example/"] }, "/redirect_uris/0"],
    ["http at home", { ...code, redirect_uris: ["http://127.0.0.1/cb", "http://[::1]/cb"] }, undefined],
    ["an application's own scheme", { ...code, redirect_uris: ["com.example.app:/cb"] }, undefined],
    [
      "the second of two",
      { ...code, redirect_uris: ["https://a.example", "data:text/html,x"] },
      "/redirect_uris/1",
    ],
    ["a reserved claim", { ...plain, custom_claims: { sub: "root" } }, "/custom_claims"],
    ["claims over 4 KiB", { ...plain, custom_claims: { a: "x".repeat(5000) } }, "/custom_claims"],
  ];
  for (const [what, client, pointer] of cases) {
    test(what, () => assert.equal(checkRegistration(client)?.pointer, pointer));
  }
});

describe("times", () => {
  test("what is written is read again", () => {
    const whole = fc.integer({ min: 0, max: 4_102_444_800 });
    fc.assert(
      fc.property(whole, fc.integer({ min: 0, max: 999 }), (seconds, rest) => {
        assert.equal(parseTimeMs(formatTime(seconds)), seconds * 1000);
        assert.equal(parseTimeMs(formatTimeMs(seconds * 1000 + rest)), seconds * 1000 + rest);
      }),
      { seed },
    );
  });

  test("zones and small letters are read", () => {
    assert.equal(parseTimeMs("2026-01-01T01:00:00+01:00"), Date.UTC(2026, 0, 1));
    assert.equal(parseTimeMs("2026-01-01t00:00:00z"), Date.UTC(2026, 0, 1));
  });

  for (const text of [
    "2026-02-30T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01",
    "2026-01-01T24:00:00Z",
    "now",
    "",
  ]) {
    test(`${JSON.stringify(text)} is no time`, () => assert.equal(parseTimeMs(text), undefined));
  }
});
