// What a person may do follows from their roles at every route, whatever they ask for and through whichever client.
// THREATS WEB-04 (Keycloak CVE-2026-3121: a partial administrator becomes a full one).
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { accountRoutes, type Route, routes } from "@rescind/admin-api";
import { includesScope, scopesOfRoles, type UserRole } from "@rescind/core";
import { consoleRefresh, consoleScope, consoleTokens } from "../console-login.ts";
import { challengeOf, pkce } from "../people.ts";
import { createPerson } from "../person.ts";
import { type Answered, startTestServer, type TestServer } from "../running-server.ts";

const password = "correct horse battery";
const kinds: readonly (readonly UserRole[])[] = [[], ["viewer"], ["operator"], ["administrator"]];
let server: TestServer;
interface Someone {
  readonly roles: readonly UserRole[];
  readonly sub: string;
  readonly who: { readonly username: string; readonly password: string };
  readonly token: string;
  readonly refresh: string;
}
let people: Someone[] = [];

before(async () => {
  server = await startTestServer();
  for (const roles of kinds) people.push(await someone(roles));
});
after(() => server.close());

async function someone(roles: readonly UserRole[]): Promise<Someone> {
  const who = { username: `person-${roles[0] ?? "plain"}`, password };
  const { json } = await server.admin("POST", "/admin/v1/users", { ...who, roles });
  const tokens = (await consoleTokens(server, who)).json;
  const [token, refresh] = [String(tokens.access_token), String(tokens.refresh_token)];
  return { roles, sub: String(json.sub), who, token, refresh };
}

