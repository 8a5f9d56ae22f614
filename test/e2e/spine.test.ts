// The main job end to end: a token is issued, a verifier accepts it locally, it is revoked, and the verifier refuses it
// a moment later, for each unit; through outages and restarts of the server. Real processes, real HTTP.
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { createVerifier, TokenRejected, type Verifier } from "@rescind/verifier";
import {
  type RegisteredClient,
  requireStatus,
  type ServerProcess,
  startServerProcess,
} from "../faults/server-process.ts";
import { until } from "../faults/until.ts";

const resource = "https://api.example";
/** Milliseconds in which a verifier must have heard of a revocation, its bound; it takes a few. */
const heardWithin = 30_000;

let server: ServerProcess;
let verifier: Verifier;
let client: RegisteredClient;
let other: RegisteredClient;

before(async () => {
  server = await startServerProcess({ flags: ["--log-level", "warn"] });
  await putResource(server);
  [client, other] = [await registerApp(server), await registerApp(server)];
  verifier = await startVerifier(server);
});
after(async () => {
  await verifier.close();
  await server.close();
});

describe("a token that a verifier accepts is refused there once this is revoked:", () => {
  test("the token itself, by RFC 7009; another token of the same grant stays", async (t) => {
    const grant = await server.openGrant(client, "alice");
    const again = await refresh(grant.refresh_token, client);
    await accepted(grant.access_token, again.access_token);
    await revoked(t, grant.access_token, () => revokeToken(grant.access_token, client));
    assert.equal(await verdict(again.access_token), "accepted");
  });

  test("its grant, by RFC 7009 with the refresh token; another grant of the same subject stays", async (t) => {
    const [grant, bystander] = [
      await server.openGrant(client, "alice"),
      await server.openGrant(client, "alice"),
    ];
    const again = await refresh(grant.refresh_token, client);
    await accepted(grant.access_token, again.access_token, bystander.access_token);
    await revoked(t, grant.access_token, () => revokeToken(again.refresh_token, client));
    assert.equal(await verdict(again.access_token), "revoked");
    assert.equal(await verdict(bystander.access_token), "accepted");
  });

  test("its subject; another subject stays, and what the subject gets afterwards is accepted", async (t) => {
    const [grant, bystander] = [
      await server.openGrant(client, "bob"),
      await server.openGrant(client, "carol"),
    ];
    const elsewhere = await server.openGrant(other, "bob");
    await accepted(grant.access_token, elsewhere.access_token, bystander.access_token);
    await revoked(t, grant.access_token, () => order({ subject: "bob" }));
    assert.equal(await verdict(elsewhere.access_token), "revoked");
    assert.equal(await verdict(bystander.access_token), "accepted");
    await accepted((await server.openGrant(client, "bob")).access_token);
  });

  test("its subject at its client; the subject's tokens elsewhere stay, and new ones are accepted", async (t) => {
    const [grant, elsewhere] = [
      await server.openGrant(client, "dave"),
      await server.openGrant(other, "dave"),
    ];
    const bystander = await server.openGrant(client, "erin");
    await accepted(grant.access_token, elsewhere.access_token, bystander.access_token);
    await revoked(t, grant.access_token, () => order({ subject: "dave", client_id: client.client_id }));
    await accepted(elsewhere.access_token, bystander.access_token);
    await accepted((await server.openGrant(client, "dave")).access_token);
  });

  test("its client; another client stays, and new tokens are accepted", async (t) => {
    const app = await registerApp(server);
    const [grant, own] = [await server.openGrant(app, "frank"), await server.clientToken(app, { resource })];
    const bystander = await server.openGrant(other, "frank");
    await accepted(grant.access_token, own, bystander.access_token);
    await revoked(t, own, () => order({ client_id: app.client_id }));
    assert.equal(await verdict(grant.access_token), "revoked");
    assert.equal(await verdict(bystander.access_token), "accepted");
    await accepted(await server.clientToken(app, { resource }));
  });

  test("the consumer key used; the client's other key stays, and new tokens are accepted", async (t) => {
    const app = await registerApp(server);
    const path = `/admin/v1/clients/${app.client_id}/keys`;
    const added = requireStatus(await server.admin("POST", path, {}), 201).json;
    const second = { ...app, client_secret: String(added.client_secret) };
    const [token, bystander] = [
      await server.clientToken(app, { resource }),
      await server.clientToken(second, { resource }),
    ];
    await accepted(token, bystander);
    await revoked(t, token, () => order({ key_id: app.keys[0]?.key_id }));
    assert.equal(await verdict(bystander), "accepted");
    await accepted(await server.clientToken(app, { resource }));
  });

  test("a client while it is suspended; its tokens come back when it is approved", async (t) => {
    const app = await registerApp(server);
    const token = await server.clientToken(app, { resource });
    await accepted(token);
    const path = `/admin/v1/clients/${app.client_id}`;
    await revoked(t, token, async () => requireStatus(await server.admin("POST", `${path}/revoke`, {}), 200));
    requireStatus(await server.admin("POST", `${path}/approve`, {}), 200);
    await until(
      "the verifier heard of the approval",
      async () => (await verdict(token)) === "accepted",
      heardWithin,
    );
  });

  test("everything; the verifier's own token goes too, and it recovers by itself", async (t) => {
    const [grant, elsewhere] = [
      await server.openGrant(client, "grace"),
      await server.openGrant(other, "heidi"),
    ];
    await accepted(grant.access_token, elsewhere.access_token);
    await revoked(t, grant.access_token, () => order({ all: true }));
    assert.equal(await verdict(elsewhere.access_token), "revoked");
    await server.admin("GET", "/admin/v1/settings"); // the admin token went as well: the next one is new
    const renewed = await server.openGrant(client, "grace");
    await accepted(renewed.access_token);
    await revoked(t, renewed.access_token, () => revokeToken(renewed.access_token, client));
  });
});

