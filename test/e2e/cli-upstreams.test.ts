// The command line about upstream providers: added, changed, checked, listed and deleted; what is wrong is told by field.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Ending, rescind } from "../../packages/cli/test/command.ts";
import { startTestServer } from "../running-server.ts";

const [server, upstream] = await Promise.all([startTestServer(), startTestServer()]);
after(() => Promise.all([server.close(), upstream.close()]));

function run(args: readonly string[], input = ""): Promise<Ending> {
  return rescind([...args, "--data", server.data], { input });
}

async function json(args: readonly string[], input = ""): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run([...args, "--json"], input);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

test("a provider is added, changed, checked and deleted", async () => {
  const added = await json(
    ["upstreams", "create", "corp", upstream.issuer, "here", "--name", "Corp", "--client-secret", "-"],
    "a secret\n",
  );
  assert.deepEqual(
    [added.has_secret, added.create_users, added.enabled, added.scopes, added.redirect_uri],
    [true, false, true, ["openid", "profile", "email"], `${server.issuer}/login/upstream/corp/callback`],
  );
  const changed = await json(["upstreams", "update", "corp", "--create-users", "--no-enabled"]);
  assert.deepEqual([changed.create_users, changed.enabled, changed.has_secret], [true, false, true]);
  const { stdout } = await run(["upstreams", "list"]);
  assert.match(stdout, /corp +Corp +no/);
  const doctor = await json(["doctor"]);
  const findings = doctor.findings as { check: string; detail: string }[];
  const found = findings.find(({ check }) => check === "upstream providers");
  assert.equal(found?.detail, "nobody signs in through another provider");
  assert.equal((await run(["upstreams", "delete", "corp", "--yes"])).status, 0);
  const { items } = (await server.admin("GET", "/admin/v1/audit?limit=10")).json;
  const actions = (items as { action: string }[]).map(({ action }) => action);
  assert.deepEqual(actions.slice(0, 3), ["upstream.deleted", "upstream.updated", "upstream.created"]);
  assert.doesNotMatch(JSON.stringify(items), /a secret/);
});

test("what cannot be is refused with its field, and nothing is stored", async () => {
  const client = { upstream_id: "a", name: "X", client_id: "here" };
  const create = (more: Record<string, unknown>) =>
    server.admin("POST", "/admin/v1/upstreams", { ...client, issuer: upstream.issuer, ...more });
  for (const [more, message] of [
    [{ upstream_id: "Corp" }, /^\/upstream_id/],
    [{ issuer: server.issuer }, /^\/issuer: This is this server itself/],
    [{ issuer: `${upstream.issuer}?x` }, /^\/issuer: An issuer has no query/],
    [{ scopes: ["email"] }, /^\/scopes: Without openid/],
    [{ issuer: `${upstream.issuer}/elsewhere` }, /^\/issuer: Its metadata could not be had: .*404/],
    [{ issuer: "http://127.0.0.1:1" }, /^\/issuer: Its metadata could not be had: no connection/],
  ] as const) {
    const { status, json: refusal } = await create(more);
    assert.equal(status, 400, JSON.stringify(refusal));
    assert.match(String(refusal.detail), message);
  }
  assert.deepEqual((await server.admin("GET", "/admin/v1/upstreams")).json.items, []);
  const stored = await create({ issuer: "http://127.0.0.1:1", enabled: false });
  assert.equal(stored.status, 201, stored.text);
  const enabled = await server.admin("PATCH", "/admin/v1/upstreams/a", { enabled: true });
  assert.match(String(enabled.json.detail), /^\/issuer: Its metadata could not be had/);
  assert.equal((await create({})).status, 409);
});
