// Everything that can be read through the admin and account APIs, from a server over PostgreSQL: statements that only one
// engine understands would show here.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accountRoutes, type Route, routes } from "@rescind/admin-api";
import { startNodes } from "../nodes.ts";

const all = await startNodes(1);
after(() => all.close());
const node = all.node(0);
const password = "a long enough password";
const { json: ada } = await node.admin("POST", "/admin/v1/users", { username: "ada", password });
const subject = String(ada.sub);
const client = await node.registerClient({ scope: "read rescind:account", audience: [] });
const { grant_id = "", access_token = "" } = await node.openGrant(client, subject);
await node.openGrant(client, "usr_other");
await node.clientToken(client);
await node.admin("POST", "/admin/v1/revocations", { select: { subject: "usr_other" } });

/** Values for what paths and filters name. */
const named: Readonly<Record<string, string>> = {
  client_id: client.client_id,
  sub: subject,
  subject,
  grant_id,
  key_id: client.keys[0]?.key_id ?? "",
  session_id: "ses_1",
  subscription_id: "sub_1",
  delivery_id: "dlv_1",
  upstream_id: "nobody",
  status: "live",
  kind: "access",
};

test("every list and filter of the admin API is answered", async () => {
  for (const { method, path, query } of Object.values<Route>(routes)) {
    if (method !== "GET") continue;
    const url = path.replaceAll(/:(\w+)/g, (_, name: string) => named[name] ?? "");
    const filters = Object.keys((query as { properties?: object } | undefined)?.properties ?? {});
    for (const filter of [undefined, ...filters.filter((name) => name in named)]) {
      const value = filter === "status" && /deliveries|upstreams/.test(path) ? "dead" : named[filter ?? ""];
      const answer = await node.admin("GET", filter === undefined ? url : `${url}?${filter}=${value}`);
      const isRight =
        answer.status === 200 || answer.status === 404 || isIncomplete(path, filter, answer.status);
      assert.ok(isRight, `${url} by ${filter}: ${answer.status} ${answer.text}`);
    }
  }
});

/** A user is active or disabled, never live; a verifier is named by its client and its own name, both. */
function isIncomplete(path: string, filter: string | undefined, status: number): boolean {
  const ofUsers = path === "/admin/v1/users" && filter === "status";
  return status === 400 && (ofUsers || (path === "/admin/v1/verifiers/history" && filter === "client_id"));
}

test("tokens and grants are found by every status", async () => {
  for (const [list, filters] of [
    ["tokens", { grant_id }],
    ["grants", { grant_id }],
  ] as const)
    for (const [status, found] of [
      ["live", true],
      ["expired", false],
      ["revoked", false],
    ] as const) {
      const query = new URLSearchParams({ ...filters, status });
      const { json, text } = await node.admin("GET", `/admin/v1/${list}?${query}`);
      assert.equal((json.items as unknown[]).length > 0, found, text);
    }
});

test("a client's grant is told to it", async () => {
  const owner = await node.registerClient({ scope: "grant_management_query" });
  const of = await node.openGrant(owner, subject);
  const token = await node.clientToken(owner, { scope: "grant_management_query" });
  const headers = { authorization: `Bearer ${token}` };
  const told = await node.request(`/grants/${of.grant_id}`, { headers });
  assert.equal(told.status, 200, told.text);
});

test("every list of the account API is answered", async () => {
  const headers = { authorization: `Bearer ${access_token}` };
  for (const { method, path } of Object.values<Route>(accountRoutes)) {
    if (method !== "GET") continue;
    const { status, text } = await node.request(path, { headers });
    assert.equal(status, 200, `${path}: ${status} ${text}`);
  }
});
