// RFC 7009 and CONTRACT.md section 6, sentence by sentence, over HTTP. Who may revoke what, and what answers tell, is
// in test/threats/revocation.test.ts; the feed is in feed.test.ts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";
import { until } from "../until.ts";

const server = await startTestServer();
after(() => server.close());

async function revoke(
  client: RegisteredClient,
  token: unknown,
  more: Record<string, string> = {},
): Promise<Answered> {
  return server.form("/oauth2/revoke", { token: String(token), ...more }, client);
}

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

/** Whether each of these is live, in order. */
async function live(tokens: readonly unknown[]): Promise<boolean[]> {
  return Promise.all(tokens.map(isLive));
}

function assertSuccess(answer: Answered): void {
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.text, "{}");
  assert.equal(answer.headers.get("content-type"), "application/json");
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.match(answer.headers.get("rescind-seq") ?? "", /^\d+$/);
}

for (const path of ["/oauth2/revoke", "/oauth2/token/revoke"]) {
  test(`RFC 7009 2.1: ${path} revokes access tokens of both forms and refresh tokens`, async () => {
    for (const format of ["jwt", "opaque"]) {
      const client = await server.registerClient({ access_token_format: format });
      const own = await server.clientToken(client);
      const { access_token, refresh_token } = await server.openGrant(client);
      for (const token of [own, access_token, refresh_token]) {
        assert.equal(await isLive(token), true);
        assertSuccess(await server.form(path, { token: String(token) }, client));
        assert.equal(await isLive(token), false, `${format}: live after 200`);
      }
    }
  });
}

test("RFC 7009 2.2: an unknown, malformed, expired or already revoked token is answered like a revoked one", async () => {
  const client = await server.registerClient({ access_token_ttl: 1 });
  const expired = await server.clientToken(client);
  await until(async () => !(await isLive(expired)));
  const revoked = (await server.openGrant(client)).refresh_token;
  assertSuccess(await revoke(client, revoked));
  for (const token of [revoked, expired, "made-up", `rat_${"0".repeat(60)}`, "a.b.c", "ü", "x".repeat(9000)])
    assertSuccess(await revoke(client, token));
});

test("RFC 7009 2.1: token_type_hint may be wrong or unknown and only orders the search", async () => {
  const client = await server.registerClient();
  for (const hint of [
    "access_token",
    "refresh_token",
    "id_token",
    "x",
    "urn:ietf:params:oauth:token-type:jwt",
  ]) {
    const { access_token, refresh_token } = await server.openGrant(client);
    assertSuccess(await revoke(client, access_token, { token_type_hint: hint }));
    assert.deepEqual(await live([access_token, refresh_token]), [false, true], hint);
    assertSuccess(await revoke(client, refresh_token, { token_type_hint: hint }));
    assert.equal(await isLive(refresh_token), false, hint);
  }
});

test("RFC 7009 2.1: without a token the request is invalid", async () => {
  const client = await server.registerClient();
  for (const form of [{}, { token: "" }, { token_type_hint: "access_token" }]) {
    const { status, json } = await server.form("/oauth2/revoke", form, client);
    assert.equal(status, 400);
    assert.equal(json.error, "invalid_request");
    assert.match(String(json.error_description), /token/);
  }
});

test("RFC 7009 2: by default an access token ends alone and a refresh token ends its grant", async () => {
  const client = await server.registerClient();
  const { access_token, refresh_token } = await server.openGrant(client);
  const refreshed = (await server.form("/oauth2/token", refreshing(refresh_token), client)).json;
  const other = await server.openGrant(client);
  await revoke(client, access_token);
  assert.deepEqual(await live([access_token, refreshed.access_token, refreshed.refresh_token]), [
    false,
    true,
    true,
  ]);
  await revoke(client, refreshed.refresh_token);
  assert.deepEqual(await live([refreshed.access_token, refreshed.refresh_token]), [false, false]);
  assert.deepEqual(await live([other.access_token, other.refresh_token]), [true, true]);
});

test("RFC 7009 2.1: a spent refresh token still ends its grant", async () => {
  const client = await server.registerClient();
  const { access_token, refresh_token } = await server.openGrant(client);
  const { json } = await server.form("/oauth2/token", refreshing(refresh_token), client);
  assertSuccess(await revoke(client, refresh_token));
  assert.deepEqual(await live([access_token, json.access_token, json.refresh_token]), [false, false, false]);
});

/** What revoking with this reach leaves alive: the token itself, its grant, another grant of subject and client, another subject. */
const reached: Record<string, readonly boolean[]> = {
  token: [false, true, true, true],
  grant: [false, false, true, true],
  subject_client: [false, false, false, true],
};

async function afterRevoking(
  client: RegisteredClient,
  which: "access_token" | "refresh_token",
  more: Record<string, string> = {},
): Promise<boolean[]> {
  const tag = `usr_${client.client_id}_${Object.values(more).join("_")}_${which}`;
  const own = await server.openGrant(client, tag);
  const sibling = await server.openGrant(client, tag);
  const stranger = await server.openGrant(client, `${tag}_other`);
  assertSuccess(await revoke(client, own[which], more));
  const beside = which === "access_token" ? own.refresh_token : own.access_token;
  return live([own[which], beside, sibling.access_token, stranger.access_token]);
}

