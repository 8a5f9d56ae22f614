// What a subscription hangs on takes it along, in the same transaction, whichever order covers it: one last event says
// why, nothing comes after it, and a lift does not bring it back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type People, peopleOf } from "../people.ts";
import { type Answered, type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { type Received, type Receiver, startReceiver } from "../webhook-receiver.ts";

let server: TestServer;
let people: People;
let receiver: Receiver;
const secrets = new Map<string, string>();
const ends: (() => Promise<void>)[] = [];

before(async () => {
  server = await startTestServer();
  people = await peopleOf(server);
  receiver = await startReceiver((end) => ends.push(end), secrets);
});
after(async () => {
  await Promise.all(ends.map((end) => end()));
  await people.close();
  await server.close();
});

interface Bound {
  readonly client: RegisteredClient;
  readonly subject: string;
  readonly sessionId: string;
  readonly cookie: string;
  readonly grantId: string;
  readonly tokens: Record<string, unknown>;
  readonly path: string;
  readonly subscriptionId: string;
}

let paths = 0;

async function subscribe(body: Record<string, unknown>): Promise<{ path: string; subscriptionId: string }> {
  paths += 1;
  const path = `/hook-${paths}`;
  const answer = await server.admin("POST", "/admin/v1/subscriptions", {
    url: receiver.url + path,
    ...body,
  });
  assert.equal(answer.status, 201, answer.text);
  secrets.set(path, String(answer.json.secret));
  return { path, subscriptionId: String(answer.json.subscription_id) };
}

/** A person's grant, of offline_access or of the session, with a subscription of its own. */
async function boundToGrant(scopes = ["openid"]): Promise<Bound> {
  const client = await people.client();
  const { subject } = await people.addUser();
  const signedIn = await people.signIn((await people.store.findUser(subject)).user);
  const tokens = await people.tokens(client, signedIn, { scopes });
  const { items } = (await server.admin("GET", `/admin/v1/grants?subject=${subject}`)).json;
  const [grant] = items as { grant_id: string }[];
  const grantId = grant?.grant_id ?? "";
  return { client, ...signedIn, grantId, tokens, ...(await subscribe({ grant_id: grantId })) };
}

function told(path: string): readonly Received[] {
  return receiver.events.filter((one) => one.path === path);
}

async function lastOf(path: string): Promise<readonly Received[]> {
  return until(async () => told(path).at(-1)?.type === "subscription.cancelled" && told(path));
}

const order = (select: Record<string, unknown>) => server.admin("POST", "/admin/v1/revocations", { select });

interface Ending {
  readonly name: string;
  readonly happen: (bound: Bound) => Promise<Answered>;
  readonly before: readonly string[];
  readonly reason: string;
  /** `affected.subscriptions` of the receipt is 1. */
  readonly counted?: true;
}

const endings: readonly Ending[] = [
  {
    name: "the grant revoked by an administrator",
    happen: ({ grantId }) => order({ grant_id: grantId }),
    before: ["grant.revoked"],
    reason: "administrator",
    counted: true,
  },
  {
    name: "the refresh token revoked by the client (RFC 7009)",
    happen: ({ tokens, client }) =>
      server.form("/oauth2/revoke", { token: String(tokens.refresh_token) }, client),
    before: ["grant.revoked"],
    reason: "client_request",
  },
  {
    name: "all that the subject gave the client",
    happen: ({ subject, client }) => order({ subject, client_id: client.client_id }),
    before: ["grant.revoked"],
    reason: "administrator",
    counted: true,
  },
  {
    name: "the subject",
    happen: ({ subject }) => order({ subject }),
    before: ["subject.revoked"],
    reason: "administrator",
    counted: true,
  },
  {
    name: "the person disabled",
    happen: ({ subject }) => server.admin("PATCH", `/admin/v1/users/${subject}`, { status: "disabled" }),
    before: ["subject.revoked"],
    reason: "user_disabled",
  },
  {
    name: "the session",
    happen: ({ sessionId }) => order({ session_id: sessionId }),
    before: ["session.revoked"],
    reason: "administrator",
    counted: true,
  },
  {
    name: "the person signs out",
    happen: ({ tokens, cookie }) =>
      server.request(`/oauth2/logout?id_token_hint=${tokens.id_token}`, {
        headers: { cookie: `rescind_session=${cookie}` },
      }),
    before: ["session.revoked"],
    reason: "logout",
  },
  {
    name: "the client's tokens",
    happen: ({ client }) => order({ client_id: client.client_id }),
    before: ["client.revoked"],
    reason: "administrator",
    counted: true,
  },
  {
    name: "the client suspended",
    happen: ({ client }) => server.admin("POST", `/admin/v1/clients/${client.client_id}/revoke`),
    before: ["client.suspended"],
    reason: "client_suspended",
  },
  {
    name: "everything",
    happen: () => order({ all: true }),
    before: ["all.revoked"],
    reason: "administrator",
  },
  {
    name: "the subscription deleted",
    happen: ({ subscriptionId }) => server.admin("DELETE", `/admin/v1/subscriptions/${subscriptionId}`),
    before: [],
    reason: "deleted",
  },
];

describe("a grant takes its subscription along", () => {
  for (const { name, happen, before, reason, counted } of endings)
    test(`${name}: one last event, and the subscription is cancelled when the order is answered`, async () => {
      const bound = await boundToGrant();
      const answer = await happen(bound);
      assert.ok(answer.status < 400, answer.text);
      if (counted) assert.equal((answer.json.affected as Record<string, unknown>).subscriptions, 1);
      const { json } = await server.admin("GET", `/admin/v1/subscriptions/${bound.subscriptionId}`);
      assert.equal(json.status, "cancelled");
      const events = await lastOf(bound.path);
      assert.deepEqual(
        events.map(({ type }) => type),
        [...before, "subscription.cancelled"],
      );
      const data = events.at(-1)?.data ?? {};
      assert.deepEqual(
        [data.reason, data.subscription_id, data.grant_id, data.client_id, data.subject],
        [reason, bound.subscriptionId, bound.grantId, bound.client.client_id, bound.subject],
      );
      if (reason !== "deleted") assert.ok(Number(data.seq) > 0);
    });
});

test("what spares the grant spares its subscription: a token, another grant, a logout where access is offline", async () => {
  const bound = await boundToGrant(["openid", "offline_access"]);
  const other = await boundToGrant();
  await order({ token: bound.tokens.access_token });
  await order({ grant_id: other.grantId });
  await server.request(`/oauth2/logout?id_token_hint=${bound.tokens.id_token}`, {
    headers: { cookie: `rescind_session=${bound.cookie}` },
  });
  await lastOf(other.path);
  await until(async () => told(bound.path).length === 1);
  const { json } = await server.admin("GET", `/admin/v1/subscriptions/${bound.subscriptionId}`);
  assert.equal(json.status, "active");
  await order({ grant_id: bound.grantId });
  const types = (await lastOf(bound.path)).map(({ type }) => type);
  assert.deepEqual(types, ["token.revoked", "grant.revoked", "subscription.cancelled"]);
});

test("a lift brings the tokens back, but no subscription; nothing is told after the last event", async () => {
  const bound = await boundToGrant(["openid", "offline_access"]);
  const { json } = await order({ grant_id: bound.grantId });
  await lastOf(bound.path);
  const lifted = await server.admin("POST", `/admin/v1/revocations/${json.id}/lift`);
  assert.equal(lifted.status, 200);
  assert.equal((await server.introspect(String(bound.tokens.refresh_token))).active, true);
  const again = await subscribe({ grant_id: bound.grantId });
  await order({ grant_id: bound.grantId });
  await lastOf(again.path);
  assert.deepEqual(
    told(bound.path).map(({ type }) => type),
    ["grant.revoked", "subscription.cancelled"],
  );
  const state = await server.admin("GET", `/admin/v1/subscriptions/${bound.subscriptionId}`);
  assert.equal(state.json.status, "cancelled");
});

test("a subscription of a client hears of its grants, ends with its suspension, and approving does not bring it back", async () => {
  const client = await people.client();
  const stranger = await people.client();
  const { path, subscriptionId } = await subscribe({ client_id: client.client_id });
  const grant = await server.openGrant(client);
  const elsewhere = await server.openGrant(stranger);
  await order({ grant_id: elsewhere.grant_id });
  await order({ grant_id: grant.grant_id });
  await order({ client_id: client.client_id });
  await server.admin("POST", `/admin/v1/clients/${client.client_id}/revoke`, { note: "for us only" });
  const events = await lastOf(path);
  assert.deepEqual(
    events.map(({ type }) => type),
    ["grant.revoked", "client.revoked", "client.suspended", "subscription.cancelled"],
  );
  assert.ok(events.every(({ body }) => !body.includes("for us only")));
  await server.admin("POST", `/admin/v1/clients/${client.client_id}/approve`);
  const { json } = await server.admin("GET", `/admin/v1/subscriptions/${subscriptionId}`);
  assert.equal(json.status, "cancelled");
});

test("a dry run counts the subscriptions that would end, and ends none", async () => {
  const bound = await boundToGrant();
  const { json } = await server.admin("POST", "/admin/v1/revocations", {
    select: { subject: bound.subject },
    dry_run: true,
  });
  assert.equal((json.affected as Record<string, unknown>).subscriptions, 1);
  const state = await server.admin("GET", `/admin/v1/subscriptions/${bound.subscriptionId}`);
  assert.equal(state.json.status, "active");
});
