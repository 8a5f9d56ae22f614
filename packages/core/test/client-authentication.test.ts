// Which credential a request presents and whether the registration allows it: RFC 6749 section 2.3, RFC 7523.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type AssertionClaims,
  allowsMethod,
  type CredentialFields,
  checkAssertion,
  clientAuthMethods,
  clockSkew,
  type PresentedCredential,
  presentedCredential,
} from "@rescind/core";
import fc from "fast-check";
import { client } from "./clients.ts";
import { holds } from "./property.ts";

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

function present(fields: Partial<CredentialFields>) {
  const nothing: CredentialFields = {
    authorization: undefined,
    client_id: undefined,
    client_secret: undefined,
    client_assertion: undefined,
    client_assertion_type: undefined,
  };
  const subjectOf = (jwt: string) => (jwt.startsWith("sub=") ? jwt.slice(4) : undefined);
  const decode = (text: string) => Buffer.from(text, "base64").toString("utf8");
  return presentedCredential({ ...nothing, ...fields }, decode, subjectOf);
}

function outcome(fields: Partial<CredentialFields>): string {
  const presented = present(fields);
  return presented.kind === "refuse" ? presented.error : `${presented.kind} ${presented.clientId}`;
}

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`;

describe("AC-18 the one credential of a request", () => {
  const ways = {
    authorization: { authorization: basic("shop", "s") },
    client_secret: { client_secret: "s" },
    client_assertion: { client_assertion: "sub=shop", client_assertion_type: jwtBearer },
  };
  const names = Object.keys(ways) as (keyof typeof ways)[]; // the keys of the literal above
  const kinds = { authorization: "basic", client_secret: "post", client_assertion: "assertion" };
  for (let mask = 0; mask < 8; mask++) {
    const used = names.filter((_, bit) => (mask >> bit) & 1);
    const [only] = used;
    const expected =
      used.length > 1 ? "invalid_request" : only === undefined ? "none shop" : `${kinds[only]} shop`;
    test(`${used.join(" + ") || "client_id alone"}: ${expected}`, () => {
      assert.equal(
        outcome({ client_id: "shop", ...Object.assign({}, ...used.map((way) => ways[way])) }),
        expected,
      );
    });
  }

  test("two ways are refused even where they agree, and where one is malformed", () => {
    assert.equal(
      outcome({ authorization: "Bearer x", client_secret: "s", client_id: "shop" }),
      "invalid_request",
    );
    assert.equal(outcome({ authorization: basic("shop", "s"), client_secret: "s" }), "invalid_request");
  });

  test("a client_id that differs from the credential's is refused", () => {
    assert.equal(outcome({ authorization: basic("shop", "s"), client_id: "bank" }), "invalid_request");
    assert.equal(outcome({ ...ways.client_assertion, client_id: "bank" }), "invalid_request");
  });

  test("a field without a value counts as omitted", () => {
    assert.equal(outcome({ client_id: "shop", client_secret: "" }), "none shop");
    assert.equal(
      outcome({ authorization: basic("shop", "s"), client_id: "", client_secret: "" }),
      "basic shop",
    );
    assert.equal(
      outcome({ client_id: "shop", client_assertion: "", client_assertion_type: "" }),
      "none shop",
    );
  });

  test("nothing at all, an empty client_id and one of other letters are invalid_client", () => {
    assert.equal(outcome({}), "invalid_client");
    assert.equal(outcome({ client_id: "" }), "invalid_client");
    for (const id of ["shöp", "sh\0p", "sh\np", "\ud800"])
      assert.equal(outcome({ client_id: id }), "invalid_client");
  });

  test("a secret without client_id is invalid_client", () => {
    assert.equal(outcome({ client_secret: "s" }), "invalid_client");
  });
});

describe("client_secret_basic", () => {
  test("is form-decoded: RFC 6749 section 2.3.1", () => {
    assert.deepEqual(present({ authorization: basic("my%20shop", "a%3Ab+c%25") }), {
      kind: "basic",
      clientId: "my shop",
      secret: "a:b c%",
    });
  });

  test("is split at the first colon, and the scheme is of any case", () => {
    const header = basic("shop", "a:b").replace("Basic", "bASIC");
    assert.deepEqual(present({ authorization: header }), { kind: "basic", clientId: "shop", secret: "a:b" });
  });

  for (const [what, header] of Object.entries({
    "another scheme": "Bearer abc",
    "no credentials": "Basic",
    "letters outside of base64": "Basic @@@@",
    base64url: "Basic c2hvcD9-OnM",
    "no colon": `Basic ${Buffer.from("shop").toString("base64")}`,
    "an empty id": basic("", "s"),
    "a broken escape": basic("shop", "100%"),
    "a NUL": basic("sh%00p", "s"),
    "two credentials": `${basic("shop", "s")}, ${basic("bank", "s")}`,
  }))
    test(`with ${what} is invalid_client`, () =>
      assert.equal(outcome({ authorization: header }), "invalid_client"));

  test("reads back whatever was encoded as the RFC says", () => {
    const encode = (text: string) => encodeURIComponent(text).replaceAll("%20", "+");
    const visible = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
    });
    holds(
      fc.property(visible, fc.string(), (id, secret) => {
        if (id === "") return;
        const header = basic(encode(id), encode(secret));
        assert.deepEqual(present({ authorization: header }), { kind: "basic", clientId: id, secret });
      }),
    );
  });
});

describe("private_key_jwt", () => {
  test("needs its type, and the type needs it", () => {
    assert.equal(outcome({ client_assertion: "sub=shop" }), "invalid_request");
    assert.equal(outcome({ client_assertion: "sub=shop", client_assertion_type: "jwt" }), "invalid_request");
    assert.equal(outcome({ client_id: "shop", client_assertion_type: jwtBearer }), "invalid_request");
  });

  test("that cannot be read, or names no client, is invalid_client", () => {
    for (const jwt of ["x", "sub=", "sub=shöp"])
      assert.equal(outcome({ client_assertion: jwt, client_assertion_type: jwtBearer }), "invalid_client");
  });
});

test("whatever the fields, the answer is one credential of one client, or a refusal", () => {
  const text = fc.option(
    fc.oneof(fc.string(), fc.constantFrom("shop", basic("shop", "s"), jwtBearer, "sub=shop")),
    {
      nil: undefined,
    },
  );
  const all = fc.record({
    authorization: text,
    client_id: text,
    client_secret: text,
    client_assertion: text,
    client_assertion_type: text,
  });
  holds(
    fc.property(all, (fields) => {
      const presented = present(fields);
      if (presented.kind !== "refuse") assert.match(presented.clientId, /^[\x20-\x7e]+$/);
    }),
    2000,
  );
});

test("AC-19 a registration allows its own method: basic and post interchangeable, the others exact", () => {
  const credentials: Record<PresentedCredential["kind"], PresentedCredential> = {
    basic: { kind: "basic", clientId: "shop", secret: "s" },
    post: { kind: "post", clientId: "shop", secret: "s" },
    assertion: { kind: "assertion", clientId: "shop", assertion: "a" },
    none: { kind: "none", clientId: "shop" },
  };
  const allowed = clientAuthMethods.map((authMethod) =>
    Object.values(credentials)
      .filter((credential) => allowsMethod({ ...client, authMethod }, credential))
      .map((credential) => credential.kind),
  );
  assert.deepEqual(allowed, [["basic", "post"], ["basic", "post"], ["assertion"], ["none"]]);
});

describe("AC-17 the claims of a client assertion", () => {
  const audience = { issuer: "https://as.example", tokenEndpoint: "https://as.example/oauth2/token" };
  const at = 1_000_000;
  const good: AssertionClaims = {
    iss: "shop",
    sub: "shop",
    aud: audience.issuer,
    exp: at + 60,
    iat: at,
    jti: "j1",
  };
  const check = (
    changed: Record<string, unknown>,
    assertionAudience: "issuer" | "token_endpoint" = "issuer",
  ) => checkAssertion({ ...good, ...changed }, { ...client, assertionAudience }, audience, at);

  test("are accepted with the issuer as audience, as a string or the one element of an array", () => {
    const accepted = { jti: "j1", expiresAt: at + 60 + 10 + clockSkew };
    assert.deepEqual(check({}), accepted);
    assert.deepEqual(check({ aud: [audience.issuer] }), accepted);
  });

  test("are accepted with the token endpoint's URL only where the client is registered so", () => {
    assert.equal(check({ aud: audience.tokenEndpoint }), undefined);
    assert.ok(check({ aud: audience.tokenEndpoint }, "token_endpoint"));
    assert.ok(check({ aud: [audience.tokenEndpoint] }, "token_endpoint"));
    assert.ok(check({}, "token_endpoint"));
  });

  const audiences: unknown[] = [
    undefined,
    null,
    "",
    [],
    {},
    7,
    "https://as.example/",
    "HTTPS://as.example",
    "https://evil.example",
    ["https://as.example", "https://evil.example"],
    ["https://evil.example", "https://as.example"],
    ["https://as.example", "https://as.example"],
    [["https://as.example"]],
    [null],
  ];
  for (const aud of audiences) {
    test(`are refused with the audience ${JSON.stringify(aud)}`, () => {
      assert.equal(check({ aud }), undefined);
      assert.equal(check({ aud }, "token_endpoint"), undefined);
    });
  }

  const bad: Record<string, Record<string, unknown>> = {
    "another iss": { iss: "bank" },
    "another sub": { sub: "bank" },
    "no iss": { iss: undefined },
    "no exp": { exp: undefined },
    "exp as text": { exp: String(at + 60) },
    "an exp that is not finite": { exp: Number.POSITIVE_INFINITY },
    "an exp that is no number": { exp: Number.NaN },
    "an exp past the tolerance": { exp: at - 10 },
    "an exp more than an hour ahead": { exp: at + 3601 },
    "an nbf ahead": { nbf: at + 11 },
    "nbf as text": { nbf: "0" },
    "an iat ahead": { iat: at + 11 },
    "no jti": { jti: undefined },
    "an empty jti": { jti: "" },
    "a jti as a number": { jti: 1 },
    "a jti of 256 characters": { jti: "j".repeat(256) },
  };
  for (const [what, changed] of Object.entries(bad))
    test(`are refused with ${what}`, () => assert.equal(check(changed), undefined));

  test("allow for ten seconds between the clocks", () => {
    assert.ok(check({ exp: at - 9 }));
    assert.ok(check({ nbf: at + 10, iat: at + 10 }));
  });

  test("AC-16 the jti stays spent until no node can accept the assertion any more", () => {
    holds(
      fc.property(fc.double({ min: at - 9, max: at + 3600, noNaN: true }), fc.nat(4000), (exp, later) => {
        const spent = check({ exp });
        assert.ok(spent);
        const node = checkAssertion({ ...good, exp, iat: undefined }, client, audience, at + later);
        if (node !== undefined) assert.ok(spent.expiresAt > at + later + clockSkew - 1);
      }),
    );
  });
});
