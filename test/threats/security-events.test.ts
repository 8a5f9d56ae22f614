// Security events, each on every path that can cause it: one order with its reason and its actor on the log and in the
// audit records, and exactly the tokens die that it means. RT-09, RV-16, IN-10, AC-02, RT-02.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Actor } from "@rescind/store";
import { decodeProtectedHeader } from "jose";
import { peopleOf, pkce, redirectUri, type SignedIn } from "../people.ts";
import { createPerson } from "../person.ts";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

let made = 0;

type Tokens = Record<string, unknown>;

/** What everybody holds before the event. `online` came by `code`; `elsewhere` and `own` are opaque. */
const holdings = ["online", "offline", "second", "elsewhere", "console", "bob", "own"] as const;
type Holding = (typeof holdings)[number];

interface World extends Record<Holding, Tokens> {
  readonly ada: SignedIn;
  readonly app: RegisteredClient;
  readonly calendar: RegisteredClient;
  readonly keyId: string;
  readonly code: string;
  /** For the account API. */
  readonly account: string;
}

const password = "correct horse battery";
const admin: Actor = { kind: "admin", id: "admin" };
const herself = ({ ada }: World): Actor => ({ kind: "user", id: ada.subject });
const itself = ({ app }: World): Actor => ({ kind: "client", id: app.client_id });
const everythingOfHers: readonly Holding[] = ["online", "offline", "second", "elsewhere", "console"];
const everythingOfTheApp: readonly Holding[] = ["online", "offline", "second", "bob", "own"];

interface Event {
  readonly name: string;
  readonly happen: (world: World) => Promise<Answered>;
  readonly reason: string;
  readonly actor: Actor | ((world: World) => Actor);
  readonly select: (world: World) => object;
  readonly dies: readonly Holding[];
  /** Refresh tokens stay: the order names what signed the access tokens. */
  readonly spares?: "refresh tokens";
  /** An administrator's own decision may be taken back. */
  readonly liftable?: true;
}

const subject = ({ ada }: World) => ({ subject: ada.subject });
const key = ({ keyId }: World) => ({ key_id: keyId });
const client = ({ app }: World) => ({ client_id: app.client_id });
const grantOf = (tokens: Tokens) => ({ grant_id: claimsOf(tokens).grant_id });

