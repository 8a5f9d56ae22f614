// RV-05 C3 A6: random orders, suspensions, lifts and issuing through the API, and after each of them every token is
// live exactly where a model says so. The model knows nothing of fingerprints, views or memory: only the cascade
// table and numbers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { type RegisteredClient, startTestServer, type TestServer } from "../../../../test/running-server.ts";
import { rounds, seed } from "../../../../test/seed.ts";

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server.close());

interface Token {
  readonly text: string;
  readonly id: string;
  readonly kind: "access" | "refresh";
  readonly clientId: string;
  readonly subject: string;
  readonly grantId: string | undefined;
  readonly keyId: string | undefined;
  readonly rev: number;
}

interface Entry {
  readonly id: string;
  readonly seq: number;
  readonly covers: (token: Token) => boolean;
}

interface World {
  readonly clients: readonly RegisteredClient[];
  readonly subjects: readonly string[];
  readonly tokens: Token[];
  readonly standing: Map<string, Entry>;
  readonly lifted: Set<string>;
  /** Path of the suspended client or key. */
  readonly suspended: Map<string, (token: Token) => boolean>;
}

type Step = (world: World) => Promise<void>;

const index = fc.nat({ max: 50 });

function at<T>(items: readonly T[], place: number): T {
  const item = items[place % items.length];
  assert.ok(item !== undefined);
  return item;
}

const keyOf = (client: RegisteredClient): string => client.keys[0]?.key_id ?? "";
const clientPath = (client: RegisteredClient): string => `/admin/v1/clients/${client.client_id}`;
const keyPath = (client: RegisteredClient): string => `/admin/v1/keys/${keyOf(client)}`;

/** Takes a token into the world, if it is live: one born dead has nothing to tell. */
async function keep(world: World, text: string, kind: Token["kind"]): Promise<void> {
  const facts = await server.introspect(text);
  assert.equal(facts.active, true, "what was just issued is live");
  const { jti, client_id, sub, grant_id, key_id, rev } = facts as Record<string, string>;
  world.tokens.push({
    text,
    kind,
    id: String(jti),
    clientId: String(client_id),
    subject: String(sub),
    grantId: grant_id,
    keyId: key_id,
    rev: Number(rev),
  });
}

function ownToken(c: number): Step {
  return async (world) => {
    const client = at(world.clients, c);
    const dead = world.suspended.has(clientPath(client)) || world.suspended.has(keyPath(client));
    const answer = await server.form("/oauth2/token", { grant_type: "client_credentials" }, client);
    assert.equal(answer.status, dead ? 401 : 200);
    if (!dead) await keep(world, String(answer.json.access_token), "access");
  };
}

function openGrant(c: number, s: number): Step {
  return async (world) => {
    const client = at(world.clients, c);
    const body = { client_id: client.client_id, subject: at(world.subjects, s) };
    const answer = await server.admin("POST", "/admin/v1/grants", body);
    assert.equal(answer.status, world.suspended.has(clientPath(client)) ? 409 : 201);
    if (answer.status !== 201) return;
    await keep(world, String(answer.json.access_token), "access");
    await keep(world, String(answer.json.refresh_token), "refresh");
  };
}

interface Selected {
  readonly select: Record<string, unknown>;
  readonly wide: boolean;
  readonly belongs: (token: Token) => boolean;
}

const selections: ((world: World, a: number, b: number) => Selected | undefined)[] = [
  (world, a) => {
    if (world.tokens.length === 0) return undefined;
    const { text, kind, id, grantId } = at(world.tokens, a);
    const belongs =
      kind === "refresh" ? (token: Token) => token.grantId === grantId : (token: Token) => token.id === id;
    return { select: a % 2 === 0 ? { token: text } : { token_id: id }, wide: false, belongs };
  },
  (world, a) => {
    const grants = world.tokens.flatMap(({ grantId }) => (grantId === undefined ? [] : [grantId]));
    if (grants.length === 0) return undefined;
    const grant_id = at(grants, a);
    return { select: { grant_id }, wide: false, belongs: (token) => token.grantId === grant_id };
  },
  (world, a) => {
    const subject = at(world.subjects, a);
    return { select: { subject }, wide: true, belongs: (token) => token.subject === subject };
  },
  (world, a) => {
    const { client_id } = at(world.clients, a);
    return { select: { client_id }, wide: true, belongs: (token) => token.clientId === client_id };
  },
  (world, a, b) => {
    const { client_id } = at(world.clients, a);
    const subject = at([...world.subjects, client_id], b);
    const belongs = (token: Token) => token.clientId === client_id && token.subject === subject;
    return { select: { subject, client_id }, wide: true, belongs };
  },
  (world, a) => {
    const key_id = keyOf(at(world.clients, a));
    return { select: { key_id }, wide: true, belongs: (token) => token.keyId === key_id };
  },
];

