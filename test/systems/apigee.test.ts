// Apigee: revoking and approving by end user, app or both with a time, keys and apps on their own, attributes, tokens made
// elsewhere, and another way of hashing at rest without an end of what was issued.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { requireStatus, startServerProcess } from "../faults/server-process.ts";
import { startTestServer } from "../running-server.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("apigee", server);
const api = await startProtectedApi(server);
after(() => api.close());
const client = await server.registerClient({ audience: [resource] });
const other = await server.registerClient({ audience: [resource] });

interface Bystanders {
  readonly of: "user" | "app" | "nobody";
  readonly token: string | undefined;
}

test("Apigee: by end user, by app or by both, access and refresh tokens, and approving gives them back", async () => {
  const reached = { "by-user": ["user"], "by-app": ["app"], "by-both-before": [] } as const;
  for (const [block, dies] of Object.entries(reached)) {
    const USER = `user_${block}`;
    const own = await server.openGrant(client, USER);
    const bystanders: Bystanders[] = [
      { of: "user", token: (await server.openGrant(other, USER)).access_token },
      { of: "app", token: (await server.openGrant(client, "somebody")).access_token },
      { of: "nobody", token: (await server.openGrant(other, "somebody")).access_token },
    ];
    const BEFORE = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const { status, json, text } = await page.send(block, { USER, CLIENT_ID: client.client_id, BEFORE });
    assert.equal(status, 201, text);
    assert.equal((await server.introspect(String(own.access_token))).active, false, "before the answer");
    await api.refuses(own.access_token);
    assert.equal((await server.introspect(String(own.refresh_token))).active, false);
    for (const { of, token } of bystanders)
      assert.equal(await api.call(token), dies.some((who) => who === of) ? 401 : 200, `${block} ${of}`);
    const lifted = await page.send("approve-tokens", { REVOCATION_ID: json.id });
    assert.equal(lifted.status, 200, lifted.text);
    await api.takes(own.access_token);
    assert.equal((await server.introspect(String(own.refresh_token))).active, true);
  }
});

test("Apigee: RevokeBeforeTimestamp spares what was authorised later, and refreshing does not escape it", async () => {
  const USER = "user_before";
  const opened = await server.openGrant(client, USER);
  const openedAt = Number((await server.introspect(String(opened.access_token))).grant_iat);
  const order = (seconds: number) => {
    const BEFORE = new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
    return page.send("by-both-before", { USER, CLIENT_ID: client.client_id, BEFORE });
  };
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  assert.equal((await order(openedAt - 1)).status, 201);
  assert.deepEqual(await api.calls(opened.access_token, json.access_token), [200, 200]);
  assert.equal((await order(openedAt)).status, 201);
  await api.refuses(json.access_token);
  assert.equal(await api.call(opened.access_token), 401);
});

test("Apigee: a key or the app is revoked and approved on its own, each without hiding the other", async () => {
  const KEY_ID = client.keys[0]?.key_id;
  const { json: second } = await server.admin("POST", `/admin/v1/clients/${client.client_id}/keys`);
  const withSecond = { ...client, client_secret: String(second.client_secret) };
  const [byFirst, bySecond] = [await server.clientToken(client), await server.clientToken(withSecond)];
  await page.run("revoke-key", { KEY_ID });
  await api.refuses(byFirst);
  assert.equal(await api.call(bySecond), 200);
  await page.run("revoke-app", { CLIENT_ID: client.client_id });
  await api.refuses(bySecond);
  await page.run("approve-key", { KEY_ID });
  assert.equal((await server.introspect(byFirst)).active, false, "the app is still revoked");
  await page.run("approve-app", { CLIENT_ID: client.client_id });
  await api.takes(byFirst);
  await api.takes(bySecond);
});

test("Apigee: custom attributes go with the grant, over refreshes too", async () => {
  const opened = await page.send("attributes", { CLIENT_ID: client.client_id, USER: "user_gold" });
  assert.equal(opened.status, 201, opened.text);
  assert.equal((await server.introspect(String(opened.json.access_token))).tier, "gold");
  const form = { grant_type: "refresh_token", refresh_token: String(opened.json.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, client);
  assert.equal((await server.introspect(String(json.access_token))).tier, "gold");
});

test("Apigee: a third party's token is imported, and then revoked like any other", async () => {
  const token = `theirs-${crypto.randomUUID()}`;
  assert.equal((await server.introspect(token)).active, false);
  const EXPIRES_AT = new Date(Date.now() + 3_600_000).toISOString();
  await page.run("import", { TOKEN: token, CLIENT_ID: client.client_id, USER: "user_imported", EXPIRES_AT });
  const { active, sub, client_id } = await server.introspect(token);
  assert.deepEqual(
    { active, sub, client_id },
    { active: true, sub: "user_imported", client_id: client.client_id },
  );
  assert.equal(
    await api.call(token),
    200,
    "at the API too, which asks once and judges it by itself from then on",
  );
  const order = await page.send("by-user", { USER: "user_imported" });
  assert.equal(order.status, 201, order.text);
  assert.equal((await server.introspect(token)).active, false);
  await api.refuses(token);
});

test("Apigee: another digest at rest, while tokens of both go on working", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "rescind-digests-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const before = await startServerProcess({ data });
  const app = await before.registerClient({
    grant_types: ["client_credentials"],
    access_token_format: "opaque",
  });
  const old = await before.clientToken(app);
  await before.close();
  const [, flags = ""] = page.text("sh", "migrate-digests", { NEW_PEPPER: "p".repeat(32) }).split(" serve ");
  const migrating = await startServerProcess({
    data,
    flags: ["--issuer", before.issuer, ...flags.replaceAll('"', "").split(" ")],
  });
  t.after(() => migrating.close());
  const isActive = async (token: string) =>
    requireStatus(await migrating.form("/oauth2/introspect", { token }, app), 200).json.active;
  const fresh = await migrating.clientToken(app);
  assert.deepEqual([await isActive(old), await isActive(fresh)], [true, true]);
  for (const token of [old, fresh]) {
    requireStatus(await migrating.form("/oauth2/revoke", { token }, app), 200);
    assert.equal(await isActive(token), false);
  }
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