const events: readonly Event[] = [
  {
    name: "another password, by an administrator",
    happen: ({ ada }) => changed(ada, { password: "a new password altogether" }),
    ...{ reason: "password_changed", actor: admin, select: subject, dies: everythingOfHers },
  },
  {
    name: "another password, by a setup link",
    happen: setPasswordByLink,
    ...{ reason: "password_changed", actor: herself, select: subject, dies: everythingOfHers },
  },
  {
    name: "another password, by the person",
    happen: ({ account }) =>
      ofAccount(account, "POST", "/password", {
        current_password: password,
        new_password: "a new password altogether",
      }),
    ...{ reason: "password_changed", actor: herself, select: subject, dies: everythingOfHers },
  },
  {
    name: "a disabled user",
    happen: ({ ada }) => changed(ada, { status: "disabled" }),
    ...{ reason: "user_disabled", actor: admin, select: subject, dies: everythingOfHers },
  },
  {
    name: "a deleted user",
    happen: ({ ada }) => server.admin("DELETE", `/admin/v1/users/${ada.subject}`),
    ...{ reason: "user_deleted", actor: admin, select: subject, dies: everythingOfHers },
  },
  {
    name: "signing out everywhere",
    happen: ({ account }) => ofAccount(account, "POST", "/sign-out-everywhere"),
    ...{ reason: "user_request", actor: herself, select: subject, dies: everythingOfHers },
  },
  {
    name: "a consent withdrawn by the person",
    happen: ({ account, app }) => ofAccount(account, "DELETE", `/applications/${app.client_id}`),
    ...{ reason: "consent_withdrawn", actor: herself },
    select: (world) => ({ ...subject(world), ...client(world) }),
    dies: ["online", "offline", "second"],
  },
  {
    name: "a consent withdrawn by an administrator",
    happen: (world) =>
      server.admin("POST", "/admin/v1/revocations", {
        select: { ...subject(world), ...client(world) },
        reason: "consent_withdrawn",
      }),
    ...{ reason: "consent_withdrawn", actor: admin, liftable: true },
    select: (world) => ({ ...subject(world), ...client(world) }),
    dies: ["online", "offline", "second"],
  },
  {
    name: "a logout, which spares what has offline_access",
    happen: ({ ada, online }) =>
      server.request(`/oauth2/logout?id_token_hint=${online.id_token}`, {
        headers: { cookie: `rescind_session=${ada.cookie}` },
      }),
    ...{ reason: "logout", actor: herself },
    select: ({ ada }) => ({ session_id: ada.sessionId }),
    dies: ["online", "elsewhere", "console"],
  },
  {
    name: "a session ended from another browser, offline_access included",
    happen: ({ account, ada }) => ofAccount(account, "DELETE", `/sessions/${ada.sessionId}`),
    ...{ reason: "user_request", actor: herself },
    select: ({ ada }) => ({ session_id: ada.sessionId }),
    dies: ["online", "offline", "elsewhere", "console"],
  },
  {
    name: "a rotated client secret",
    happen: ({ keyId }) => server.admin("POST", `/admin/v1/keys/${keyId}/rotate`),
    ...{ reason: "secret_rotated", actor: admin, select: key, dies: everythingOfTheApp },
  },
  {
    name: "a deleted client secret",
    happen: ({ keyId }) => server.admin("DELETE", `/admin/v1/keys/${keyId}`),
    ...{ reason: "secret_rotated", actor: admin, select: key, dies: everythingOfTheApp },
  },
  {
    name: "a suspended client",
    happen: ({ app }) => server.admin("POST", `/admin/v1/clients/${app.client_id}/revoke`),
    ...{ reason: "client_suspended", actor: admin, select: client, dies: everythingOfTheApp, liftable: true },
  },
  {
    name: "a deleted client",
    happen: ({ app }) => server.admin("DELETE", `/admin/v1/clients/${app.client_id}`),
    ...{ reason: "client_deleted", actor: admin, select: client, dies: everythingOfTheApp },
  },
  {
    name: "a code used twice",
    happen: ({ app, code }) => people.redeem(app, code),
    ...{ reason: "replay_detected", actor: itself },
    select: ({ online }) => grantOf(online),
    dies: ["online"],
  },
  {
    name: "a refresh token used again after its successor was",
    happen: async ({ app, offline }) => {
      const next = await refreshed(offline.refresh_token, app);
      assert.equal((await refreshed(next.json.refresh_token, app)).status, 200);
      return refreshed(offline.refresh_token, app);
    },
    ...{ reason: "replay_detected", actor: itself },
    select: ({ offline }) => grantOf(offline),
    dies: ["offline"],
  },
  {
    name: "a revoked signing key",
    happen: (world) =>
      server.admin("POST", "/admin/v1/revocations", {
        select: { kid: kidOf(world.online) },
        reason: "key_compromise",
        final: true,
      }),
    ...{ reason: "key_compromise", actor: admin, spares: "refresh tokens" },
    select: ({ online }) => ({ kid: kidOf(online) }),
    dies: ["online", "offline", "second", "console", "bob"],
  },
  {
    name: "a lost role",
    happen: ({ ada }) => changed(ada, { roles: [] }),
    ...{ reason: "administrator", actor: admin },
    select: (world) => ({ ...subject(world), client_id: "console" }),
    dies: ["console"],
  },
];

