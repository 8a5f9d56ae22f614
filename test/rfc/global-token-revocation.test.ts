// Global Token Revocation (draft-parecki-oauth-global-token-revocation) over HTTP: a security tool ends everything of a
// person, named as in RFC 9493.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { lockDatabase } from "../faults/database-lock.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { peopleOf } from "../people.ts";
import { type Answered, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const tool = await server.registerClient({ grant_types: ["client_credentials"], scope: "rescind:revoke" });
const bearer = `Bearer ${await server.clientToken(tool)}`;

async function post(body: unknown, authorization: string = bearer, prefer?: string): Promise<Answered> {
  return server.request("/global-token-revocation", {
    method: "POST",
    headers: {
      authorization,
      "content-type": "application/json",
      ...(prefer === undefined ? {} : { prefer }),
    },
    body: JSON.stringify(body),
  });
}

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

async function head(): Promise<unknown> {
  return (await server.introspect(await server.adminToken())).head;
}

interface OrderItem {
  readonly id: string;
  readonly select: Record<string, string>;
  readonly before?: string;
  readonly reason: string;
  readonly actor: object;
}

async function newestOrder(): Promise<OrderItem> {
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [order] = json.items as OrderItem[]; // the contract's RevocationItem
  assert.ok(order !== undefined);
  return order;
}

function assertDone({ status, headers, text }: Answered): void {
  assert.equal(status, 204, text);
  assert.equal(text, "");
  assert.match(headers.get("rescind-seq") ?? "", /^\d+$/);
  assert.match(headers.get("cache-control") ?? "", /no-store/);
}

test("metadata names the endpoint and how to authenticate at it", async () => {
  const { json } = await server.request("/.well-known/oauth-authorization-server");
  assert.equal(json.global_token_revocation_endpoint, `${server.issuer}/global-token-revocation`);
  assert.deepEqual(json.global_token_revocation_endpoint_auth_methods_supported, ["Bearer"]);
});

test("opaque: every token and session of the subject ends, at every client; others stay, and what comes after lives", async () => {
  const clients = [
    await server.registerClient(),
    await server.registerClient({ access_token_format: "opaque" }),
  ];
  const tokens = [];
  for (const client of clients) {
    const { access_token, refresh_token } = await server.openGrant(client, "usr_gone");
    tokens.push(access_token, refresh_token);
  }
  const bystander = await server.openGrant(clients[0] ?? tool, "usr_stays");
  assertDone(await post({ sub_id: { format: "opaque", id: "usr_gone" } }));
  for (const token of tokens) assert.equal(await isLive(token), false);
  assert.equal(await isLive(bystander.access_token), true);
  const again = await server.openGrant(clients[0] ?? tool, "usr_gone");
  assert.equal(await isLive(again.access_token), true);
});

test("opaque: a subject that was never seen is no error, and the order is there when its first token comes late", async () => {
  assertDone(await post({ sub_id: { format: "opaque", id: "never seen" } }));
  assert.deepEqual((await newestOrder()).select, { subject: "never seen" });
});

test("a person's login session ends too: they have to sign in again", async () => {
  const client = await people.client();
  const person = await people.signIn();
  const { access_token } = await people.tokens(client, person);
  const pending = await people.code(client, person);
  assertDone(await post({ sub_id: { format: "opaque", id: person.subject } }));
  assert.equal(await isLive(access_token), false);
  assert.equal((await people.redeem(client, pending)).status, 400, "a code is refused as well");
  const { json } = await server.admin("GET", `/admin/v1/sessions?subject=${person.subject}`);
  assert.equal((json.items as { status: string }[])[0]?.status, "revoked");
});

test("email: exactly one person, without regard to case; nobody and more than one are 404", async () => {
  const client = await server.registerClient();
  const create = async (username: string, email: string) =>
    (await server.admin("POST", "/admin/v1/users", { username, email })).json.sub;
  const ada = await create("ada", "ada@example.com");
  for (const name of ["twin-1", "twin-2"]) await create(name, "twins@example.com");
  // A username that looks like somebody's address is not that address.
  await create("bob@example.com", "robert@example.com");
  const { access_token } = await server.openGrant(client, String(ada));
  const before = await head();
  for (const email of ["nobody@example.com", "twins@example.com", "bob@example.com", "ada"]) {
    const { status, headers, json } = await post({ sub_id: { format: "email", email } });
    assert.equal(status, 404, email);
    assert.equal(headers.get("content-type"), "application/problem+json");
    assert.equal(json.code, "not-found");
    assert.equal(headers.get("rescind-seq"), null);
  }
  assert.equal(await head(), before);
  assertDone(await post({ sub_id: { format: "email", email: "Ada@Example.com" } }));
  assert.equal(await isLive(access_token), false);
});

test("iss_sub: this issuer's subject, or one of a registered issuer up to this second; a stranger is 404", async (t) => {
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client, "usr_here");
  assertDone(await post({ sub_id: { format: "iss_sub", iss: server.issuer, sub: "usr_here" } }));
  assert.equal(await isLive(access_token), false);

  const theirs = await IdentityProvider.start();
  t.after(() => theirs.close());
  await theirs.registerAt(server);
  const token = await theirs.sign({ sub: "upstream" });
  const bystander = await theirs.sign({ sub: "somebody else" });
  assertDone(await post({ sub_id: { format: "iss_sub", iss: theirs.issuer, sub: "upstream" } }));
  assert.deepEqual([await isLive(token), await isLive(bystander)], [false, true]);
  const order = await newestOrder();
  assert.deepEqual(order.select, { issuer: theirs.issuer, subject: "upstream" });
  const namesake = await server.admin("GET", "/admin/v1/revocations?subject=upstream");
  assert.deepEqual(namesake.json.items, [], "our subject of that name is somebody else");
  assert.ok(Math.abs(Date.parse(String(order.before)) - Date.now()) < 60_000);

  const before = await head();
  const stranger = { format: "iss_sub", iss: "https://stranger.example", sub: "upstream" };
  assert.equal((await post({ sub_id: stranger })).status, 404);
  assert.equal(await head(), before);
});