test("a client's revocation_policy sets the reach of its revocations", async () => {
  for (const reach of ["token", "grant", "subject_client"]) {
    const client = await server.registerClient({ revocation_policy: { access_token: reach } });
    assert.deepEqual(await afterRevoking(client, "access_token"), reached[reach], reach);
  }
  for (const reach of ["grant", "subject_client"]) {
    const client = await server.registerClient({ revocation_policy: { refresh_token: reach } });
    assert.deepEqual(await afterRevoking(client, "refresh_token"), reached[reach], reach);
  }
});

test("cascade chooses the reach for this once, wider or narrower, and never less than the grant for a refresh token", async () => {
  for (const policy of ["token", "subject_client"]) {
    const client = await server.registerClient({ revocation_policy: { access_token: policy } });
    for (const cascade of ["token", "grant", "subject_client"]) {
      assert.deepEqual(await afterRevoking(client, "access_token", { cascade }), reached[cascade], cascade);
      const atLeast = cascade === "token" ? "grant" : cascade;
      assert.deepEqual(await afterRevoking(client, "refresh_token", { cascade }), reached[atLeast], cascade);
    }
  }
});

test("an unknown cascade is refused and changes nothing", async () => {
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client);
  const { status, json } = await revoke(client, access_token, { cascade: "everything" });
  assert.equal(status, 400);
  assert.equal(json.error, "invalid_request");
  assert.match(String(json.error_description), /cascade/);
  assert.equal(await isLive(access_token), true);
});

test("for a client-credentials token grant means the token and subject_client all of the client's own", async () => {
  const client = await server.registerClient();
  const [first, second, third] = await Promise.all([1, 2, 3].map(() => server.clientToken(client)));
  const { access_token } = await server.openGrant(client);
  assertSuccess(await revoke(client, first, { cascade: "grant" }));
  assert.deepEqual(await live([first, second, third, access_token]), [false, true, true, true]);
  assertSuccess(await revoke(client, second, { cascade: "subject_client" }));
  assert.deepEqual(await live([second, third, access_token]), [false, false, true]);
  assert.equal(await isLive(await server.clientToken(client)), true, "what comes afterwards lives");
});

test("a wide order reaches what was issued since an earlier one and leaves what comes after it", async () => {
  const client = await server.registerClient();
  const first = await server.openGrant(client);
  await revoke(client, first.access_token, { cascade: "subject_client" });
  const second = await server.openGrant(client);
  assert.equal(await isLive(second.access_token), true, "same second, larger number");
  await revoke(client, second.access_token, { cascade: "subject_client" });
  assert.deepEqual(await live([first.access_token, second.access_token]), [false, false]);
  const third = await server.openGrant(client);
  assert.equal(await isLive(third.access_token), true);
});

test("Rescind-Seq is the order's own entry, and the head where there was nothing to do", async () => {
  const client = await server.registerClient();
  const seqOf = (answer: Answered): number => Number(answer.headers.get("rescind-seq"));
  const first = seqOf(await revoke(client, await server.clientToken(client)));
  const token = await server.clientToken(client);
  const second = seqOf(await revoke(client, token));
  assert.equal(second, first + 1);
  assert.equal(seqOf(await revoke(client, "unknown")), second);
  assert.equal(seqOf(await revoke(client, token)), second, "revoked already: its entry is the head");
  const refused = await server.form("/oauth2/revoke", { token }, await server.registerClient());
  assert.equal(refused.status, 400);
  assert.equal(refused.headers.get("rescind-seq"), null);
});

test("another client's token is refused with invalid_grant, without effect and with an audit entry", async () => {
  const owner = await server.registerClient();
  const confidential = await server.registerClient();
  const { client_id } = await server.registerClient({
    token_endpoint_auth_method: "none",
    grant_types: ["refresh_token"],
  });
  const { access_token, refresh_token } = await server.openGrant(owner);
  for (const token of [access_token, refresh_token].map(String)) {
    for (const answer of [
      await revoke(confidential, token),
      await server.form("/oauth2/revoke", { token, client_id }),
    ]) {
      assert.equal(answer.status, 400);
      assert.equal(answer.json.error, "invalid_grant");
    }
    assert.equal(await isLive(token), true);
  }
  const { json } = await server.admin("GET", "/admin/v1/audit?action=revocation.refused");
  const items = json.items as { actor: { id: string } }[]; // the contract's AuditItem
  for (const id of [confidential.client_id, client_id])
    assert.equal(items.filter((item) => item.actor.id === id).length, 2);
});

test("a revocation by a client is final: it cannot be lifted", async () => {
  const client = await server.registerClient();
  await revoke(client, await server.clientToken(client));
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [item] = json.items as { id: string; reason: string }[]; // the contract's RevocationItem
  assert.equal(item?.reason, "client_request");
  const lifted = await server.admin("POST", `/admin/v1/revocations/${item?.id}/lift`);
  assert.equal(lifted.status, 409);
  assert.equal(lifted.json.code, "not-liftable");
});

test("what was revoked stays revoked over a restart", async () => {
  const client = await server.registerClient();
  const gone = await server.openGrant(client);
  const kept = await server.openGrant(client);
  await revoke(client, gone.refresh_token);
  await server.restart();
  assert.deepEqual(await live([gone.access_token, gone.refresh_token]), [false, false]);
  assert.deepEqual(await live([kept.access_token, kept.refresh_token]), [true, true]);
});

function refreshing(token: unknown): Record<string, string> {
  return { grant_type: "refresh_token", refresh_token: String(token) };
}