test("E4 a restart of the server keeps a verifier going, and what was revoked before stays refused", async () => {
  const [kept, gone] = [await server.openGrant(client, "ivan"), await server.openGrant(client, "judy")];
  await accepted(kept.access_token, gone.access_token);
  await revokeToken(gone.refresh_token, client);
  let checking = true;
  const verdicts = new Set<string>();
  const checks = (async () => {
    while (checking) {
      verdicts.add(await verdict(kept.access_token));
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  server.signal("SIGTERM");
  assert.deepEqual(await server.ended, { code: 0, signal: null });
  server.disconnect();
  await server.start();
  await until(
    "the verifier has a lease of the new process",
    () => (verifier.status().leaseAgeMs ?? Infinity) < 500,
  );
  checking = false;
  await checks;
  assert.deepEqual([...verdicts], ["accepted"]);
  assert.equal(await verdict(gone.access_token), "revoked");
  await revokeToken(kept.access_token, client);
  await until(
    "the verifier hears of revocations again",
    async () => (await verdict(kept.access_token)) === "revoked",
    heardWithin,
  );
});

test("FAULTS 16 A2 an outage longer than maxStaleness refuses as stale, and the verifier recovers by itself", async (t) => {
  const impatient = await startVerifier(server, { maxStaleness: 2 });
  t.after(() => impatient.close());
  const [kept, gone] = [await server.openGrant(client, "kim"), await server.openGrant(client, "lee")];
  await accepted(kept.access_token, gone.access_token);
  assert.equal(await verdict(kept.access_token, impatient), "accepted");
  await revokeToken(gone.refresh_token, client);

  await server.kill();
  await until(
    "the verifier is stale",
    async () => (await verdict(kept.access_token, impatient)) === "stale",
    15_000,
  );
  assert.equal(await verdict(gone.access_token, impatient), "stale");
  await server.start();
  await until("the verifier recovers", () => impatient.status().freshness === "fresh");
  assert.equal(await verdict(kept.access_token, impatient), "accepted");
  assert.equal(await verdict(gone.access_token, impatient), "revoked");
  await revokeToken(kept.access_token, client);
  await until(
    "revocations arrive again",
    async () => (await verdict(kept.access_token, impatient)) === "revoked",
    heardWithin,
  );
});

async function putResource(at: ServerProcess): Promise<void> {
  const { status } = await at.admin("POST", "/admin/v1/resources", { resource, access_token_format: "jwt" });
  assert.ok(status === 200 || status === 201);
}

function registerApp(at: ServerProcess): Promise<RegisteredClient> {
  return at.registerClient({ audience: [resource] });
}

async function startVerifier(at: ServerProcess, options: { maxStaleness?: number } = {}): Promise<Verifier> {
  const api = await at.registerClient({
    name: "API",
    grant_types: ["client_credentials"],
    scope: "rescind:feed rescind:introspect",
  });
  return createVerifier({
    issuer: at.issuer,
    audience: resource,
    clientId: api.client_id,
    clientSecret: api.client_secret,
    maxStaleness: options.maxStaleness ?? 30,
  });
}

/** "accepted", or the code of the rejection. */
async function verdict(token: string, by: Verifier = verifier): Promise<string> {
  try {
    await by.verify(token);
    return "accepted";
  } catch (error) {
    if (error instanceof TokenRejected) return error.code;
    throw error;
  }
}

async function accepted(...tokens: readonly string[]): Promise<void> {
  for (const token of tokens) assert.equal(await verdict(token), "accepted");
}

/** Revokes, and waits until the verifier refuses as `revoked`; says how long that took after the answer. */
async function revoked(t: TestContext, token: string, revoke: () => Promise<unknown>): Promise<void> {
  await revoke();
  const answeredAt = performance.now();
  await until("the verifier refuses it", async () => (await verdict(token)) !== "accepted", heardWithin);
  t.diagnostic(`refused ${(performance.now() - answeredAt).toFixed(1)} ms after the answer`);
  assert.equal(await verdict(token), "revoked");
}

async function revokeToken(token: string, as: RegisteredClient): Promise<void> {
  requireStatus(await server.form("/oauth2/revoke", { token }, as), 200);
}

async function order(select: Record<string, unknown>): Promise<void> {
  requireStatus(await server.admin("POST", "/admin/v1/revocations", { select }), 201);
}

async function refresh(
  token: string,
  as: RegisteredClient,
): Promise<{ access_token: string; refresh_token: string }> {
  const answer = await server.form(
    "/oauth2/token",
    { grant_type: "refresh_token", refresh_token: token },
    as,
  );
  const { access_token, refresh_token } = requireStatus(answer, 200).json;
  return { access_token: String(access_token), refresh_token: String(refresh_token) };
}
