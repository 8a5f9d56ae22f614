// RV-10 Several keys of a client, each with its own life: orders and suspensions of key, client and subject stand beside
// one another, and lifting one never shows or hides another. Random sequences, judged by core's own rule over the
// entries that were ordered: no combination of two cut-offs may forget one.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Judged, liveness, type StandingEntry, type UnitName, unitKey, unitsOf } from "@rescind/core";
import fc from "fast-check";
import { decodeJwt } from "jose";
import { peopleOf, type SignedIn } from "../people.ts";
import { type RegisteredClient, startTestServer } from "../running-server.ts";
import { rounds, seed } from "../seed.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

interface Entry {
  readonly id: string;
  readonly key: string;
  readonly entry: StandingEntry;
}

interface Issued {
  readonly text: string;
  readonly judged: Judged;
}

/** A key of a client, as whoever holds its secret sees it. */
interface Holder extends RegisteredClient {
  readonly keyId: string;
}

interface World {
  readonly holders: readonly Holder[];
  readonly persons: readonly SignedIn[];
  readonly issued: Issued[];
  standing: Entry[];
}

type Step =
  | { readonly kind: "issue"; readonly holder: number; readonly person: number }
  | { readonly kind: "order" | "suspend" | "approve"; readonly unit: number; readonly of: number }
  | { readonly kind: "lift"; readonly which: number };

const place = fc.nat({ max: 20 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("issue" as const), holder: place, person: place }),
  fc.record({ kind: fc.constant("order" as const), unit: fc.nat({ max: 3 }), of: place }),
  fc.record({
    kind: fc.constantFrom("suspend" as const, "approve" as const),
    unit: fc.nat({ max: 1 }),
    of: place,
  }),
  fc.record({ kind: fc.constant("lift" as const), which: place }),
);

test("RV-10 key, client and subject orders, suspensions and lifts never hide one another", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      const world = await newWorld();
      for (const one of steps) {
        await apply(one, world);
        for (const token of world.issued) {
          const { active } = await server.introspect(token.text);
          assert.equal(active, isLive(token.judged, world), JSON.stringify({ one, token: token.judged }));
        }
      }
    }),
    { numRuns: rounds(8, 400), seed },
  );
});

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  assert.ok(item !== undefined);
  return item;
}

async function newWorld(): Promise<World> {
  const holders: Holder[] = [];
  for (let clients = 0; clients < 2; clients++) {
    const client = await people.client();
    holders.push({ ...client, keyId: client.keys[0]?.key_id ?? "" });
    const { json } = await server.admin("POST", `/admin/v1/clients/${client.client_id}/keys`);
    holders.push({ ...client, client_secret: String(json.client_secret), keyId: String(json.key_id) });
  }
  const world: World = {
    holders,
    persons: [await people.signIn(), await people.signIn()],
    issued: [],
    standing: [],
  };
  for (const [index] of holders.entries())
    for (const person of [0, 1]) await apply({ kind: "issue", holder: index, person }, world);
  return world;
}

async function apply(one: Step, world: World): Promise<void> {
  switch (one.kind) {
    case "issue":
      return issue(at(world.holders, one.holder), at(world.persons, one.person), world);
    case "order":
      return order(one.unit, one.of, world);
    case "suspend":
      return suspend(one.unit, at(world.holders, one.of), world);
    case "approve":
      return approve(one.unit, at(world.holders, one.of), world);
    case "lift":
      return lift(one.which, world);
  }
}

async function issue(holder: Holder, person: SignedIn, world: World): Promise<void> {
  const isOut = world.standing.some(
    ({ key, entry }) =>
      entry.suspend === true && [unitOf("key", holder), unitOf("client", holder)].includes(key),
  );
  // A person whose session was ended by an order on them signs in again.
  const { user } = await people.store.findUser(person.subject);
  const session = await people.signIn(user);
  const code = await people.code(holder, session, { scopes: ["openid", "read", "offline_access"] });
  const { status, json, text } = await people.redeem(holder, code);
  assert.equal(status, isOut ? 401 : 200, text);
  if (isOut) return;
  const claims = decodeJwt(String(json.access_token));
  world.issued.push({ text: String(json.access_token), judged: judgedFrom(claims) });
}

