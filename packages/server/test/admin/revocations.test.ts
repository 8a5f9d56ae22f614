// Orders of administrators, their receipts, their history, and lifting them. CONTRACT.md sections 5 and 6.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { decodeJwt } from "jose";
import {
  type Answered,
  type RegisteredClient,
  startTestServer,
  type TestServer,
} from "../../../../test/running-server.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

const revocations = "/admin/v1/revocations";

function order(select: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Answered> {
  return server.admin("POST", revocations, { select, ...more });
}

function lift(id: unknown): Promise<Answered> {
  return server.admin("POST", `${revocations}/${id}/lift`);
}

async function isActive(token: string | undefined): Promise<boolean> {
  return (await server.introspect(token ?? "")).active === true;
}

/** Two clients with two subjects each: every token by name, to see exactly which of them an order ends. */
interface World {
  readonly one: RegisteredClient;
  readonly two: RegisteredClient;
  readonly subject: string;
  readonly grants: Record<"oneAlice" | "oneBob" | "twoAlice", Record<string, string>>;
  readonly tokens: Record<string, string>;
}

let worlds = 0;

async function makeWorld(): Promise<World> {
  worlds += 1;
  const [alice, bob] = [`usr_alice_${worlds}`, `usr_bob_${worlds}`];
  const [one, two] = [
    await server.registerClient(),
    await server.registerClient({ access_token_format: "opaque" }),
  ];
  const grants = {
    oneAlice: await server.openGrant(one, alice),
    oneBob: await server.openGrant(one, bob),
    twoAlice: await server.openGrant(two, alice),
  };
  const tokens: Record<string, string> = {
    oneOwn: await server.clientToken(one),
    twoOwn: await server.clientToken(two),
  };
  for (const [name, grant] of Object.entries(grants)) {
    tokens[`${name}Access`] = grant.access_token ?? "";
    tokens[`${name}Refresh`] = grant.refresh_token ?? "";
  }
  return { one, two, subject: alice, grants, tokens };
}

async function deadIn(world: World): Promise<string[]> {
  const names: string[] = [];
  for (const [name, token] of Object.entries(world.tokens)) if (!(await isActive(token))) names.push(name);
  return names.sort();
}

async function jtiOf(token: string | undefined): Promise<string> {
  return String((await server.introspect(token ?? "")).jti);
}

const oneAlice = ["oneAliceAccess", "oneAliceRefresh"];
const oneBob = ["oneBobAccess", "oneBobRefresh"];
const twoAlice = ["twoAliceAccess", "twoAliceRefresh"];

describe("C3 an order covers exactly what the cascade table says, and lifting it brings exactly that back", () => {
  const cases: [string, (world: World) => unknown, readonly string[]][] = [
    ["an access token by text", ({ tokens }) => ({ token: tokens.oneAliceAccess }), ["oneAliceAccess"]],
    [
      "an opaque access token by text",
      ({ tokens }) => ({ token: tokens.twoAliceAccess }),
      ["twoAliceAccess"],
    ],
    ["a client's own token by text", ({ tokens }) => ({ token: tokens.twoOwn }), ["twoOwn"]],
    ["a refresh token by text: its grant", ({ tokens }) => ({ token: tokens.oneAliceRefresh }), oneAlice],
    [
      "an access token by id",
      async ({ tokens }) => ({ token_id: await jtiOf(tokens.oneBobAccess) }),
      ["oneBobAccess"],
    ],
    [
      "a refresh token by id: its grant",
      async ({ tokens }) => ({ token_id: await jtiOf(tokens.oneBobRefresh) }),
      oneBob,
    ],
    ["a grant", ({ grants }) => ({ grant_id: grants.twoAlice.grant_id }), twoAlice],
    ["a subject", ({ subject }) => ({ subject }), [...oneAlice, ...twoAlice]],
    ["a subject at a client", ({ subject, one }) => ({ subject, client_id: one.client_id }), oneAlice],
    ["a client at itself", ({ one }) => ({ subject: one.client_id, client_id: one.client_id }), ["oneOwn"]],
    ["a client", ({ one }) => ({ client_id: one.client_id }), [...oneAlice, ...oneBob, "oneOwn"]],
    ["a consumer key", ({ two }) => ({ key_id: two.keys[0]?.key_id }), ["twoOwn"]],
  ];
  for (const [what, selectOf, expected] of cases) {
    test(what, async () => {
      const world = await makeWorld();
      const select = (await selectOf(world)) as Record<string, unknown>;
      const dead = [...expected].sort();
      const counts = {
        access_tokens: dead.filter((name) => !name.endsWith("Refresh")).length,
        refresh_tokens: dead.filter((name) => name.endsWith("Refresh")).length,
      };

      const dry = await order(select, { dry_run: true });
      assert.equal(dry.status, 200, dry.text);
      assert.deepEqual(
        [dry.json.id, dry.json.seq, dry.headers.get("rescind-seq")],
        [undefined, undefined, null],
      );
      assert.deepEqual(await deadIn(world), []);

      const answer = await order(select);
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(await deadIn(world), dead);
      assert.equal(answer.headers.get("rescind-seq"), String(answer.json.seq));
      const { access_tokens, refresh_tokens, exact } = answer.json.affected as Record<string, unknown>;
      assert.deepEqual({ access_tokens, refresh_tokens, exact }, { ...counts, exact: true });
      assert.deepEqual(dry.json.affected, answer.json.affected);
      const byClient = dry.json.by_client as Record<string, number>[];
      const sum = (member: string) => byClient.reduce((total, share) => total + (share[member] ?? 0), 0);
      assert.deepEqual(
        { access_tokens: sum("access_tokens"), refresh_tokens: sum("refresh_tokens") },
        counts,
      );

      const lifted = await lift(answer.json.id);
      assert.equal(lifted.status, 200, lifted.text);
      assert.deepEqual([lifted.json.id, lifted.json.lifts], [answer.json.id, answer.json.seq]);
      assert.ok(Number(lifted.json.seq) > Number(answer.json.seq));
      assert.deepEqual(await deadIn(world), []);
    });
  }

  test("all: every token, the administrator's own too", async () => {
    const alone = await startTestServer();
    try {
      const token = await alone.clientToken(await alone.registerClient());
      const adminToken = await alone.adminToken();
      const answer = await alone.admin("POST", revocations, {
        select: { all: true },
        reason: "security_event",
      });
      assert.equal(answer.status, 201, answer.text);
      for (const dead of [token, adminToken]) assert.equal((await alone.introspect(dead)).active, false);
      assert.equal(
        (await alone.introspect(await alone.clientToken(await alone.registerClient()))).active,
        true,
      );
    } finally {
      await alone.close();
    }
  });
});

test("B4 what is issued after an order of a client is live, what was issued before is not", async () => {
  const client = await server.registerClient();
  const old = await server.clientToken(client);
  assert.equal((await order({ client_id: client.client_id })).status, 201);
  assert.deepEqual([await isActive(old), await isActive(await server.clientToken(client))], [false, true]);
});

test("RV-14 grants opened while their subject is revoked: live exactly where they began after the order", async () => {
  const client = await server.registerClient();
  const open = () => server.openGrant(client, "usr_raced");
  const opening = Array.from({ length: 20 }, open);
  const made = order({ subject: "usr_raced" });
  const opened = await Promise.all([...opening, ...Array.from({ length: 20 }, open)]);
  const seq = Number((await made).json.seq);
  for (const { access_token = "", refresh_token } of opened) {
    const expected = Number(decodeJwt(access_token).rev) >= seq;
    assert.deepEqual([await isActive(access_token), await isActive(refresh_token)], [expected, expected]);
  }
  assert.equal(await isActive((await open()).access_token), true);
});

describe("before", () => {
  test("it spares what was authorised later", async () => {
    const client = await server.registerClient();
    const token = await server.clientToken(client);
    const { iat = 0 } = decodeJwt(token);
    const rfc3339 = (seconds: number) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
    const earlier = await order({ client_id: client.client_id }, { before: rfc3339(iat - 1) });
    assert.equal(earlier.status, 201, earlier.text);
    assert.deepEqual(
      [await isActive(token), earlier.json.affected],
      [true, { grants: 0, access_tokens: 0, refresh_tokens: 0, sessions: 0, subscriptions: 0, exact: true }],
    );
    const inclusive = await order({ client_id: client.client_id }, { before: rfc3339(iat) });
    assert.deepEqual(
      [await isActive(token), (inclusive.json.affected as { access_tokens: number }).access_tokens],
      [false, 1],
    );
    const [latest] = (await server.admin("GET", `${revocations}?limit=1`)).json.items as Record<
      string,
      unknown
    >[];
    assert.equal(latest?.before, rfc3339(iat));
  });

  const wide = { subject: "usr_before" };
  const cases: [string, Record<string, unknown>, Record<string, unknown>][] = [
    ["a time in the future", wide, { before: "2999-01-01T00:00:00Z" }],
    ["a day that does not exist", wide, { before: "2025-02-30T00:00:00Z" }],
    ["parts of a second", wide, { before: "2025-01-01T00:00:00.5Z" }],
    ["no time at all", wide, { before: "yesterday" }],
    ["a number", wide, { before: 1 }],
    ["a narrow unit", { token_id: "tid_1" }, { before: "2025-01-01T00:00:00Z" }],
    ["a grant", { grant_id: "gnt_1" }, { before: "2025-01-01T00:00:00Z" }],
  ];
  for (const [what, select, more] of cases) {
    test(`${what} is refused at /before`, async () => {
      const refused = await order(select, more);
      assert.equal(refused.status, 400, refused.text);
      assert.equal((refused.json.errors as { pointer: string }[])[0]?.pointer, "/before");
    });
  }
});

describe("RV-05 max_affected", () => {
  test("over it: 409 and nothing changed; at it: the order holds", async () => {
    const client = await server.registerClient();
    const tokens = [await server.clientToken(client), await server.clientToken(client)];
    const before = (await server.admin("GET", revocations)).json.items;
    const over = await order({ client_id: client.client_id }, { max_affected: 1 });
    assert.deepEqual([over.status, over.json.code], [409, "affects-too-many"], over.text);
    assert.match(String(over.json.detail), /2 access tokens/);
    assert.deepEqual((await server.admin("GET", revocations)).json.items, before);
    for (const token of tokens) assert.equal(await isActive(token), true);
    assert.equal((await order({ client_id: client.client_id }, { max_affected: 2 })).status, 201);
    for (const token of tokens) assert.equal(await isActive(token), false);
  });
});

describe("what selects nothing is refused at its member", () => {
  const unknown: [Record<string, unknown>, number, string][] = [
    [{ token: "rat_made_up" }, 404, "/select/token"],
    [{ token: "a.b.c" }, 404, "/select/token"],
    [{ token_id: "tid_1" }, 404, "/select/token_id"],
    [{ grant_id: "gnt_1" }, 404, "/select/grant_id"],
    [{ client_id: "nobody" }, 404, "/select/client_id"],
    [{ subject: "usr_x", client_id: "nobody" }, 404, "/select/client_id"],
    [{ key_id: "key_1" }, 404, "/select/key_id"],
    [{ kid: "none" }, 404, "/select/kid"],
    [{ token_id: "gnt_1" }, 400, "/select/token_id"],
    [{ all: false }, 400, "/select/all"],
    [{ grant_id: "gnt_1", client_id: "admin" }, 400, "/select"],
    [{}, 400, "/select"],
    [{ everything: true }, 400, "/select/everything"],
  ];
  for (const [select, status, pointer] of unknown) {
    test(`${JSON.stringify(select)} is ${status}`, async () => {
      const refused = await order(select);
      assert.equal(refused.status, status, refused.text);
      const pointers = (refused.json.errors as { pointer: string }[]).map((error) => error.pointer);
      assert.ok(pointers.includes(pointer), refused.text);
      if (pointer === "/select/all") assert.match(refused.text, /must be true\./);
      assert.equal(refused.headers.get("rescind-seq"), null);
    });
  }

  test("a reason that only the server may give is refused", async () => {
    assert.equal((await order({ subject: "usr_x" }, { reason: "replay_detected" })).status, 400);
  });
});

describe("receipts", () => {
  test("a narrow order that stands already is answered with the order that holds", async () => {
    const token = await server.clientToken(await server.registerClient());
    const first = await order({ token });
    const second = await order({ token });
    assert.equal(second.status, 201);
    assert.equal(second.json.id, first.json.id);
    assert.ok(Number(second.json.seq) >= Number(first.json.seq));
    assert.deepEqual((second.json.affected as { access_tokens: number }).access_tokens, 0);
  });

  test("a wide order always has an entry of its own", async () => {
    const first = await order({ subject: "usr_wide" });
    const second = await order({ subject: "usr_wide" });
    assert.ok(Number(second.json.seq) > Number(first.json.seq));
    assert.notEqual(second.json.id, first.json.id);
  });

  test("E1 E2 the history and the audit log show who ordered what, without the token's text", async () => {
    const client = await server.registerClient();
    const grant = await server.openGrant(client);
    const text = grant.refresh_token ?? "";
    const made = await order({ token: text }, { reason: "token_leaked", note: "found in a log" });
    assert.deepEqual(made.json.select, { grant_id: grant.grant_id });
    const history = await server.admin("GET", `${revocations}?limit=1`);
    const [item] = history.json.items as Record<string, unknown>[];
    assert.deepEqual(item, {
      id: made.json.id,
      seq: made.json.seq,
      select: { grant_id: grant.grant_id },
      at: made.json.at,
      reason: "token_leaked",
      note: "found in a log",
      actor: { kind: "admin", id: "admin" },
      suspend: false,
      final: false,
    });
    const audit = await server.admin("GET", "/admin/v1/audit?action=revoke&limit=1000");
    const records = (audit.json.items as Record<string, unknown>[]).filter(
      (record) => record.seq === made.json.seq,
    );
    assert.deepEqual(
      records.map((record) => [record.revocation_id, record.actor]),
      [[made.json.id, { kind: "admin", id: "admin" }]],
    );
    assert.ok(!history.text.includes(text) && !audit.text.includes(text));
  });
});