for (const event of events)
  test(`RT-09 RV-16 IN-10 ${event.name}: one order that says why and who, and exactly its tokens die`, async () => {
    const world = await newWorld();
    const before = await newestSeq();
    const answer = await event.happen(world);
    await assertOrder(event, world, before);
    const seq = answer.headers.get("rescind-seq");
    if (seq !== null) assert.ok(Number(seq) > before, `${answer.status} ${answer.text}`);
    for (const holding of holdings) {
      const { access_token, refresh_token } = world[holding];
      const dead = event.dies.includes(holding);
      assert.equal(await isActive(access_token), !dead, `${holding}: access token`);
      if (refresh_token === undefined) continue;
      const refreshDead = dead && event.spares !== "refresh tokens";
      assert.equal(await isActive(refresh_token), !refreshDead, `${holding}: refresh token`);
      if (refreshDead) assert.ok((await refreshed(refresh_token, clientOf(holding, world))).status >= 400);
    }
  });

test("RT-09 RV-16 a user whom the config file disables, and an admin secret that the environment replaces", async () => {
  const own = await startTestServer([], { RESCIND_ADMIN_SECRET: "the first secret of the administration" });
  try {
    const file = join(own.data, "declared.json");
    const declare = (status: string) =>
      writeFileSync(file, JSON.stringify({ users: [{ username: "ada", sub: "usr_ada", status }] }));
    declare("active");
    await own.restart(["--config", file]);
    const { access_token, refresh_token } = await own.openGrant(await own.registerClient(), "usr_ada");
    const adminToken = await own.adminToken();
    declare("disabled");
    const secret = "the second secret of the administration";
    await own.restart(["--config", file], { RESCIND_ADMIN_SECRET: secret });
    const form = { grant_type: "client_credentials", scope: "rescind:read rescind:introspect" };
    const { json } = await own.form("/oauth2/token", form, { client_id: "admin", client_secret: secret });
    const headers = { authorization: `Bearer ${json.access_token}` };
    const isActiveThere = async (token: unknown) =>
      (
        await own.request("/oauth2/introspect", {
          method: "POST",
          headers,
          body: new URLSearchParams({ token: String(token) }),
        })
      ).json.active;
    for (const token of [access_token, refresh_token, adminToken])
      assert.equal(await isActiveThere(token), false);
    const listed = await own.request("/admin/v1/revocations", { headers });
    const orders = (listed.json.items as Record<string, unknown>[]).map(({ reason, actor, final }) => ({
      ...{ reason, actor, final },
    }));
    assert.deepEqual(orders, [
      { reason: "user_disabled", actor: { kind: "server", id: "configuration" }, final: true },
      { reason: "secret_rotated", actor: { kind: "server", id: "start" }, final: true },
    ]);
  } finally {
    await own.close();
  }
});

async function newWorld(): Promise<World> {
  const app = await people.client({
    name: "Photos",
    grant_types: ["authorization_code", "refresh_token", "client_credentials"],
    scope: "openid read offline_access",
  });
  const calendar = await people.client({
    access_token_format: "opaque",
    scope: "openid read rescind:account",
  });
  const ada = await someone({ roles: ["viewer"] });
  const user = (await people.store.findUser(ada.subject)).user;
  const phone = await people.signIn(user);
  const code = await people.code(app, ada, { scopes: ["openid", "read"] });
  const account = await people.tokens(calendar, phone, { scopes: ["rescind:account"] });
  return {
    ...{ app, calendar, ada, code, keyId: app.keys[0]?.key_id ?? "", account: String(account.access_token) },
    online: (await people.redeem(app, code)).json,
    offline: await people.tokens(app, ada, { scopes: ["openid", "offline_access"] }),
    second: await people.tokens(app, phone, { scopes: ["openid", "read"] }),
    elsewhere: await people.tokens(calendar, ada, { scopes: ["openid", "read"] }),
    console: await consoleTokens(ada),
    bob: await people.tokens(app, await someone(), { scopes: ["openid", "read"] }),
    own: { access_token: await opaqueOwn(app) },
  };
}

