// Webhooks over HTTP: every way in which something ends is told to a real receiver, signed, in order, with who and why.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decodeJwt } from "jose";
import { type People, peopleOf, type SignedIn } from "../people.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import type { Cause } from "../webhook-cause.ts";
import { type Receiver, startReceiver } from "../webhook-receiver.ts";

let server: TestServer;
let people: People;
let receiver: Receiver;
let client: RegisteredClient;
const secrets = new Map<string, string>();
const ends: (() => Promise<void>)[] = [];

before(async () => {
  server = await startTestServer();
  people = await peopleOf(server);
  receiver = await startReceiver((end) => ends.push(end), secrets);
  client = await people.client({
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    scope: "openid read offline_access rescind:account grant_management_revoke",
  });
  const all = { url: `${receiver.url}/all` };
  const { status, json, text } = await server.admin("POST", "/admin/v1/subscriptions", all);
  assert.equal(status, 201, text);
  secrets.set("/all", String(json.secret));
});
after(async () => {
  await Promise.all(ends.map((end) => end()));
  await people.close();
  await server.close();
});

type Tokens = Record<string, unknown>;

const revoke = (token: unknown, more: Record<string, string> = {}) =>
  server.form("/oauth2/revoke", { token: String(token), ...more }, client);
const order = (select: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  server.admin("POST", "/admin/v1/revocations", { select, ...more });
const post = (path: string, body?: unknown) => server.admin("POST", path, body);

let grant: Record<string, string>;
let person: SignedIn;
let tokens: Tokens;
let orderId: unknown;

async function freshGrant(): Promise<Record<string, string>> {
  grant = await server.openGrant(client, `usr_${crypto.randomUUID()}`, { scope: "read offline_access" });
  return grant;
}

async function freshPerson(): Promise<void> {
  const { subject } = await people.addUser();
  person = await people.signIn((await people.store.findUser(subject)).user);
  tokens = await people.tokens(client, person, { scopes: ["openid", "offline_access"] });
}

const jti = (token: unknown): unknown => decodeJwt(String(token)).jti;
const ofGrant = () => ({ client_id: client.client_id, grant_id: grant.grant_id });
const ofPerson = () => ({ subject: person.subject });

const causes: readonly Cause[] = [
  {
    name: "RFC 7009 an access token by its client",
    happen: async () => revoke((await freshGrant()).access_token),
    told: ["token.revoked"],
    reason: "client_request",
    actor: "client",
    says: () => ({ ...ofGrant(), select: { token_id: jti(grant.access_token) }, final: true }),
  },
  {
    name: "RFC 7009 a refresh token by its client",
    happen: async () => revoke((await freshGrant()).refresh_token),
    told: ["grant.revoked"],
    reason: "client_request",
    actor: "client",
    says: ofGrant,
  },
  {
    name: "RFC 7009 all that a subject gave the client",
    happen: async () => revoke((await freshGrant()).access_token, { cascade: "subject_client" }),
    told: ["grant.revoked"],
    reason: "client_request",
    actor: "client",
    says: () => ({ client_id: client.client_id, subject: decodeJwt(grant.access_token ?? "").sub }),
  },
  {
    name: "an administrator's order on a token",
    happen: async () => {
      await freshGrant();
      return order({ token: grant.access_token }, { note: "found in a log", reason: "security_event" });
    },
    told: ["token.revoked"],
    reason: "security_event",
    actor: "admin",
    says: () => ({ ...ofGrant(), note: "found in a log", final: false }),
  },
  {
    name: "an administrator's order on a grant, and its lift",
    happen: async () => {
      await freshGrant();
      const { json } = await order({ grant_id: grant.grant_id });
      orderId = json.id;
      return post(`/admin/v1/revocations/${json.id}/lift`);
    },
    told: ["grant.revoked", "revocation.lifted"],
    reason: "administrator",
    says: () => ({ ...ofGrant(), revocation_id: orderId, select: { grant_id: grant.grant_id } }),
  },
  {
    name: "RT-02 a replayed refresh token",
    happen: async () => {
      await freshGrant();
      let refresh_token = grant.refresh_token ?? "";
      for (let i = 0; i < 2; i++) {
        const form = { grant_type: "refresh_token", refresh_token };
        refresh_token = String((await server.form("/oauth2/token", form, client)).json.refresh_token);
      }
      const replayed = { grant_type: "refresh_token", refresh_token: grant.refresh_token ?? "" };
      assert.equal((await server.form("/oauth2/token", replayed, client)).json.error, "invalid_grant");
    },
    told: ["replay.detected", "grant.revoked"],
    reason: "replay_detected",
    actor: "client",
    says: ofGrant,
  },
  {
    name: "AC-02 a code used twice",
    happen: async () => {
      await freshPerson();
      const code = await people.code(client, person);
      const { json } = await people.redeem(client, code);
      grant = { grant_id: String(decodeJwt(String(json.access_token)).grant_id) };
      assert.equal((await people.redeem(client, code)).json.error, "invalid_grant");
    },
    told: ["replay.detected", "grant.revoked"],
    reason: "replay_detected",
    actor: "client",
    says: ofGrant,
  },
  {
    name: "a leaked access token that somebody hands in",
    happen: async () => {
      await freshGrant();
      const body = JSON.stringify({ tokens: [grant.access_token] });
      const headers = { "content-type": "application/json" };
      const answer = await server.request("/leaked-tokens", { method: "POST", headers, body });
      assert.equal(answer.status, 202, answer.text);
    },
    told: ["token.leaked", "token.revoked"],
    reason: "token_leaked",
    says: ofGrant,
  },
  {
    name: "a leaked refresh token that somebody hands in",
    happen: async () => {
      await freshGrant();
      const body = JSON.stringify({ tokens: [grant.refresh_token] });
      const headers = { "content-type": "application/json" };
      const answer = await server.request("/leaked-tokens", { method: "POST", headers, body });
      assert.equal(answer.status, 202, answer.text);
    },
    told: ["token.leaked", "grant.revoked"],
    reason: "token_leaked",
    says: ofGrant,
  },
  {
    name: "grant management by the client",
    happen: async () => {
      await freshGrant();
      const own = await server.clientToken(client, { scope: "grant_management_revoke" });
      const init = { method: "DELETE", headers: { authorization: `Bearer ${own}` } };
      assert.equal((await server.request(`/grants/${grant.grant_id}`, init)).status, 204);
    },
    told: ["grant.revoked"],
    reason: "client_request",
    actor: "client",
    says: ofGrant,
  },
  {
    name: "many orders in one call",
    happen: async () => {
      const first = await freshGrant();
      await freshGrant();
      await post("/admin/v1/revocations/bulk", {
        tokens: [first.access_token],
        grant_ids: [grant.grant_id],
        reason: "security_event",
      });
    },
    told: ["token.revoked", "grant.revoked"],
    reason: "security_event",
    actor: "admin",
    says: ofGrant,
  },
  {
    name: "a person who takes back what an application has",
    happen: async () => {
      await freshPerson();
      const own = await people.tokens(client, person, { scopes: ["openid", "rescind:account"] });
      const headers = { authorization: `Bearer ${own.access_token}` };
      const path = `/account/v1/applications/${client.client_id}`;
      assert.equal((await server.request(path, { method: "DELETE", headers })).status, 204);
    },
    told: ["grant.revoked"],
    reason: "consent_withdrawn",
    actor: "user",
    says: () => ({ ...ofPerson(), client_id: client.client_id }),
  },
  {
    name: "global token revocation",
    happen: async () => {
      await freshPerson();
      const answer = await post("/global-token-revocation", {
        sub_id: { format: "opaque", id: person.subject },
      });
      assert.equal(answer.status, 204, answer.text);
    },
    told: ["subject.revoked"],
    reason: "security_event",
    says: ofPerson,
  },
  {
    name: "another password, a person who is deleted",
    happen: async () => {
      await freshPerson();
      const path = `/admin/v1/users/${person.subject}`;
      await server.admin("PATCH", path, { password: "the first password" });
      await server.admin("PATCH", path, { password: "another password" });
      await server.admin("DELETE", path);
    },
    told: ["subject.revoked", "subject.revoked"],
    reason: "user_deleted",
    says: ofPerson,
  },
  {
    name: "another issuer's token, subject, and all of its tokens",
    happen: async () => {
      const issuer = "https://other.example";
      const made = await post("/admin/v1/issuers", { issuer, jwks_uri: `${issuer}/jwks` });
      assert.equal(made.status, 201, made.text);
      await order({ issuer, jti: "j-1" });
      await order({ issuer, subject: "somebody" });
      await order({ issuer });
    },
    told: ["token.revoked", "subject.revoked", "issuer.revoked"],
    reason: "administrator",
    says: () => ({ select: { issuer: "https://other.example" }, subject: undefined }),
  },
  {
    name: "a consumer key that is deleted",
    happen: async () => {
      const { json } = await post(`/admin/v1/clients/${client.client_id}/keys`);
      const answer = await server.admin("DELETE", `/admin/v1/keys/${json.key_id}`);
      assert.equal(answer.status, 204, answer.text);
    },
    told: ["key.suspended"],
    reason: "secret_rotated",
    says: () => ({ client_id: client.client_id, final: true }),
  },
  {
    name: "a suspended client",
    happen: () => post(`/admin/v1/clients/${client.client_id}/revoke`),
    told: ["client.suspended"],
    reason: "client_suspended",
    says: () => ({ client_id: client.client_id }),
  },
  {
    name: "the client approved",
    happen: () => post(`/admin/v1/clients/${client.client_id}/approve`),
    told: ["client.approved", "revocation.lifted"],
    reason: "client_suspended",
    says: () => ({ client_id: client.client_id, select: { client_id: client.client_id } }),
  },
  {
    name: "a suspended consumer key",
    happen: () => post(`/admin/v1/keys/${client.keys[0]?.key_id}/revoke`),
    told: ["key.suspended"],
    reason: "administrator",
    says: () => ({ client_id: client.client_id, select: { key_id: client.keys[0]?.key_id } }),
  },
  {
    name: "the key approved",
    happen: () => post(`/admin/v1/keys/${client.keys[0]?.key_id}/approve`),
    told: ["key.approved", "revocation.lifted"],
    reason: "administrator",
    says: () => ({ client_id: client.client_id }),
  },
  {
    name: "tokens of a client, of a key, of a person with a client",
    happen: async () => {
      await freshPerson();
      await order({ client_id: client.client_id });
      await order({ key_id: client.keys[0]?.key_id });
      await order(
        { subject: person.subject, client_id: client.client_id },
        { before: "2026-01-01T00:00:00Z" },
      );
    },
    told: ["client.revoked", "key.revoked", "grant.revoked"],
    reason: "administrator",
    says: () => ({ ...ofPerson(), client_id: client.client_id, before: "2026-01-01T00:00:00Z" }),
  },
  {
    name: "a session ended by an administrator",
    happen: async () => {
      await freshPerson();
      await order({ session_id: person.sessionId });
    },
    told: ["session.revoked"],
    reason: "administrator",
    says: () => ({ select: { session_id: person.sessionId } }),
  },
  {
    name: "a person who signs out",
    happen: async () => {
      await freshPerson();
      const headers = { cookie: `rescind_session=${person.cookie}` };
      await server.request(`/oauth2/logout?id_token_hint=${tokens.id_token}`, { headers });
    },
    told: ["session.revoked"],
    reason: "logout",
    actor: "user",
    says: () => ({ ...ofPerson(), select: { session_id: person.sessionId } }),
  },
  {
    name: "a disabled person",
    happen: async () => {
      await freshPerson();
      await server.admin("PATCH", `/admin/v1/users/${person.subject}`, { status: "disabled" });
    },
    told: ["subject.revoked"],
    reason: "user_disabled",
    actor: "admin",
    says: () => ({ ...ofPerson(), final: true }),
  },
  {
    name: "a signing key",
    happen: async () => {
      const { json } = await server.admin("GET", "/admin/v1/signing-keys");
      const key = (json.items as Record<string, unknown>[]).find(({ use }) => use === "access");
      await order({ kid: key?.kid }, { reason: "key_compromise" });
    },
    told: ["signing_key.revoked"],
    reason: "key_compromise",
  },
  {
    name: "everything",
    happen: () => order({ all: true }),
    told: ["all.revoked"],
    reason: "administrator",
    says: () => ({ select: { all: true } }),
  },
  {
    name: "a client that is deleted",
    happen: async () => server.admin("DELETE", `/admin/v1/clients/${client.client_id}`),
    told: ["client.suspended"],
    reason: "client_deleted",
    says: () => ({ client_id: client.client_id, final: true }),
  },
];

describe("every order on every path is told to a subscription to everything", () => {
  let seen = 0;
  for (const { name, happen, told, reason, actor, says } of causes)
    test(`${name}: ${told.join(", ")}`, async () => {
      await happen();
      await receiver.types(seen + told.length);
      const events = receiver.events.slice(seen);
      seen += told.length;
      assert.deepEqual(
        events.map(({ type }) => type),
        told,
      );
      const data = events.at(-1)?.data ?? {};
      assert.equal(data.reason, reason);
      if (actor !== undefined) assert.equal((data.actor as Record<string, unknown>).kind, actor);
      for (const [member, value] of Object.entries(says?.() ?? {}))
        assert.deepEqual(data[member], value, member);
    });

  test("numbers only rise, every attempt arrived at once, and no secret of a token is in a body", async () => {
    const seqs = receiver.events.map(({ data }) => Number(data.seq));
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
    assert.ok(receiver.received.every(({ status }) => status === 204));
    for (const { body, headers } of receiver.received) {
      assert.equal(/r(at|rt|ac|cs)_\w{20}|eyJ|whsec_/.test(body), false, body);
      assert.match(String(headers["webhook-id"]), /^evt_\d+$/);
      assert.ok(Math.abs(Number(headers["webhook-timestamp"]) - Date.now() / 1000) < 60);
      assert.equal(headers["content-type"], "application/json");
      assert.equal(headers.authorization, undefined);
    }
  });
});
