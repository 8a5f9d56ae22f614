// Audience and scopes of a token: RFC 8707, and the client credentials grant that uses them (RFC 6749 section 4.4).
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { chooseTarget, decideClientCredentials, rescindScopes, type TargetRequest } from "@rescind/core";
import fc from "fast-check";
import { api, client, other } from "./clients.ts";
import { holds } from "./property.ts";

const issuer = "https://as.example";
const resources = new Map([
  [api.resource, api],
  [other.resource, other],
]);

function target(changed: Partial<TargetRequest>) {
  const allowed = changed.client?.scopes ?? client.scopes;
  return chooseTarget({ client, issuer, asked: undefined, scopes: [], allowed, resources, ...changed });
}

function granted(changed: Partial<TargetRequest>) {
  const chosen = target(changed);
  return "error" in chosen ? chosen.error : [chosen.audience, chosen.scopes];
}

describe("the target of a token", () => {
  test("is the client's first resource where none is asked, else the issuer", () => {
    assert.deepEqual(granted({}), [[api.resource], ["orders:read", "orders:write"]]);
    assert.deepEqual(granted({ client: { ...client, audience: [] } }), [[issuer], client.scopes]);
  });

  test("is the resource asked for, if the client is registered for it", () => {
    const reader = { ...client, scopes: ["orders:read", "other:read"] };
    assert.deepEqual(granted({ client: reader, asked: other.resource }), [[other.resource], ["other:read"]]);
    for (const asked of ["https://evil.example", "", "https://api.example/", "HTTPS://api.example"])
      assert.equal(granted({ asked }), "invalid_target", asked);
  });

  test("at refresh is one of the grant, not of all that the client is registered for", () => {
    const audience = [other.resource];
    assert.equal(granted({ audience, asked: api.resource }), "invalid_target");
    assert.deepEqual(granted({ audience, allowed: ["other:read"] }), [[other.resource], ["other:read"]]);
  });

  test("refuses a scope that the resource does not know, and leaves it out where none was asked", () => {
    const reader = { ...client, scopes: ["orders:read", "other:read"] };
    assert.equal(granted({ client: reader, scopes: ["other:read"] }), "invalid_scope");
    assert.deepEqual(granted({ client: reader }), [[api.resource], ["orders:read"]]);
  });

  test("knows every scope of the client where the resource names none, and openid and offline_access always", () => {
    const open = new Map([[api.resource, { ...api, scopes: [] }]]);
    assert.deepEqual(granted({ resources: open, scopes: ["orders:read"] }), [
      [api.resource],
      ["orders:read"],
    ]);
    const person = { ...client, scopes: ["openid", "offline_access"] };
    assert.deepEqual(granted({ client: person }), [[api.resource], ["openid", "offline_access"]]);
  });

  test("a resource whose registration is gone has no settings but keeps its name", () => {
    const chosen = target({ resources: new Map() });
    assert.ok(!("error" in chosen) && chosen.resource === undefined);
    assert.deepEqual(chosen.audience, [api.resource]);
  });
});

describe("scopes of our own endpoints", () => {
  const operator = { ...client, scopes: ["orders:read", "rescind:revoke"] };

  test("bring the issuer into the audience where no resource is asked", () => {
    assert.deepEqual(granted({ client: operator, scopes: ["rescind:revoke"] }), [
      [api.resource, issuer],
      ["rescind:revoke"],
    ]);
    assert.deepEqual(granted({ client: operator, scopes: ["orders:read"] }), [
      [api.resource],
      ["orders:read"],
    ]);
  });

  test("are not for a token that is asked for another resource", () => {
    assert.equal(
      granted({ client: operator, asked: api.resource, scopes: ["rescind:revoke"] }),
      "invalid_scope",
    );
    assert.deepEqual(granted({ client: operator, asked: api.resource }), [[api.resource], ["orders:read"]]);
  });

  test("go alone to the issuer where it is asked for", () => {
    assert.deepEqual(granted({ client: operator, asked: issuer, scopes: ["rescind:revoke"] }), [
      [issuer],
      ["rescind:revoke"],
    ]);
  });

  test("WEB-04 are never granted beyond the registration, nor without the issuer in the audience", () => {
    const scopes = fc.uniqueArray(fc.constantFrom<string>("orders:read", "other:read", ...rescindScopes));
    const asked = fc.constantFrom(undefined, issuer, api.resource, other.resource, "https://evil.example");
    holds(
      fc.property(
        scopes,
        scopes,
        asked,
        fc.subarray([...client.audience]),
        (mayHave, wanted, uri, audience) => {
          const registered = { ...client, scopes: mayHave, audience };
          const chosen = target({ client: registered, asked: uri, scopes: wanted });
          if ("error" in chosen) return;
          assert.ok(chosen.scopes.every((scope) => mayHave.includes(scope)));
          if (chosen.scopes.some((scope) => scope.startsWith("rescind:")))
            assert.ok(chosen.audience.includes(issuer) && (uri === undefined || uri === issuer));
          assert.ok(chosen.audience.every((aud) => aud === issuer || audience.includes(aud)));
          if (uri !== undefined) assert.deepEqual(chosen.audience, [uri]);
        },
      ),
      2000,
    );
  });
});

describe("client credentials", () => {
  const decide = (changed: Partial<typeof client>, scope?: string, resource?: string) =>
    decideClientCredentials({ client: { ...client, ...changed }, issuer, scope, resource, resources });
  const outcome = (...args: Parameters<typeof decide>) => {
    const decision = decide(...args);
    return decision.kind === "refuse" ? decision.error : [decision.audience, decision.scopes];
  };

  test("give a confidential client what it is registered for", () => {
    assert.deepEqual(outcome({}), [[api.resource], ["orders:read", "orders:write"]]);
    assert.deepEqual(outcome({}, "orders:read"), [[api.resource], ["orders:read"]]);
  });

  test("RFC 6749 section 4.4: never to a public client", () => {
    assert.equal(outcome({ authMethod: "none" }), "unauthorized_client");
  });

  test("not to a client without the grant type", () => {
    assert.equal(outcome({ grantTypes: ["refresh_token"] }), "unauthorized_client");
  });

  test("never with openid or offline_access: there is nobody to log in and nothing to refresh", () => {
    const scopes = ["openid", "offline_access", "orders:read"];
    assert.equal(outcome({ scopes }, "openid"), "invalid_scope");
    assert.equal(outcome({ scopes }, "orders:read offline_access"), "invalid_scope");
    assert.deepEqual(outcome({ scopes }), [[api.resource], ["orders:read"]]);
  });

  test("refuse a malformed scope, one too many and a foreign resource by their own codes", () => {
    assert.equal(outcome({}, "ä"), "invalid_scope");
    assert.equal(outcome({}, "orders:read orders:delete"), "invalid_scope");
    assert.equal(outcome({}, undefined, "https://evil.example"), "invalid_target");
  });
});
