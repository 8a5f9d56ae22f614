// `Prefer: wait` (RFC 7240) and `Rescind-Effective`, CONTRACT.md section 6: how many verifiers have applied a revocation
// is said when it is true, and never before. Verifiers by hand where the moment matters, processes of their own at the
// end.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Answered, type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { startVerifierProcess } from "../verifier-process.ts";

interface World {
  readonly server: TestServer;
  readonly client: RegisteredClient;
}

async function startWorld(t: TestContext): Promise<World> {
  const server = await startTestServer();
  t.after(() => server.close());
  return { server, client: await server.registerClient() };
}

/** Of `Rescind-Effective`, `Preference-Applied` and `Rescind-Seq`, what the answer has. */
function told({ headers }: Answered): (string | null)[] {
  return ["rescind-effective", "preference-applied"].map((name) => headers.get(name));
}

/** Revokes an access token of the client. */
async function revokeOne({ server, client }: World, prefer?: string): Promise<Answered> {
  const token = await server.clientToken(client);
  const authorization = `Basic ${Buffer.from(`${client.client_id}:${client.client_secret}`).toString("base64")}`;
  return server.request("/oauth2/revoke", {
    method: "POST",
    headers: { authorization, ...(prefer === undefined ? {} : { prefer }) },
    body: new URLSearchParams({ token }),
  });
}