test("the order names the tool and a security event, and stays: 409 for a lift", async () => {
  assertDone(await post({ sub_id: { format: "opaque", id: "usr_event" } }));
  const order = await newestOrder();
  assert.deepEqual(order.actor, { kind: "client", id: tool.client_id });
  const desk = await server.registerClient({ scope: "rescind:revoke" });
  const { access_token } = await server.openGrant(desk, "usr_operator", { scope: "rescind:revoke" });
  const sub_id = { format: "opaque", id: "usr_by_operator" };
  assertDone(await post({ sub_id }, `Bearer ${access_token}`));
  assert.deepEqual(
    (await newestOrder()).actor,
    { kind: "admin", id: "usr_operator" },
    "the person who did it",
  );
  assert.equal(order.reason, "security_event");
  const lifted = await server.admin("POST", `/admin/v1/revocations/${order.id}/lift`);
  assert.equal(lifted.status, 409);
  assert.equal(lifted.json.code, "not-liftable");
});

test("repeating an order appends another one: it ends what was issued since", async () => {
  const client = await server.registerClient();
  const sub_id = { format: "opaque", id: "usr_again" };
  const first = await post({ sub_id });
  const { access_token } = await server.openGrant(client, "usr_again");
  const second = await post({ sub_id });
  assert.ok(Number(second.headers.get("rescind-seq")) > Number(first.headers.get("rescind-seq")));
  assert.equal(await isLive(access_token), false);
});

test("Prefer: wait is honoured", async () => {
  const { headers } = await post({ sub_id: { format: "opaque", id: "usr_wait" } }, bearer, "wait=1");
  assert.equal(headers.get("rescind-effective"), "0/0");
});

test("what is malformed is 400 with a pointer to it, and changes nothing", async () => {
  const before = await head();
  for (const [pointer, body] of [
    ["/sub_id", {}],
    ["/sub_id", { sub_id: "usr_1" }],
    ["/sub_id/format", { sub_id: { id: "usr_1" } }],
    ["/sub_id/format", { sub_id: { format: "phone_number", phone_number: "+1" } }],
    ["/sub_id/format", { sub_id: { format: "aliases", identifiers: [] } }],
    ["/sub_id/id", { sub_id: { format: "opaque" } }],
    ["/sub_id/id", { sub_id: { format: "opaque", id: "" } }],
    ["/sub_id/id", { sub_id: { format: "opaque", id: 1 } }],
    ["/sub_id/id", { sub_id: { format: "opaque", id: "a\nb" } }],
    ["/sub_id/email", { sub_id: { format: "opaque", id: "usr_1", email: "a@b.example" } }],
    ["/sub_id/email", { sub_id: { format: "email", id: "usr_1" } }],
    ["/sub_id/sub", { sub_id: { format: "iss_sub", iss: server.issuer } }],
    ["/sub_id/surplus", { sub_id: { format: "opaque", id: "usr_1", surplus: true } }],
    ["/surplus", { sub_id: { format: "opaque", id: "usr_1" }, surplus: true }],
    ["/subject", { subject: { format: "opaque", id: "usr_1" } }],
  ] as const) {
    const { status, headers, json } = await post(body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.equal(headers.get("content-type"), "application/problem+json");
    const pointers = (json.errors as { pointer: string }[]).map((error) => error.pointer); // RFC 9457 extension
    assert.ok(pointers.includes(pointer), `${JSON.stringify(body)}: ${pointers}`);
  }
  const asForm = await server.request("/global-token-revocation", {
    method: "POST",
    headers: { authorization: bearer },
    body: new URLSearchParams({ sub_id: "usr_1" }),
  });
  assert.equal(asForm.status, 415);
  assert.equal(await head(), before);
});

test("RV-04 without a token, with a revoked one or without the scope nothing happens", async () => {
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client, "usr_safe");
  const sub_id = { format: "opaque", id: "usr_safe" };
  assert.equal((await post({ sub_id }, "")).status, 401);
  assert.equal((await post({ sub_id }, `Bearer ${access_token}`)).status, 403);
  assert.equal((await post({ sub_id }, `Bearer ${await server.tokenWithScope("rescind:read")}`)).status, 403);
  const dead = await server.tokenWithScope("rescind:revoke");
  await server.admin("POST", "/admin/v1/revocations", { select: { token: dead } });
  assert.equal((await post({ sub_id }, `Bearer ${dead}`)).status, 401);
  assert.equal(await isLive(access_token), true);
  assertDone(await post({ sub_id }, `Bearer ${await server.tokenWithScope("rescind:admin")}`));
  assert.equal(await isLive(access_token), false);
});

test("RV-01 what cannot be committed is 503 and changes nothing", async () => {
  const client = await server.registerClient();
  const { access_token } = await server.openGrant(client, "usr_locked");
  const lock = await lockDatabase(join(server.data, "rescind.db"));
  const refused = await post({ sub_id: { format: "opaque", id: "usr_locked" } });
  await lock.release();
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal(refused.headers.get("rescind-seq"), null);
  assert.equal(await isLive(access_token), true);
});