/** A call with a person's token. */
function call(token: string, method: string, path: string, body?: unknown): Promise<Answered> {
  return server.request(path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

const example: Readonly<Record<string, string>> = {
  client_id: "nobody",
  key_id: "key_1",
  id: "rev_1",
  sub: "usr_nobody",
  session_id: "ses_1",
};

describe("WEB-04 each role opens the routes of its scope and no other", () => {
  const own = (["readProfile", "listOwnGrants", "endSession"] as const).map((name) => [
    name,
    accountRoutes[name],
  ]);
  for (const [name, route] of [...Object.entries(routes), ...own] as [string, Route][]) {
    test(name, async () => {
      const path = route.path.replaceAll(/:(\w+)/g, (_, member: string) => example[member] ?? "");
      // Let in, it changes nothing: of what does not exist, or with a body that is refused.
      const body = route.body === undefined ? undefined : { "not a member": 1 };
      for (const { roles, token } of people) {
        const { status, json } = await call(token, route.method, path, body);
        if (includesScope(scopesOfRoles(roles), route.scope))
          assert.ok([200, 400, 404].includes(status), `${roles}: ${status}`);
        else assert.deepEqual([status, json.code], [403, "insufficient-scope"], `${roles}`);
      }
    });
  }
});

test("WEB-04 nobody below an administrator changes a role, a password or a client, their own included", async () => {
  for (const { roles, sub, token } of people.filter(({ roles }) => !roles.includes("administrator"))) {
    const changes: [string, string, unknown][] = [
      ["PATCH", `/admin/v1/users/${sub}`, { roles: ["administrator"] }],
      ["PATCH", `/admin/v1/users/${sub}`, { password: "a password of my own" }],
      ["POST", "/admin/v1/users", { username: "mine", roles: ["administrator"] }],
      ["POST", `/admin/v1/users/${people.at(-1)?.sub}/setup-link`, {}],
      [
        "POST",
        "/admin/v1/clients",
        { name: "m", grant_types: ["client_credentials"], scope: "rescind:admin" },
      ],
      ["POST", "/admin/v1/clients/admin/keys", {}],
      ["POST", "/admin/v1/grants", { client_id: "console", subject: sub, scope: "rescind:admin" }],
      ["POST", "/admin/v1/signing-keys/rotate", {}],
    ];
    for (const [method, path, body] of changes)
      assert.equal((await call(token, method, path, body)).status, 403, `${roles} ${method} ${path}`);
    const { json } = await server.admin("GET", `/admin/v1/users/${sub}`);
    assert.deepEqual(json.roles, roles);
  }
});

describe("WEB-04 no way of asking gives a person a scope that their roles do not allow", () => {
  test("the console's whole scope is cut to the roles, and a refresh does not widen it", async () => {
    for (const { roles, refresh } of people) {
      const allowed = scopesOfRoles(roles);
      const granted = consoleScope
        .split(" ")
        .filter((scope) => !scope.startsWith("rescind:") || allowed.includes(scope));
      const { json } = await consoleRefresh(server, refresh);
      assert.deepEqual(String(json.scope).split(" ").sort(), granted.sort(), `${roles}`);
      const wider = await server.form("/oauth2/token", {
        grant_type: "refresh_token",
        refresh_token: String(json.refresh_token),
        client_id: "console",
        scope: "rescind:admin",
      });
      if (allowed.includes("rescind:admin")) assert.equal(wider.json.scope, "rescind:admin");
      else assert.deepEqual([wider.status, wider.json.error], [400, "invalid_scope"], `${roles}`);
    }
    people = await Promise.all(people.map(async (one) => ({ ...one, ...(await again(one)) })));
  });

  test("a client that may have every scope of ours, in the query and pushed, gets the person's only", async () => {
    const redirectUri = "https://app.example/callback";
    const scope =
      "openid rescind:read rescind:revoke rescind:admin rescind:feed rescind:introspect rescind:account";
    const client = await server.registerClient({
      grant_types: ["authorization_code", "refresh_token", "client_credentials"],
      redirect_uris: [redirectUri],
      scope,
    });
    const request = {
      client_id: client.client_id,
      response_type: "code",
      redirect_uri: redirectUri,
      code_challenge: challengeOf(pkce.verifier),
      code_challenge_method: "S256",
      scope,
    };
    for (const { roles, who } of people) {
      const pushed = await server.form("/oauth2/par", request, client);
      const query = { client_id: client.client_id, request_uri: String(pushed.json.request_uri) };
      for (const parameters of [request, query]) {
        const browser = createPerson(server.issuer);
        const url = `${server.issuer}/oauth2/authorize?${new URLSearchParams(parameters)}`;
        const { sent } = await browser.signIn(url, who);
        const { json, text } = await server.form(
          "/oauth2/token",
          {
            grant_type: "authorization_code",
            code: sent.get("code") ?? "",
            redirect_uri: redirectUri,
            code_verifier: pkce.verifier,
          },
          client,
        );
        const expected = ["openid", ...scopesOfRoles(roles)].sort();
        assert.deepEqual(String(json.scope).split(" ").sort(), expected, `${roles} ${text}`);
      }
    }
  });

  test("the built-in client is public and stands for people only", async () => {
    for (const grant_type of ["client_credentials", "password"]) {
      const { status } = await server.form("/oauth2/token", { grant_type, client_id: "console" });
      assert.equal(status, 400);
    }
    const key = await server.admin("POST", "/admin/v1/clients/console/keys", {});
    assert.equal(key.status, 409);
    const changes: [string, string, unknown?][] = [
      ["PATCH", "", { scope: "openid" }],
      ["PATCH", "", { redirect_uris: ["https://evil.example/callback"] }],
      ["PATCH", "", { token_endpoint_auth_method: "client_secret_basic" }],
      ["DELETE", ""],
      ["POST", "/revoke", { final: true }],
    ];
    for (const [method, path, body] of changes)
      assert.equal(
        (await server.admin(method, `/admin/v1/clients/console${path}`, body)).status,
        409,
        method,
      );
  });
});

async function again({ who }: Someone) {
  const { json } = await consoleTokens(server, who);
  return { token: String(json.access_token), refresh: String(json.refresh_token) };
}
