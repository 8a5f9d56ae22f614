// The view `live_tokens` and the lists against the rule of core, over families of exchanged tokens: several levels,
// subject and actor tokens, and ancestors of a foreign issuer, with orders on any unit of any of them.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import {
  type Judged,
  judgedAccessToken,
  lineageOf,
  liveness,
  mostExchanges,
  RevocationSet,
  type Unit,
  unitsOf,
} from "@rescind/core";
import type { LoggedRevoke, NewAccessToken, Store } from "@rescind/store";
import fc from "fast-check";
import { rounds, seed } from "../../../test/seed.ts";
import {
  accessToken,
  administrator,
  fingerprint,
  grant,
  issuer,
  nowS,
  order,
  tokenOf,
  unit,
} from "./conformance/facts.ts";
import { freshPath, openAt } from "./opened.ts";

const at = nowS + 5;
/** Every case has names of its own, so that the tokens before do not have to be removed. */
let round = 0;
const followedByMany = new Set([5, 15, 25, 35]);

const anyMember = fc.record({
  kind: fc.constantFrom("person", "service", "child", "child", "child", "child of a stranger"),
  client: fc.nat(2),
  subject: fc.nat(1),
  session: fc.nat(2),
  offline: fc.boolean(),
  openedAt: fc.integer({ min: nowS - 3, max: nowS + 3 }),
  parent: fc.nat(),
  actor: fc.option(fc.nat(), { nil: undefined }),
  /** Orders between the look at the head and the storing. */
  late: fc.nat(2),
});
type AnyMember = typeof anyMember extends fc.Arbitrary<infer Value> ? Value : never;

const anyOrder = fc.record({
  member: fc.nat(),
  unit: fc.nat(),
  ofAncestor: fc.boolean(),
  before: fc.option(fc.integer({ min: nowS - 15, max: nowS + 3 }), { nil: undefined }),
  suspend: fc.boolean(),
  lift: fc.integer({ min: 0, max: 3 }).map((of) => of === 0),
});
type AnyOrder = typeof anyOrder extends fc.Arbitrary<infer Value> ? Value : never;

/** A token of ours, or one of the foreign issuer, which is not stored. */
interface Member {
  readonly stored: NewAccessToken | undefined;
  readonly judged: Judged;
  readonly exchanges: number;
}

test("C3 the view live_tokens holds exactly what core calls live, over every family of exchanged tokens", async () => {
  const path = freshPath();
  const store = await openAt(path);
  const sizes = new Set<number>();
  const same = fc.asyncProperty(
    fc.array(anyMember, { minLength: 2, maxLength: 12 }),
    fc.array(anyOrder, { minLength: 1, maxLength: 5 }),
    fc.array(anyMember, { maxLength: 4 }),
    fc.array(anyOrder, { maxLength: 3 }),
    async (first, orders, second, more) => {
      round += 1;
      const family: Member[] = [];
      for (const member of first) await join(store, member, family);
      for (const one of orders) await carryOut(store, one, family);
      if (followedByMany.has(round)) await manyMore(store);
      for (const member of second) await join(store, member, family);
      for (const one of more) await carryOut(store, one, family);
      const live = await liveByCore(store, family);
      sizes.add(live.length);
      assert.deepEqual(liveByView(path), live);
      const { items } = await store.listTokens({ status: "live" }, { limit: 1000, cursor: undefined }, at);
      const ids = items.filter(isOfRound).map(({ id }) => id);
      assert.deepEqual(ids.sort(), live);
    },
  );
  await fc.assert(same, { seed, numRuns: rounds(40, 800) });
  assert.ok(sizes.size > 3, `as many were live as ${[...sizes].join(", ")}`);
  await store.close();
});

/** So that what was ordered before is found by the table of fingerprints, not by the index of the newest. */
async function manyMore(store: Store): Promise<void> {
  for (let times = 0; times < 5; times++)
    await store.revokeMany(
      Array.from({ length: 1000 }, () => order(store, unit("token", `tid_x${store.nextId()}`))),
    );
}