async function someone(facts: object = {}): Promise<SignedIn> {
  made += 1;
  const username = `someone-${made}`;
  const { json, text } = await server.admin("POST", "/admin/v1/users", { username, password, ...facts });
  const { user } = await people.store.findUser(String(json.sub));
  assert.ok(user !== undefined, text);
  return people.signIn(user);
}

/** A token of the client's own, without a signing key to die with. */
async function opaqueOwn(app: RegisteredClient): Promise<string> {
  const path = `/admin/v1/clients/${app.client_id}`;
  await server.admin("PATCH", path, { access_token_format: "opaque" });
  const token = await server.clientToken(app);
  await server.admin("PATCH", path, { access_token_format: null });
  return token;
}

async function consoleTokens(person: SignedIn): Promise<Tokens> {
  const console = { client_id: "console", client_secret: "", keys: [] };
  const code = await people.code(console, person, { scopes: ["openid", "rescind:read"] });
  const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, client_id: "console" };
  const { json } = await server.form("/oauth2/token", { ...form, code_verifier: pkce.verifier });
  return json;
}

async function assertOrder(event: Event, world: World, before: number): Promise<void> {
  const listed = await server.admin("GET", "/admin/v1/revocations?limit=10");
  const items = listed.json.items as Record<string, unknown>[]; // the contract's list
  const [order = {}, ...more] = items.filter(({ seq }) => Number(seq) > before);
  assert.deepEqual(more, [], "one event, one order");
  const actor = typeof event.actor === "function" ? event.actor(world) : event.actor;
  assert.deepEqual(
    [order.reason, order.actor, order.select],
    [event.reason, actor, JSON.parse(JSON.stringify(event.select(world)))],
  );
  const audit = await server.admin("GET", "/admin/v1/audit?action=revoke&limit=1");
  const [record = {}] = audit.json.items as Record<string, unknown>[]; // the contract's list
  assert.deepEqual([record.revocation_id, record.seq, record.actor], [order.id, order.seq, actor]);
  assert.equal((record.content as { reason?: string }).reason, event.reason);
  if (event.liftable === true) return;
  const lifted = await server.admin("POST", `/admin/v1/revocations/${order.id}/lift`);
  assert.equal(lifted.status, 409, "a security event stays");
}

async function newestSeq(): Promise<number> {
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [newest] = json.items as Record<string, unknown>[]; // the contract's list
  return Number(newest?.seq ?? 0);
}

function changed({ subject }: SignedIn, change: object): Promise<Answered> {
  return server.admin("PATCH", `/admin/v1/users/${subject}`, change);
}

/** As the person does it, with the link that an administrator handed over. */
async function setPasswordByLink({ ada }: World): Promise<Answered> {
  const made = await server.admin("POST", `/admin/v1/users/${ada.subject}/setup-link`);
  const browser = createPerson(server.issuer);
  const again = "chosen by the person";
  await browser.submit(await browser.open(String(made.json.setup_url)), { password: again, again });
  return made;
}

function ofAccount(token: string, method: string, path: string, body?: object): Promise<Answered> {
  return server.request(`/account/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function refreshed(refreshToken: unknown, by: RegisteredClient | undefined): Promise<Answered> {
  const form = { grant_type: "refresh_token", refresh_token: String(refreshToken) };
  return by === undefined
    ? server.form("/oauth2/token", { ...form, client_id: "console" })
    : server.form("/oauth2/token", form, by);
}

function clientOf(holding: Holding, { app, calendar }: World): RegisteredClient | undefined {
  if (holding === "console") return undefined;
  return holding === "elsewhere" ? calendar : app;
}

async function isActive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

function claimsOf({ access_token }: Tokens): Record<string, unknown> {
  const [, payload = ""] = String(access_token).split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

function kidOf({ access_token }: Tokens): string | undefined {
  return decodeProtectedHeader(String(access_token)).kid;
}
