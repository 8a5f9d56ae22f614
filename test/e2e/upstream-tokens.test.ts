// The token that a sign-in brought along is revoked at its provider when the last thing that hangs on the sign-in ends,
// by whatever order, and not before; an outage there delays nothing here and loses nothing.
// docs/decisions/0016-upstream-tokens.md

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { Provider } from "oidc-provider";
import { authorizationUrl } from "../authorization.ts";
import { createPerson, type Page } from "../person.ts";
import { until } from "../until.ts";
import { startUpstreamWorld } from "./upstream-world.ts";

/** However busy the machine is. */
function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  return until(ask, 60_000);
}

const world = await startUpstreamWorld();
after(() => world.close());
const { server, alice } = world;
await world.provider("corp", { create_users: true });
const other = await world.people.client({ first_party: true });

async function order(select: Record<string, unknown>): Promise<void> {
  const { status, text } = await server.admin("POST", "/admin/v1/revocations", { select });
  assert.equal(status, 201, text);
}

interface SignIn {
  readonly sub: string;
  readonly sid: string;
  readonly grantId: string;
  /** As the upstream gave it. */
  readonly token: string;
  readonly signOut: () => Promise<Page>;
  /** Another application gets a grant by the same sign-in. */
  readonly alsoFor: (scope: string) => Promise<string>;
}

async function signIn(): Promise<SignIn> {
  const person = world.browser();
  const { access_token, id_token } = await world.redeem(await world.continueWith("corp", alice, person));
  const facts = await server.introspect(String(access_token));
  const [kept] = world.keptTokens();
  assert.ok(kept?.status === "held");
  assert.equal(await world.isLiveThere(kept.text), true);
  return {
    sub: String(facts.sub),
    sid: String(facts.sid),
    grantId: String(facts.grant_id),
    token: kept.text,
    signOut: () => person.open(`${server.issuer}/oauth2/logout?id_token_hint=${id_token}`),
    async alsoFor(scope) {
      const { sent } = await person.open(authorizationUrl(server, other, { scope }));
      const { json } = await world.people.redeem(other, sent.get("code") ?? "");
      return String((await server.introspect(String(json.access_token))).grant_id);
    },
  };
}

/** The newest token's state. */
async function state(upstreamId = "corp"): Promise<Record<string, unknown>> {
  const { json } = await server.admin("GET", `/admin/v1/upstreams/${upstreamId}/tokens?limit=1`);
  const [token] = json.items as Record<string, unknown>[];
  return token ?? {};
}

function isRevokedThere({ token }: SignIn): Promise<boolean> {
  return eventually(async () => (await state()).status === "revoked" && !(await world.isLiveThere(token)));
}

test("an order on the session, the grant or the subject ends the token at the provider, with an audit record", async () => {
  for (const [select, endedBy] of [
    [({ sid }: SignIn) => ({ session_id: sid }), "session_revoked"],
    [({ grantId }: SignIn) => ({ grant_id: grantId }), "grant_revoked"],
    [({ sub }: SignIn) => ({ subject: sub }), "session_revoked"],
    [({ sub }: SignIn) => ({ subject: sub, client_id: world.app.client_id }), "grant_revoked"],
  ] as const) {
    const made = await signIn();
    await order(select(made));
    await isRevokedThere(made);
    const { status, ended_by, subject, session_id, attempts } = await state();
    assert.deepEqual(
      { status, ended_by, subject, session_id, attempts },
      { status: "revoked", ended_by: endedBy, subject: made.sub, session_id: made.sid, attempts: 1 },
    );
    const { json } = await server.admin("GET", "/admin/v1/audit?action=upstream.token-revoked&limit=1");
    const [record] = json.items as { content: Record<string, unknown> }[];
    assert.deepEqual([record?.content.upstream_id, record?.content.session_id], ["corp", made.sid]);
  }
  assert.deepEqual(world.keptTokens(), [], "what is stored of a revoked one is gone");
});

test("E2 neither the token of a sign-in nor the client secret stands in any file of the database", async () => {
  const made = await signIn();
  const files = readdirSync(server.data).filter((name) => name.startsWith("rescind.db"));
  const bytes = Buffer.concat(files.map((name) => readFileSync(join(server.data, name))));
  assert.ok(bytes.includes(made.sid.slice(4)) || bytes.includes(made.sub), "it is the database that is read");
  for (const secret of [made.token, world.clientSecret("corp")]) assert.ok(!bytes.includes(secret));
  assert.ok(!(await server.admin("GET", "/admin/v1/upstreams/corp/tokens")).text.includes(made.token));
});

