// Revocation against everything that goes on at the same time: refreshing, issuing, restarting, suspending. RV-11,
// RV-14 to RV-16.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type RegisteredClient, startTestServer } from "../running-server.ts";
import { randomFrom, rounds, seed } from "../seed.ts";

const server = await startTestServer();
after(() => server.close());

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

async function refresh(client: RegisteredClient, token: unknown) {
  return server.form("/oauth2/token", { grant_type: "refresh_token", refresh_token: String(token) }, client);
}

type Order = (
  client: RegisteredClient,
  grant: Record<string, string>,
  subject: string,
) => Promise<{ status: number }>;

const orders: Record<string, Order> = {
  "the refresh token": (client, { refresh_token = "" }) =>
    server.form("/oauth2/revoke", { token: refresh_token }, client),
  "subject and client": (client, { access_token = "" }) =>
    server.form("/oauth2/revoke", { token: access_token, cascade: "subject_client" }, client),
  "the subject": (_client, _grant, subject) =>
    server.admin("POST", "/admin/v1/revocations", { select: { subject } }),
  "the grant": (_client, { grant_id }) =>
    server.admin("POST", "/admin/v1/revocations", { select: { grant_id } }),
};

const clients = await Promise.all(
  ["jwt", "opaque"].map((access_token_format) => server.registerClient({ access_token_format })),
);

for (const [name, order] of Object.entries(orders)) {
  test(`RV-14 B4 whatever a refresh in flight mints while ${name} is revoked is dead once both have answered`, async () => {
    const random = randomFrom(seed);
    for (let round = 0; round < rounds(8, 25_000); round++) {
      const client = clients[round % 2] ?? assert.fail();
      const subject = `usr_race_${round}`;
      const opened = await server.openGrant(client, subject);
      const first = refresh(client, opened.refresh_token);
      for (let i = Math.floor(random() * 4); i > 0; i--) await new Promise(setImmediate);
      const [refreshed, revoked] = await Promise.all([first, order(client, opened, subject)]);
      assert.ok([200, 201].includes(revoked.status));
      assert.ok(refreshed.status === 200 || refreshed.json.error === "invalid_grant", refreshed.text);
      const minted: unknown[] = [opened.access_token, opened.refresh_token];
      if (refreshed.status === 200) minted.push(refreshed.json.access_token, refreshed.json.refresh_token);
      assert.ok(!(await Promise.all(minted.map(isLive))).includes(true), `seed ${seed}, round ${round}`);
      const successor = refreshed.json.refresh_token ?? opened.refresh_token;
      assert.equal((await refresh(client, successor)).json.error, "invalid_grant");
    }
  });
}

test("RV-14 B4 of many refreshes around one wide order none mints what outlives it", async () => {
  const random = randomFrom(seed);
  for (let round = 0; round < rounds(16, 5000); round++) {
    const client = clients[round % 2] ?? assert.fail();
    const subject = `usr_around_${round}`;
    const grants = await Promise.all(Array.from({ length: 10 }, () => server.openGrant(client, subject)));
    const select = round % 3 === 0 ? { subject } : { subject, client_id: client.client_id };
    const refreshes: ReturnType<typeof refresh>[] = [];
    let revoked: Promise<{ status: number }> | undefined;
    for (const [index, { refresh_token }] of grants.entries()) {
      if (index === round % 5) revoked = server.admin("POST", "/admin/v1/revocations", { select });
      refreshes.push(refresh(client, refresh_token));
      for (let turns = Math.floor(random() * 6); turns > 0; turns--) await new Promise(setImmediate);
    }
    const answers = await Promise.all(refreshes);
    assert.equal((await revoked)?.status, 201);
    const minted = answers.flatMap(({ json }) => [json.access_token, json.refresh_token]);
    const states = await Promise.all(minted.filter((token) => token !== undefined).map(isLive));
    assert.ok(!states.includes(true), `seed ${seed}, round ${round}`);
  }
});

test("RV-14 B4 what a client gets while it is being suspended is dead once both have answered", async () => {
  for (let round = 0; round < rounds(8, 5000); round++) {
    const client = await server.registerClient({ grant_types: ["client_credentials"] });
    const asked = Array.from({ length: 4 }, () =>
      server.form("/oauth2/token", { grant_type: "client_credentials" }, client),
    );
    const suspended = server.admin("POST", `/admin/v1/clients/${client.client_id}/revoke`);
    asked.push(server.form("/oauth2/token", { grant_type: "client_credentials" }, client));
    const answers = await Promise.all(asked);
    assert.equal((await suspended).status, 200);
    for (const { status, json } of answers) {
      assert.ok(status === 200 || json.error === "invalid_client", `${status}`);
      if (status === 200) assert.equal(await isLive(json.access_token), false);
    }
  }
});

