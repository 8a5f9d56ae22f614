// Who is told of a token: RFC 7662 section 4, CONTRACT.md section 5.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type IntrospectedToken, type IntrospectionCaller, isActiveFor, type Verdict } from "@rescind/core";
import fc from "fast-check";
import { holds } from "./property.ts";

const live: Verdict = { kind: "live" };
const token: IntrospectedToken = { clientId: "shop", audience: ["https://api.example"] };
const caller: IntrospectionCaller = { kind: "client", clientId: "bank", audience: [], scopes: [] };

test("a client sees what was issued to it", () => {
  assert.equal(isActiveFor({ ...caller, clientId: "shop" }, token, live), true);
});

test("a client sees what is meant for a resource of its own", () => {
  assert.equal(isActiveFor({ ...caller, audience: ["https://api.example"] }, token, live), true);
});

test("IN-02 a client sees nothing else, but with rescind:introspect or rescind:admin in its scope anything", () => {
  assert.equal(isActiveFor(caller, token, live), false);
  assert.equal(isActiveFor({ ...caller, audience: ["https://api.example/"] }, token, live), false);
  for (const scope of ["rescind:introspect", "rescind:admin"])
    assert.equal(isActiveFor({ ...caller, scopes: [scope] }, token, live), true, scope);
  for (const scope of ["rescind:read", "rescind:revoke", "rescind:feed", "introspect"])
    assert.equal(isActiveFor({ ...caller, scopes: [scope] }, token, live), false, scope);
});

test("IN-01 a bearer token sees by its scopes alone", () => {
  assert.equal(isActiveFor({ kind: "bearer", scopes: ["rescind:introspect"] }, token, live), true);
  assert.equal(isActiveFor({ kind: "bearer", scopes: ["rescind:admin"] }, token, live), true);
  assert.equal(
    isActiveFor({ kind: "bearer", scopes: ["rescind:revoke", "orders:read"] }, token, live),
    false,
  );
});

test("a token of no known client is no one's by having none", () => {
  const foreign = { clientId: undefined, audience: [] };
  assert.equal(isActiveFor(caller, foreign, live), false);
  assert.equal(isActiveFor({ ...caller, scopes: ["rescind:introspect"] }, foreign, live), true);
});

test("IN-10 nobody is told that a token is active which is not live", () => {
  const callers = fc.oneof(
    fc.record({ kind: fc.constant("bearer" as const), scopes: fc.constant(["rescind:admin"]) }),
    fc.record({
      kind: fc.constant("client" as const),
      clientId: fc.constantFrom("shop", "bank"),
      audience: fc.constantFrom<string[]>([], ["https://api.example"]),
      scopes: fc.constantFrom<string[]>([], ["rescind:introspect"]),
    }),
  );
  const dead = fc.constantFrom<Verdict>(
    { kind: "expired" },
    { kind: "not-yet" },
    { kind: "revoked", by: { seq: 1, unit: "token" } },
  );
  holds(fc.property(callers, dead, (who, verdict) => assert.equal(isActiveFor(who, token, verdict), false)));
});
