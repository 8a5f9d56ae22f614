// Attempts at somebody else's token, grant or session, by every way in: refused without effect, and one audit record each
// that says who tried. CONTRACT.md section 6, DESIGN.md invariants C4 and E1.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type People, peopleOf, type SignedIn } from "../people.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";

let server: TestServer;
let people: People;
let victim: RegisteredClient;
let attacker: RegisteredClient;
let app: RegisteredClient;
let [ada, eve] = [{} as SignedIn, {} as SignedIn]; // set before the first test
before(async () => {
  server = await startTestServer();
  people = await peopleOf(server);
  victim = await server.registerClient();
  attacker = await server.registerClient({ scope: "grant_management_query grant_management_revoke" });
  app = await people.client({ scope: "openid rescind:account" });
  [ada, eve] = [await people.signIn(), await people.signIn()];
});
after(async () => {
  await people.close();
  await server.close();
});

async function records(): Promise<readonly Record<string, unknown>[]> {
  const { json } = await server.admin("GET", "/admin/v1/audit?limit=1000");
  return json.items as Record<string, unknown>[]; // the list's items
}

interface Attempt {
  readonly action: string;
  /** Who the record says it was. */
  readonly actor: () => string;
  /** What it was aimed at. */
  readonly content: Record<string, unknown>;
  readonly status: number;
}

/** One more record, and none of an order. */
async function isRecordedOnce(
  attempt: Attempt,
  act: () => Promise<{ readonly status: number }>,
): Promise<void> {
  const before = (await records()).length;
  const { status } = await act();
  const [newest, ...rest] = await records();
  assert.equal(status, attempt.status);
  assert.equal(rest.length, before, "one record");
  assert.equal(newest?.action, attempt.action);
  assert.equal((newest?.actor as { id: unknown }).id, attempt.actor());
  const content = newest?.content as Record<string, unknown>; // a record's content
  for (const [name, value] of Object.entries(attempt.content)) assert.equal(content[name], value, name);
}

describe("RV-02 by a client", () => {
  test("another client's access and refresh token at /oauth2/revoke", async () => {
    const tokens = await server.openGrant(victim, "usr_v");
    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const { jti } = await server.introspect(token ?? "");
      const attempt = {
        action: "revocation.refused",
        actor: () => attacker.client_id,
        content: { token_id: jti, client_id: victim.client_id },
        status: 400,
      };
      await isRecordedOnce(attempt, () =>
        server.form("/oauth2/revoke", { token: token ?? "", cascade: "subject_client" }, attacker),
      );
      assert.equal((await server.introspect(token ?? "")).active, true);
    }
  });

  test("another client's grant at /grants/{grant_id}", async () => {
    const { grant_id: grantId, access_token: token } = await server.openGrant(victim, "usr_v");
    const authorization = `Bearer ${await server.clientToken(attacker)}`;
    const attempt = {
      action: "revocation.refused",
      actor: () => attacker.client_id,
      content: { grant_id: grantId, client_id: victim.client_id },
      status: 404,
    };
    await isRecordedOnce(attempt, () =>
      server.request(`/grants/${grantId}`, { method: "DELETE", headers: { authorization } }),
    );
    assert.equal((await server.introspect(token ?? "")).active, true);
  });

  test("RT-06 another client's refresh token at the token endpoint, spent or not", async () => {
    const tokens = await server.openGrant(victim, "usr_v");
    const use = (client: RegisteredClient) =>
      server.form(
        "/oauth2/token",
        { grant_type: "refresh_token", refresh_token: String(tokens.refresh_token) },
        client,
      );
    const attempt = {
      action: "refresh.refused",
      actor: () => attacker.client_id,
      content: { grant_id: tokens.grant_id, client_id: victim.client_id },
      status: 400,
    };
    await isRecordedOnce(attempt, () => use(attacker));
    assert.equal((await use(victim)).status, 200, "the grant is untouched");
    await isRecordedOnce(attempt, () => use(attacker));
    assert.equal((await server.introspect(String(tokens.access_token))).active, true);
  });
});

describe("RV-02 by a person at their own account", () => {
  async function asEve(path: string): Promise<{ readonly status: number }> {
    const tokens = await people.tokens(app, eve, { scopes: ["openid", "rescind:account"] });
    const authorization = `Bearer ${tokens.access_token}`;
    return server.request(`/account/v1${path}`, { method: "DELETE", headers: { authorization } });
  }

  test("somebody else's grant and session", async () => {
    const theirs = await people.tokens(app, ada, { scopes: ["openid", "rescind:account"] });
    const { grant_id: grantId } = await server.introspect(String(theirs.access_token));
    for (const [path, content] of [
      [`/grants/${grantId}`, { grant_id: grantId, subject: ada.subject }],
      [`/sessions/${ada.sessionId}`, { session_id: ada.sessionId, subject: ada.subject }],
    ] as const) {
      const attempt = { action: "revocation.refused", actor: () => eve.subject, content, status: 404 };
      await isRecordedOnce(attempt, () => asEve(path));
    }
    assert.equal((await server.introspect(String(theirs.access_token))).active, true);
  });
});

test("what is nobody's is no attempt: unknown tokens, grants and sessions leave no record", async () => {
  const before = (await records()).length;
  const authorization = `Bearer ${await server.clientToken(attacker)}`;
  await server.form("/oauth2/revoke", { token: "made-up" }, attacker);
  await server.request("/grants/gnt_1", { method: "DELETE", headers: { authorization } });
  await server.form("/oauth2/token", { grant_type: "refresh_token", refresh_token: "made-up" }, attacker);
  assert.equal((await records()).length, before);
});

test("E1 each order that was answered has one record, whatever the way, and the chain verifies", async () => {
  const before = (await records()).length;
  const tokens = [];
  for (let made = 0; made < 5; made += 1) tokens.push(await server.openGrant(victim, `usr_${made}`));
  const opened = (await records()).length;
  const [one, two, three, four, five] = tokens.map((token) => token.access_token ?? "");
  await server.form("/oauth2/revoke", { token: one ?? "" }, victim);
  await server.form("/oauth2/revoke", { token: one ?? "" }, victim);
  await server.admin("POST", "/admin/v1/revocations", { select: { token: two } });
  await server.admin("POST", "/admin/v1/revocations/bulk", { tokens: [two, three] });
  await server.request("/leaked-tokens", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ tokens: [four] }),
  });
  await server.form("/oauth2/revoke", { token: five ?? "" }, victim);
  for (const token of [one, two, three, four, five])
    assert.equal((await server.introspect(token ?? "")).active, false);
  const orders = (await records()).slice(0, (await records()).length - opened);
  assert.equal(orders.filter(({ action }) => action === "revoke").length, 5);
  assert.ok(opened >= before);
  assert.equal((await server.admin("GET", "/admin/v1/audit/verify")).json.broken_at, undefined);
});
