// Registration between the wire and core: pure, by tables and by a property.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Client, GrantType } from "@rescind/core";
import fc from "fast-check";
import { seed } from "../../../../test/seed.ts";
import {
  clientFromRequest,
  type NamedClient,
  requestFromClient,
  resourceFromRequest,
} from "../../src/admin/registration.ts";

const strict = { allowPrivateNetworks: false };
const lenient = { allowPrivateNetworks: true };
const plain: NamedClient = { client_id: "c", name: "C", grant_types: ["client_credentials"] };
const signed: NamedClient = { ...plain, token_endpoint_auth_method: "private_key_jwt" };
const publicKey = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };

function parsed(request: NamedClient): Client {
  const client = clientFromRequest(request, strict);
  assert.ok(!Array.isArray(client), JSON.stringify(client));
  return client;
}

test("absent members take the strict defaults", () => {
  const { authMethod, refreshTokenRotation, requirePkce, firstParty, jsonp, revocationPolicy } =
    parsed(plain);
  assert.deepEqual(
    { authMethod, refreshTokenRotation, requirePkce, firstParty, jsonp, revocationPolicy },
    {
      authMethod: "client_secret_basic",
      refreshTokenRotation: true,
      requirePkce: true,
      firstParty: false,
      jsonp: false,
      revocationPolicy: { accessToken: "token", refreshToken: "grant" },
    },
  );
});

test("a client read from its own registration is the same client", () => {
  const types: readonly GrantType[] = ["client_credentials", "refresh_token"];
  const words = fc.uniqueArray(fc.stringMatching(/^[a-z:]{1,8}$/), { maxLength: 4 });
  const request = fc.record(
    {
      client_id: fc.stringMatching(/^[!-~]{3,20}$/),
      name: fc.string({ minLength: 1, maxLength: 20 }),
      grant_types: fc.uniqueArray(fc.constantFrom(...types), { minLength: 1 }),
      scope: words.map((scopes) => scopes.join(" ")),
      audience: fc.uniqueArray(fc.webUrl(), { maxLength: 3 }),
      access_token_format: fc.constantFrom("jwt" as const, "opaque" as const),
      access_token_ttl: fc.integer({ min: 1, max: 86_400 }),
      refresh_token_ttl: fc.integer({ min: 1, max: 31_536_000 }),
      refresh_token_rotation: fc.boolean(),
      require_pkce: fc.boolean(),
      first_party: fc.boolean(),
      allowed_origins: fc.constantFrom<string[]>([], ["https://a.example", "http://localhost:3000"]),
      custom_claims: fc.constantFrom<Record<string, unknown>>(
        {},
        { team: "blue", deep: { list: [1, "2", null] } },
      ),
    },
    { requiredKeys: ["client_id", "name", "grant_types"] },
  );
  fc.assert(
    fc.property(request, (asked) => {
      const client = parsed(asked);
      assert.deepEqual(parsed(requestFromClient(client)), client);
    }),
    { seed },
  );
});

describe("a registration is refused at the field at fault", () => {
  const cases: [string, NamedClient, string | undefined][] = [
    [
      "AC-19 a public client that would authenticate by nothing",
      { ...plain, token_endpoint_auth_method: "none" },
      "/grant_types",
    ],
    ["AC-19 private_key_jwt without keys", signed, "/jwks"],
    [
      "AC-23 a key that is none",
      { ...signed, jwks: { keys: [{ kty: "EC", crv: "P-256", x: "AA", y: "AA" }] } },
      "/jwks/keys/0",
    ],
    [
      "AC-23 the second key is none",
      { ...signed, jwks: { keys: [publicKey, { kty: "RSA" }] } },
      "/jwks/keys/1",
    ],
    ["AC-23 keys over http", { ...signed, jwks_uri: "http://keys.example/jwks" }, "/jwks_uri"],
    [
      "WEB-01 keys at the cloud's metadata address",
      { ...signed, jwks_uri: "https://169.254.169.254/jwks" },
      "/jwks_uri",
    ],
    ["WEB-01 keys at this machine, IPv6", { ...signed, jwks_uri: "https://[::1]/jwks" }, "/jwks_uri"],
    [
      "WEB-01 keys at a mapped private address",
      { ...signed, jwks_uri: "https://[::ffff:10.0.0.1]/jwks" },
      "/jwks_uri",
    ],
    [
      "WEB-01 keys behind a decimal loopback address",
      { ...signed, jwks_uri: "https://2130706433/jwks" },
      "/jwks_uri",
    ],
    [
      "user information in the keys' URL",
      { ...signed, jwks_uri: "https://a@keys.example/jwks" },
      "/jwks_uri",
    ],
    [
      "WEB-02 an origin with its usual port",
      { ...plain, allowed_origins: ["https://a.example:443"] },
      "/allowed_origins/0",
    ],
    [
      "WEB-02 a later origin at fault",
      { ...plain, allowed_origins: ["https://a.example", "http://b.example:80"] },
      "/allowed_origins/1",
    ],
    ["an audience that is no URI", { ...plain, audience: ["https://a.example", "https://"] }, "/audience/1"],
    ["AC-23 a redirect that runs", { ...plain, redirect_uris: ["javascript:alert(1)"] }, "/redirect_uris/0"],
    ["a claim that is the server's", { ...plain, custom_claims: { rev: 0 } }, "/custom_claims"],
    ["keys over https", { ...signed, jwks_uri: "https://keys.example/jwks" }, undefined],
    ["keys inline", { ...signed, jwks: { keys: [publicKey] } }, undefined],
    ["a resource by URN", { ...plain, audience: ["urn:example:orders"] }, undefined],
  ];
  for (const [what, request, pointer] of cases) {
    test(what, () => {
      const client = clientFromRequest(request, strict);
      assert.equal(Array.isArray(client) ? client[0]?.pointer : undefined, pointer);
    });
  }
});

test("where private networks are allowed, keys may come over http from this machine", () => {
  const client = clientFromRequest({ ...signed, jwks_uri: "http://127.0.0.1:1/jwks" }, lenient);
  assert.ok(!Array.isArray(client));
});

test("a resource takes its defaults, and must be an absolute URI", () => {
  assert.deepEqual(resourceFromRequest({ resource: "https://api.example" }), {
    resource: "https://api.example",
    name: undefined,
    scopes: [],
    accessTokenFormat: undefined,
    accessTokenTtl: undefined,
    accessTokenTyp: "at+jwt",
    signingAlg: "ES256",
  });
  const refused = resourceFromRequest({ resource: "https://" });
  assert.deepEqual(Array.isArray(refused) && refused.map(({ pointer }) => pointer), ["/resource"]);
});