test("RV-15 the grace window gives nothing back after an explicit revocation", async () => {
  for (const [name, order] of Object.entries(orders)) {
    const client = await server.registerClient();
    const subject = `usr_${client.client_id}`;
    const opened = await server.openGrant(client, subject);
    const first = await refresh(client, opened.refresh_token);
    assert.equal(
      (await refresh(client, opened.refresh_token)).status,
      200,
      "a retry within the window is answered",
    );
    await order(client, opened, subject);
    const retried = await refresh(client, opened.refresh_token);
    assert.equal(retried.json.error, "invalid_grant", name);
    assert.equal((await refresh(client, first.json.refresh_token)).json.error, "invalid_grant", name);
    assert.equal(await isLive(first.json.access_token), false, name);
  }
});

test("RV-16 a suspended client or key, a lost grant type or scope: refreshing follows at once", async () => {
  const client = await server.registerClient();
  const path = `/admin/v1/clients/${client.client_id}`;
  const opened = await server.openGrant(client, "usr_rv16", { scope: "read write" });
  await server.admin("POST", `${path}/revoke`);
  assert.equal((await refresh(client, opened.refresh_token)).json.error, "invalid_client");
  await server.admin("POST", `${path}/approve`);

  await server.admin("PATCH", path, { grant_types: ["client_credentials"] });
  assert.equal((await refresh(client, opened.refresh_token)).json.error, "unauthorized_client");
  await server.admin("PATCH", path, { grant_types: ["client_credentials", "refresh_token"], scope: "read" });
  const narrowed = await refresh(client, opened.refresh_token);
  assert.equal(narrowed.json.scope, "read");

  const { json: second } = await server.admin("POST", `${path}/keys`);
  await server.admin("POST", `/admin/v1/keys/${client.keys[0]?.key_id}/revoke`);
  assert.equal((await refresh(client, narrowed.json.refresh_token)).json.error, "invalid_client");
  const withSecond = { ...client, client_secret: String(second.client_secret) };
  assert.equal(
    (await refresh(withSecond, narrowed.json.refresh_token)).json.error,
    "invalid_grant",
    "the refresh token was got with the suspended key",
  );
});

test("RV-16 disabling for good: a deleted client gets nothing and cannot be approved", async () => {
  const client = await server.registerClient();
  const opened = await server.openGrant(client);
  assert.equal((await server.admin("DELETE", `/admin/v1/clients/${client.client_id}`)).status, 204);
  assert.equal((await refresh(client, opened.refresh_token)).json.error, "invalid_client");
  assert.equal(await isLive(opened.access_token), false);
  const approved = await server.admin("POST", `/admin/v1/clients/${client.client_id}/approve`);
  assert.equal(approved.status, 409);
  assert.equal(approved.json.code, "final");
});

test("RV-11, RT-05 restarts between revoking and using revive nothing, rotations included", async () => {
  for (let round = 0; round < rounds(3, 1000); round++) {
    const client = await server.registerClient();
    const dead = await server.openGrant(client);
    const spent = await server.openGrant(client);
    const kept = await server.openGrant(client);
    const rotated = await refresh(client, spent.refresh_token);
    const used = await refresh(client, rotated.json.refresh_token);
    await server.form("/oauth2/revoke", { token: String(dead.refresh_token) }, client);
    await server.restart();
    assert.deepEqual(await Promise.all([dead.access_token, dead.refresh_token].map(isLive)), [false, false]);
    assert.equal((await refresh(client, dead.refresh_token)).json.error, "invalid_grant");
    assert.equal(await isLive(kept.access_token), true);
    assert.equal((await refresh(client, spent.refresh_token)).json.error, "invalid_grant", "replayed");
    assert.equal(await isLive(used.json.access_token), false, "the replay ended the grant");
  }
});

test("IN-04 introspection begun after a revocation was answered never says active", async () => {
  const client = await server.registerClient();
  const opaque = await server.registerClient({ access_token_format: "opaque" });
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < rounds(20, 12_500); i++) {
        const by = i % 2 === 0 ? client : opaque;
        const token = await server.clientToken(by);
        await server.form("/oauth2/revoke", { token }, by);
        const { headers, json } = await server.form("/oauth2/introspect", { token }, by);
        assert.deepEqual(json, { active: false });
        assert.equal(headers.get("cache-control"), "no-store");
      }
    }),
  );
});