async function join(store: Store, any: AnyMember, family: Member[]): Promise<void> {
  const { position } = await store.head();
  const rev = Math.max(0, position.seq - any.late);
  const clientId = `client_${round}_${any.client}`;
  const subject = `usr_${round}_${any.subject}`;
  const parents = [any.parent, any.actor]
    .flatMap((place) => (place === undefined ? [] : [family[place % Math.max(1, family.length)]]))
    .filter((parent) => parent !== undefined);
  if (any.kind === "person") {
    const of = grant(store, {
      clientId,
      subject,
      sessionId: `ses_${round}_${any.session}`,
      offline: any.offline,
      openedAt: any.openedAt,
    });
    const access = tokenOf(store, of, { rev, keyId: `key_${round}_${any.session}` });
    await store.openGrant(of, { access, refresh: undefined });
    remember(family, access);
  } else if (any.kind === "service" || (any.kind === "child" && parents.length === 0)) {
    const access = accessToken(store, {
      clientId,
      subject: clientId,
      rev,
      kid: `kid_${round}_${any.session}`,
      issuedAt: any.openedAt,
      expiresAt: nowS + 600,
    });
    await store.issue(access);
    remember(family, access);
  } else {
    const of = any.kind === "child" ? parents : [strangerOf(any), ...parents.slice(0, 1)];
    const exchanges = 1 + Math.max(...of.map((parent) => parent.exchanges));
    if (exchanges > mostExchanges) return;
    const judged = of.map((parent) => parent.judged);
    const lineage = lineageOf(judged, fingerprint);
    assert.ok(!("error" in lineage));
    const { ours, subject: name = "" } = judged[0] ?? assert.fail();
    const authorised = judged.map((one) => one.authorisedAt ?? 0);
    const grantIat = Math.min(...authorised) - (ours ? 0 : 10);
    const access = accessToken(store, { clientId, subject: name, rev, lineage, exchanges, grantIat });
    await store.issue(access);
    remember(family, access);
  }
}

function remember(family: Member[], stored: NewAccessToken): void {
  const judged = judgedAccessToken(stored.token, issuer);
  family.push({ stored, judged, exchanges: stored.token.exchanges ?? 0 });
}

function strangerOf(any: AnyMember): Member {
  const judged: Judged = {
    issuer: `https://other.example/${round}`,
    ours: false,
    tokenId: `jti-${any.session}`,
    subject: `usr_${round}_${any.subject}`,
    offline: false,
    authorisedAt: any.openedAt,
    expiresAt: nowS + 900,
    lineage: [],
  };
  return { stored: undefined, judged, exchanges: 0 };
}

/** An order on some unit of a token, or of one of the foreign issuer's that may be its ancestor. */
async function carryOut(store: Store, any: AnyOrder, family: readonly Member[]): Promise<void> {
  const member = family[any.member % Math.max(1, family.length)];
  if (member === undefined) return;
  const strangers = [0, 1, 2].map(
    (session) => strangerOf({ ...plainMember, session, subject: session % 2 }).judged,
  );
  const judged = any.ofAncestor ? (strangers[any.member % 3] ?? member.judged) : member.judged;
  const units = unitsOf(judged).filter(({ name }) => name !== "all" || any.unit % 7 === 0);
  const of: Unit = units[any.unit % units.length] ?? assert.fail();
  const suspend = any.suspend && (of.name === "client" || of.name === "key");
  const narrow = of.name === "token" || of.name === "grant" || of.name === "signing-key";
  const made = order(store, of, { suspend, before: narrow || suspend ? undefined : any.before });
  const { orderId, appended } = await store.revoke(made);
  if (appended && any.lift)
    await store.lift({ id: store.nextId(), orderId, atMs: Date.now(), actor: administrator });
}

const plainMember: AnyMember = {
  kind: "child of a stranger",
  client: 0,
  subject: 0,
  session: 0,
  offline: false,
  openedAt: nowS,
  parent: 0,
  actor: undefined,
  late: 0,
};

async function liveByCore(store: Store, family: readonly Member[]): Promise<string[]> {
  const set = new RevocationSet<LoggedRevoke>((entry) => [entry.fp]);
  const { entries, head } = await store.readFeed(0, 1_000_000);
  set.load(entries, head.position);
  return family
    .filter(({ judged }) => {
      const found = [...unitsOf(judged).map(fingerprint), ...judged.lineage].flatMap((fp) => [
        ...set.find(fp),
      ]);
      return liveness(judged, found, at).kind === "live";
    })
    .flatMap(({ stored }) => (stored === undefined ? [] : [stored.token.id]))
    .sort();
}

function isOfRound({ clientId }: { readonly clientId: string }): boolean {
  return clientId.startsWith(`client_${round}_`);
}

function liveByView(path: string): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database
    .prepare("SELECT CAST(id AS TEXT) AS id FROM live_tokens WHERE exp > ? AND client_id LIKE ? ORDER BY id")
    .all(at, `client_${round}_%`);
  database.close();
  return rows.map(({ id }) => String(id)).sort();
}
