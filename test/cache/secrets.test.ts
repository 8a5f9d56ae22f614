// E2, RT-11: nothing that was issued, and no identifier, is in any key or value of the cache, nor in the file that it
// keeps of them, after every kind of order.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startTestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { claimsOf } from "./reader.ts";
import { startRedis, type TestRedis } from "./redis.ts";

test("E2: no secret and no identifier is in any key or value of the cache, nor in its file", async (t: TestContext) => {
  const redis = await startRedis();
  t.after(() => redis.close());
  const server = await startTestServer(["--cache", redis.url]);
  t.after(() => server.close());
  await until(async () => (await redis.ask.exists("rescind:lease")) === 1);
  const texts = new Set<string>([server.adminSecret, await server.adminToken()]);
  const keep = (value: unknown): string => {
    texts.add(String(value));
    return String(value);
  };

  for (const access_token_format of ["jwt", "opaque"]) {
    const client = await server.registerClient({ access_token_format });
    keep(client.client_id);
    keep(client.client_secret);
    const { json: key } = await server.admin("POST", `/admin/v1/clients/${client.client_id}/keys`);
    keep(key.key_id);
    keep(key.client_secret);
    const revoke = async (select: Record<string, unknown>): Promise<void> => {
      const { status, text } = await server.admin("POST", "/admin/v1/revocations", { select });
      assert.equal(status, 201, text);
    };
    const opened = await server.openGrant(client, keep(`usr_secretly_${access_token_format}`));
    const access = keep(opened.access_token);
    keep(opened.refresh_token);
    if (access_token_format === "jwt")
      for (const name of ["jti", "grant_id", "iss"]) keep(claimsOf(access)[name]);
    await server.form("/oauth2/revoke", { token: access }, client);
    await server.form("/oauth2/revoke", { token: keep(await server.clientToken(client)) }, client);
    await server.form("/oauth2/revoke", { token: String(opened.refresh_token) }, client);
    await revoke({ subject: `usr_secretly_${access_token_format}` });
    await revoke({ subject: `usr_secretly_${access_token_format}`, client_id: client.client_id });
    await revoke({ client_id: client.client_id });
    await revoke({ key_id: key.key_id });
    await server.admin("POST", `/admin/v1/keys/${key.key_id}/revoke`);
    await server.admin("POST", `/admin/v1/clients/${client.client_id}/revoke`);
    await server.admin("POST", `/admin/v1/clients/${client.client_id}/approve`);
  }
  await server.admin("POST", "/admin/v1/revocations", { select: { all: true } });

  const held = await everything(redis);
  assert.ok(held.length > 15, `${held.length} texts in the cache`);
  await redis.save("scanned.rdb");
  const file = readFileSync(join(redis.directory, "scanned.rdb"), "latin1");
  for (const text of texts) {
    assert.ok(text.length > 3, text);
    assert.ok(!held.some((one) => one.includes(text)), `the cache holds ${text}`);
    assert.ok(!file.includes(text), `the cache's file holds ${text}`);
  }
});

/** All keys and values, of whatever type. */
async function everything({ ask }: TestRedis): Promise<string[]> {
  const names = await ask.keys("*");
  const values = await Promise.all(names.map((name) => ask.get(name)));
  return [...names, ...values.map(String)];
}