test("the token stays while another grant of the same sign-in lives, offline access after a logout included", async () => {
  const made = await signIn();
  const offline = await made.alsoFor("openid offline_access");
  assert.match((await made.signOut()).text, /signed out/i);
  // Whatever was ordered before is followed by then: the records are followed in their order.
  const witness = await signIn();
  await order({ session_id: witness.sid });
  await eventually(async () => !(await world.isLiveThere(witness.token)));
  assert.equal(await world.isLiveThere(made.token), true);
  await order({ grant_id: offline });
  await eventually(async () => !(await world.isLiveThere(made.token)));
});

test("a deleted provider's tokens are revoked there; its name begins anew without its people", async () => {
  await world.provider("gone", { create_users: true });
  const person = world.browser();
  const sub = String(
    (
      await server.introspect(
        String((await world.redeem(await world.continueWith("gone", alice, person))).access_token),
      )
    ).sub,
  );
  const [kept] = world.keptTokens();
  assert.equal((await server.admin("DELETE", "/admin/v1/upstreams/gone")).status, 204);
  assert.equal((await server.admin("GET", "/admin/v1/upstreams/gone")).status, 404);
  await eventually(async () => !(await world.isLiveThere(kept?.text ?? "")));
  await world.provider("gone");
  assert.equal((await world.continueWith("gone", alice)).status, 403);
  assert.deepEqual((await server.admin("GET", `/admin/v1/users/${sub}/sign-in`)).json.identities, []);
});

test("oidc-provider: signed in, revoked after an outage that outlasts a restart of ours", async () => {
  const listening = createServer();
  let isDown = false;
  listening.listen(0, "127.0.0.1");
  await once(listening, "listening");
  const issuer = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`; // a TCP server's address
  after(() => listening.close());
  const client = { client_id: "rescind", client_secret: "a secret with : and %+&=, all of it VSCHAR" };
  const provider = new Provider(issuer, {
    clients: [{ ...client, redirect_uris: [`${server.issuer}/login/upstream/peer/callback`] }],
    findAccount: (_context, sub) => ({
      accountId: sub,
      claims: () => ({
        sub,
        email: `${sub}@peer.example`,
        email_verified: true,
        name: "Zoe\u202e\u001b[2J\u0000",
        preferred_username: `${sub}\u0007`,
      }),
    }),
    claims: {
      openid: ["sub"],
      email: ["email", "email_verified"],
      profile: ["name", "preferred_username"],
    },
    features: {
      devInteractions: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
  });
  const callback = provider.callback();
  listening.on("request", (request, response) =>
    isDown ? response.writeHead(503).end() : callback(request, response),
  );
  const registration = { upstream_id: "peer", name: "Peer", issuer, ...client };
  isDown = true;
  const refused = await server.admin("POST", "/admin/v1/upstreams", registration);
  assert.equal(refused.status, 400);
  assert.match(String(refused.json.detail), /^\/issuer: Its metadata could not be had: .*503/);
  isDown = false;
  const created = await server.admin("POST", "/admin/v1/upstreams", { ...registration, create_users: true });
  assert.equal(created.status, 201, created.text);
  assert.equal(created.json.client_secret, undefined);
  const check = await server.admin("GET", "/admin/v1/upstreams/peer/check");
  assert.deepEqual([check.json.reachable, check.json.problem], [true, null]);

  const person = createPerson(server.issuer, issuer);
  const page = await person.open(authorizationUrl(server, world.app));
  const login = await person.submit(page, { upstream: "peer" });
  const consent = await person.submit(login, { login: "zoe", password: "any" });
  const { access_token } = await world.redeem(await person.submit(consent, {}));
  const facts = await server.introspect(String(access_token));
  const { json: user } = await server.admin("GET", `/admin/v1/users/${facts.sub}`);
  assert.deepEqual(
    [user.username, user.name, user.email, user.email_verified],
    ["zoe@peer.example", undefined, "zoe@peer.example", true],
    "no name that steers a terminal",
  );
  const [kept] = world.keptTokens();
  const isLive = async () => {
    const body = new URLSearchParams({ token: kept?.text ?? "" });
    const authorization = `Basic ${btoa(`rescind:${encodeURIComponent(client.client_secret)}`)}`;
    const answer = await fetch(`${issuer}/token/introspection`, {
      method: "POST",
      body,
      headers: { authorization },
    });
    return ((await answer.json()) as Record<string, unknown>).active; // asserted
  };
  assert.equal(await isLive(), true);

  isDown = true;
  await order({ session_id: facts.sid });
  assert.equal(
    (await server.introspect(String(access_token))).active,
    false,
    "the outage delays nothing here",
  );
  await eventually(async () => Number((await state("peer")).attempts) > 0);
  const { status, last_result } = await state("peer");
  assert.deepEqual([status, last_result], ["pending", "the provider answered with status 503"]);
  await server.restart();
  isDown = false;
  await eventually(async () => (await state("peer")).status === "revoked");
  assert.equal(await isLive(), false);
});