function order(which: number, a: number, b: number): Step {
  return async (world) => {
    const selected = at(selections, which)(world, a, b);
    if (selected === undefined) return;
    const { select, wide, belongs } = selected;
    const wouldDie = world.tokens.filter((token) => belongs(token) && isLive(world, token));
    const { status, json, text } = await server.admin("POST", "/admin/v1/revocations", { select });
    assert.equal(status, 201, text);
    const { access_tokens, refresh_tokens } = json.affected as Record<string, number>;
    assert.equal(access_tokens, wouldDie.filter(({ kind }) => kind === "access").length, text);
    assert.equal(refresh_tokens, wouldDie.filter(({ kind }) => kind === "refresh").length, text);
    const id = String(json.id);
    if (world.standing.has(id)) return;
    const seq = Number(json.seq);
    world.standing.set(id, { id, seq, covers: (token) => belongs(token) && (!wide || token.rev < seq) });
  };
}

function lift(a: number): Step {
  return async (world) => {
    const ids = [...world.standing.keys(), ...world.lifted];
    if (ids.length === 0) return;
    const id = at(ids, a);
    const { status } = await server.admin("POST", `/admin/v1/revocations/${id}/lift`);
    assert.equal(status, world.lifted.has(id) ? 409 : 200);
    world.standing.delete(id);
    world.lifted.add(id);
  };
}

function suspension(c: number, unit: "client" | "key", verb: "revoke" | "approve"): Step {
  return async (world) => {
    const client = at(world.clients, c);
    const path = unit === "client" ? clientPath(client) : keyPath(client);
    const belongs =
      unit === "client"
        ? (token: Token) => token.clientId === client.client_id
        : (token: Token) => token.keyId === keyOf(client);
    const { status, json } = await server.admin("POST", `${path}/${verb}`);
    assert.deepEqual([status, json.status], [200, verb === "revoke" ? "revoked" : "approved"]);
    if (verb === "revoke") world.suspended.set(path, belongs);
    else world.suspended.delete(path);
  };
}

function isLive(world: World, token: Token): boolean {
  const revoked = [...world.standing.values()].some((entry) => entry.covers(token));
  return !revoked && ![...world.suspended.values()].some((covers) => covers(token));
}

const unit = fc.constantFrom("client" as const, "key" as const);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: index.map(ownToken) },
  { weight: 4, arbitrary: fc.tuple(index, index).map(([c, s]) => openGrant(c, s)) },
  { weight: 6, arbitrary: fc.tuple(index, index, index).map(([which, a, b]) => order(which, a, b)) },
  { weight: 3, arbitrary: index.map(lift) },
  { weight: 1, arbitrary: fc.tuple(index, unit).map(([c, of]) => suspension(c, of, "revoke")) },
  { weight: 2, arbitrary: fc.tuple(index, unit).map(([c, of]) => suspension(c, of, "approve")) },
);

let worlds = 0;

async function newWorld(): Promise<World> {
  worlds += 1;
  const world: World = {
    clients: [await server.registerClient(), await server.registerClient({ access_token_format: "opaque" })],
    subjects: [`usr_${worlds}_a`, `usr_${worlds}_b`],
    tokens: [],
    standing: new Map(),
    lifted: new Set(),
    suspended: new Map(),
  };
  // Every subject at every client, so that an order that reaches too far meets somebody.
  for (const c of world.clients.keys()) for (const s of world.subjects.keys()) await openGrant(c, s)(world);
  return world;
}

test("after every step, each token is live exactly where the cascade table says so", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 15, maxLength: 30 }), async (steps) => {
      const world = await newWorld();
      for (const [number, run] of steps.entries()) {
        await run(world);
        for (const token of world.tokens) {
          const { active } = await server.introspect(token.text);
          assert.equal(active, isLive(world, token), `step ${number}: ${token.kind} ${token.id}`);
        }
      }
    }),
    { seed, numRuns: rounds(8, 300) },
  );
});