/** A verifier by hand: it acknowledges what it is told to. */
async function verifierByHand(server: TestServer, verifier: string, maxStaleness: number) {
  const authorization = `Bearer ${await server.tokenWithScope("rescind:feed")}`;
  const page = async () =>
    (await server.request("/revocations?limit=10000", { headers: { authorization } })).json;
  return {
    /** The newest entry of the log. */
    async newest(): Promise<Record<string, unknown> | undefined> {
      return ((await page()).entries as Record<string, unknown>[]).at(-1); // the feed's page
    },
    async acknowledge(applied?: { seq: number; hash: string }): Promise<{ seq: number; hash: string }> {
      const { head, hash } = await page();
      const at = applied ?? { seq: Number(head), hash: String(hash) };
      const body = { verifier, applied: at, max_staleness: maxStaleness, nonce: "nonce-nonce" };
      const { status, text } = await server.request("/revocations/acks", {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      assert.equal(status, 200, text);
      return at;
    },
  };
}

async function secondsOf<T>(work: Promise<T>): Promise<[T, number]> {
  const began = performance.now();
  return [await work, (performance.now() - began) / 1000];
}

test("every answer that carries Rescind-Seq says how many have applied it, where somebody prefers to wait", async (t) => {
  const { server, client } = await startWorld(t);
  const prefer = { prefer: "wait=5" };
  const post = (path: string, body: object = {}) => server.admin("POST", path, body, prefer);
  const authorization = `Bearer ${await server.adminToken()}`;
  const other = await server.registerClient();
  const { json: user } = await server.admin("POST", "/admin/v1/users", { username: "ada" });
  const { grant_id } = await server.openGrant(client);
  const ordered = await post("/admin/v1/revocations", { select: { subject: "usr_x" } });
  const answers: Record<string, Answered> = {
    revoke: await revokeOne({ server, client }, "wait=5"),
    order: ordered,
    lift: await post(`/admin/v1/revocations/${ordered.json.id}/lift`),
    "suspend a client": await post(`/admin/v1/clients/${client.client_id}/revoke`),
    "approve a client": await post(`/admin/v1/clients/${client.client_id}/approve`),
    "suspend a key": await post(`/admin/v1/keys/${client.keys[0]?.key_id}/revoke`),
    "approve a key": await post(`/admin/v1/keys/${client.keys[0]?.key_id}/approve`),
    "end a grant": await server.request(`/grants/${grant_id}`, {
      method: "DELETE",
      headers: { authorization, ...prefer },
    }),
    "global revocation": await post("/global-token-revocation", {
      sub_id: { format: "opaque", id: "usr_x" },
    }),
    "disable a user": await server.admin(
      "PATCH",
      `/admin/v1/users/${user.sub}`,
      { status: "disabled" },
      prefer,
    ),
    "delete a user": await server.admin("DELETE", `/admin/v1/users/${user.sub}`, undefined, prefer),
    "delete a client": await server.admin(
      "DELETE",
      `/admin/v1/clients/${other.client_id}`,
      undefined,
      prefer,
    ),
  };
  for (const [way, answer] of Object.entries(answers)) {
    assert.ok(answer.status < 300, `${way}: ${answer.text}`);
    assert.match(answer.headers.get("rescind-seq") ?? "", /^\d+$/, way);
    assert.deepEqual(told(answer), ["0/0", "wait=5"], way);
  }
  const feed = { authorization: `Bearer ${await server.tokenWithScope("rescind:feed")}` };
  const { json } = await server.request("/revocations", { headers: feed });
  const entries = json.entries as { seq: number; ack?: boolean }[]; // the feed's page
  assert.equal(entries.length, Object.keys(answers).length);
  assert.deepEqual(
    entries.filter(({ ack }) => ack !== true),
    [],
    "every one of them asks to be acknowledged",
  );
});

test("without the preference nothing is said, and an answer without Rescind-Seq knows no waiting", async (t) => {
  const world = await startWorld(t);
  assert.deepEqual(told(await revokeOne(world)), [null, null]);
  const listed = await world.server.admin("GET", "/admin/v1/revocations", undefined, { prefer: "wait=5" });
  assert.deepEqual(told(listed), [null, null]);
  const refused = await world.server.request("/oauth2/revoke", {
    method: "POST",
    headers: { prefer: "wait=5" },
    body: new URLSearchParams({ token: "x" }),
  });
  assert.equal(refused.status, 401);
  assert.deepEqual(told(refused), [null, null]);
});

test("RFC 7240 2: the preference in every spelling; what is malformed or unknown is ignored", async (t) => {
  const world = await startWorld(t);
  for (const [prefer, applied] of [
    ["wait=2", "wait=2"],
    ["Wait=2", "wait=2"],
    ["wait=0", "wait=0"],
    ["wait=0.25", "wait=0.25"],
    ['wait="2"', "wait=2"],
    ["wait = 2", "wait=2"],
    ["wait=2; foo=bar", "wait=2"],
    ["respond-async, wait=2", "wait=2"],
    ["foo; wait=9, wait=2", "wait=2"],
    ["wait=2, wait=9", "wait=2"],
    ["wait=61", "wait=60"],
    ["wait=999999999", "wait=60"],
    ["wait", null],
    ["wait=", null],
    ["wait=-1", null],
    ["wait=1e3", null],
    ["wait=.5", null],
    ["wait=soon", null],
    ["wait=1 2", null],
    ["waiting=2", null],
    ["=2", null],
    ["respond-async", null],
    ["x".repeat(4000), null],
  ] as const) {
    const answer = await revokeOne(world, prefer);
    assert.equal(answer.status, 200, prefer);
    assert.deepEqual(told(answer), [applied === null ? null : "0/0", applied], prefer);
  }
});

test("the answer is held until the verifier has applied the entry, which asks it to acknowledge at once", async (t) => {
  const world = await startWorld(t);
  const verifier = await verifierByHand(world.server, "orders-1", 300);
  await verifier.acknowledge();
  const held = secondsOf(revokeOne(world, "wait=60"));
  const entry = await until(async () => {
    const newest = await verifier.newest();
    return newest?.unit === "token" && newest;
  });
  assert.equal(entry.ack, true);
  const { json } = await world.server.admin("GET", "/admin/v1/verifiers");
  assert.equal((json.items as { lag: number }[])[0]?.lag, 1, "not applied yet");
  await verifier.acknowledge();
  const [answer, seconds] = await held;
  assert.deepEqual(told(answer), ["1/1", "wait=60"]);
  assert.equal(answer.headers.get("rescind-seq"), String(entry.seq));
  assert.ok(seconds < 30);
});

test("entries that nobody waits for ask for no acknowledgement; a lift that somebody waits for does", async (t) => {
  const world = await startWorld(t);
  const verifier = await verifierByHand(world.server, "orders-1", 300);
  await revokeOne(world);
  assert.equal((await verifier.newest())?.ack, undefined);
  const { json } = await world.server.admin("POST", "/admin/v1/revocations", {
    select: { subject: "usr_1" },
  });
  assert.equal((await verifier.newest())?.ack, undefined);
  const path = `/admin/v1/revocations/${json.id}/lift`;
  await world.server.admin("POST", path, {}, { prefer: "wait=1" });
  const lift = await verifier.newest();
  assert.deepEqual([lift?.kind, lift?.ack], ["lift", true]);
});

test("when the time is over the answer says how many have applied it until then, and the revocation stands", async (t) => {
  const world = await startWorld(t);
  const [slow, quick] = [
    await verifierByHand(world.server, "slow", 300),
    await verifierByHand(world.server, "quick", 300),
  ];
  await slow.acknowledge();
  await quick.acknowledge();
  assert.deepEqual(told(await revokeOne(world, "wait=0")), ["0/2", "wait=0"]);
  await quick.acknowledge();
  const token = await world.server.clientToken(world.client);
  const held = secondsOf(
    world.server.admin("POST", "/admin/v1/revocations", { select: { token } }, { prefer: "wait=1" }),
  );
  const [answer, seconds] = await held;
  assert.equal(answer.status, 201);
  assert.deepEqual(told(answer), ["0/2", "wait=1"]);
  assert.ok(seconds > 0.9, String(seconds));
  assert.equal((await world.server.introspect(token)).active, false);
});

test("a verifier whose lease runs out drops out of the count, and nobody waits for it any longer", async (t) => {
  const world = await startWorld(t);
  const [gone, lasting] = [
    await verifierByHand(world.server, "gone", 2),
    await verifierByHand(world.server, "lasting", 300),
  ];
  await lasting.acknowledge();
  await gone.acknowledge();
  const held = secondsOf(revokeOne(world, "wait=60"));
  await until(async () => (await lasting.newest())?.unit === "token");
  await lasting.acknowledge();
  const [answer, seconds] = await held;
  assert.deepEqual(told(answer), ["1/1", "wait=60"]);
  assert.ok(seconds < 30);
});

test("a position behind the entry does not count, however fresh its lease", async (t) => {
  const world = await startWorld(t);
  const verifier = await verifierByHand(world.server, "behind", 300);
  const before = await verifier.acknowledge();
  const held = revokeOne(world, "wait=1");
  await until(async () => (await verifier.newest())?.unit === "token");
  await verifier.acknowledge(before);
  assert.deepEqual(told(await held), ["0/1", "wait=1"]);
});

test("after a start nothing is claimed until every lease that was ever given has run out", async (t) => {
  const world = await startWorld(t);
  await (await verifierByHand(world.server, "orders-1", 8)).acknowledge();
  await world.server.restart();
  const early = await revokeOne(world, "wait=0");
  assert.deepEqual(told(early), [null, "wait=0"]);
  const [late, seconds] = await secondsOf(revokeOne(world, "wait=60"));
  assert.deepEqual(told(late), ["0/0", "wait=60"]);
  assert.ok(seconds < 30);
});

test("a repeated order under its Idempotency-Key can be waited for again", async (t) => {
  const { server } = await startWorld(t);
  const order = { select: { subject: "usr_1" } };
  const headers = { "idempotency-key": "k-1" };
  const first = await server.admin("POST", "/admin/v1/revocations", order, headers);
  const again = await server.admin("POST", "/admin/v1/revocations", order, { ...headers, prefer: "wait=5" });
  assert.equal(again.text, first.text);
  assert.deepEqual(told(first), [null, null]);
  assert.deepEqual(told(again), ["0/0", "wait=5"]);
});

test("a stop does not wait: what is held is answered with what is known", async () => {
  const server = await startTestServer();
  const world = { server, client: await server.registerClient() };
  const verifier = await verifierByHand(server, "orders-1", 300);
  await verifier.acknowledge();
  const held = revokeOne(world, "wait=60");
  await until(async () => (await verifier.newest())?.unit === "token");
  const [, seconds] = await secondsOf(server.close());
  assert.ok(seconds < 30);
  const answer = await held;
  assert.equal(answer.status, 200);
  assert.deepEqual(told(answer), ["0/1", "wait=60"]);
});

test("whoever goes away while waiting has revoked all the same, and others are answered meanwhile", async (t) => {
  const world = await startWorld(t);
  const verifier = await verifierByHand(world.server, "orders-1", 300);
  await verifier.acknowledge();
  const leaving = new AbortController();
  const token = await world.server.clientToken(world.client);
  const left = fetch(`${world.server.base}/admin/v1/revocations`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await world.server.adminToken()}`,
      "content-type": "application/json",
      prefer: "wait=60",
    },
    body: JSON.stringify({ select: { token } }),
    signal: leaving.signal,
  });
  await until(async () => (await world.server.introspect(token)).active === false);
  leaving.abort();
  await assert.rejects(left, { name: "AbortError" });
  const many = await Promise.all(Array.from({ length: 50 }, () => revokeOne(world, "wait=1")));
  for (const answer of many) assert.deepEqual(told(answer), ["0/1", "wait=1"]);
  await verifier.acknowledge();
  assert.deepEqual(told(await revokeOne(world, "wait=0")), ["0/1", "wait=0"]);
});

test("a verifier process that counts as having applied it refuses the token, and takes it back after a lift", async (t) => {
  const { server } = await startWorld(t);
  const resource = "https://api.example";
  await server.admin("POST", "/admin/v1/resources", { resource });
  const reader = await server.registerClient({
    grant_types: ["client_credentials"],
    scope: "rescind:feed rescind:introspect",
  });
  const options = {
    issuer: server.issuer,
    audience: resource,
    clientId: reader.client_id,
    clientSecret: reader.client_secret,
    maxStaleness: 8,
    leaseInterval: 1,
  };
  const [first, second] = [await startVerifierProcess(options), await startVerifierProcess(options)];
  t.after(() => Promise.all([first.close(), second.close()]));
  const app = await server.registerClient({ audience: [resource] });
  const token = await server.clientToken(app);
  assert.deepEqual([await first.verdict(token), await second.verdict(token)], ["accepted", "accepted"]);

  for (let round = 0; round < 5; round++) {
    const ordered = await server.admin(
      "POST",
      "/admin/v1/revocations",
      { select: { token } },
      { prefer: "wait=30" },
    );
    assert.deepEqual(told(ordered), ["2/2", "wait=30"]);
    assert.deepEqual([await first.verdict(token), await second.verdict(token)], ["revoked", "revoked"]);
    const lifted = await server.admin(
      "POST",
      `/admin/v1/revocations/${ordered.json.id}/lift`,
      {},
      { prefer: "wait=30" },
    );
    assert.deepEqual(told(lifted), ["2/2", "wait=30"]);
    assert.deepEqual([await first.verdict(token), await second.verdict(token)], ["accepted", "accepted"]);
  }

  second.pause();
  const body = { select: { token } };
  const short = await server.admin("POST", "/admin/v1/revocations", body, { prefer: "wait=2.5" });
  assert.deepEqual(told(short), ["1/2", "wait=2.5"]);
  const [long, seconds] = await secondsOf(
    server.admin("POST", "/admin/v1/revocations", body, { prefer: "wait=60" }),
  );
  assert.deepEqual(told(long), ["1/1", "wait=60"], "the paused one can accept nothing any more");
  assert.ok(seconds < 30);
  second.resume();
  assert.notEqual(await second.verdict(token), "accepted");
});