/** The units `key`, `client`, `subject` and `subject+client`, by turns. */
async function order(unit: number, of: number, world: World): Promise<void> {
  const holder = at(world.holders, of);
  const { subject } = at(world.persons, of >> 1);
  const { client_id, keyId } = holder;
  const [select, key, name] = at<readonly [object, string, UnitName]>(
    [
      [{ key_id: keyId }, unitOf("key", holder), "key"],
      [{ client_id }, unitOf("client", holder), "client"],
      [{ subject }, unitKey({ name: "subject", issuer: server.issuer, value: subject }), "subject"],
      [
        { subject, client_id },
        unitKey({ name: "subject+client", issuer: server.issuer, value: subject, client: client_id }),
        "subject+client",
      ],
    ],
    unit,
  );
  const { status, json, text } = await server.admin("POST", "/admin/v1/revocations", { select });
  assert.equal(status, 201, text);
  world.standing.push({ id: String(json.id), key, entry: { seq: Number(json.seq), unit: name } });
}

function pathOf(unit: number, { client_id, keyId }: Holder): string {
  return unit === 0 ? `/admin/v1/keys/${keyId}` : `/admin/v1/clients/${client_id}`;
}

async function suspend(unit: number, holder: Holder, world: World): Promise<void> {
  const { status, headers, text } = await server.admin("POST", `${pathOf(unit, holder)}/revoke`);
  assert.equal(status, 200, text);
  const name = unit === 0 ? "key" : "client";
  const key = unitOf(name, holder);
  // Repeating a suspension that stands appends nothing.
  if (world.standing.some((known) => known.key === key && known.entry.suspend === true)) return;
  const { json } = await server.admin("GET", "/admin/v1/revocations?limit=1");
  const [newest] = json.items as Record<string, unknown>[]; // the contract's list
  const seq = Number(headers.get("rescind-seq"));
  world.standing.push({ id: String(newest?.id), key, entry: { seq, unit: name, suspend: true } });
}

async function approve(unit: number, holder: Holder, world: World): Promise<void> {
  const { status, text } = await server.admin("POST", `${pathOf(unit, holder)}/approve`);
  assert.equal(status, 200, text);
  const key = unitOf(unit === 0 ? "key" : "client", holder);
  world.standing = world.standing.filter((known) => known.key !== key || known.entry.suspend !== true);
}

async function lift(which: number, world: World): Promise<void> {
  if (world.standing.length === 0) return;
  const { id } = at(world.standing, which);
  const { status, text } = await server.admin("POST", `/admin/v1/revocations/${id}/lift`);
  assert.equal(status, 200, text);
  world.standing = world.standing.filter((known) => known.id !== id);
}

function unitOf(name: "key" | "client", { client_id, keyId }: Holder): string {
  return unitKey({ name, issuer: server.issuer, value: name === "key" ? keyId : client_id });
}

/** Core's rule over the entries that stand, whatever else the server keeps. */
function isLive(judged: Judged, { standing }: World): boolean {
  const keys = new Set(unitsOf(judged).map(unitKey));
  const found = standing.filter(({ key }) => keys.has(key)).map(({ entry }) => entry);
  return liveness(judged, found, Date.now() / 1000).kind === "live";
}

function judgedFrom(claims: Record<string, unknown>): Judged {
  const text = (name: string) => (typeof claims[name] === "string" ? String(claims[name]) : undefined);
  return {
    issuer: server.issuer,
    ours: true,
    tokenId: text("jti"),
    grantId: text("grant_id"),
    sessionId: text("sid"),
    subject: text("sub"),
    clientId: text("client_id"),
    keyId: text("key_id"),
    offline: claims.offline === true,
    rev: Number(claims.rev),
    authorisedAt: Number(claims.grant_iat),
    expiresAt: Number(claims.exp),
    lineage: [],
  };
}
