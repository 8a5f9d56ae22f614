// The rule in SQL against core's: random tokens and entries, every status and every count the same. The world is
// small, so that tokens and entries meet.

import assert from "node:assert/strict";
import {
  formatId,
  type Grant,
  type Judged,
  liveness as judge,
  judgedAccessToken,
  judgedRefreshToken,
  RevocationSet,
  type RowId,
  type Unit,
  type UnitName,
  unitKey,
  unitsOf,
} from "@rescind/core";
import type { LoggedRevoke, Store, TokenStatus } from "@rescind/store";
import fc from "fast-check";
import { rounds, seed } from "../../../../test/seed.ts";
import {
  accessToken,
  administrator,
  fingerprint,
  grant,
  issuer,
  nowS,
  order,
  refreshToken,
  tokenOf,
  unit,
} from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

const at = nowS + 100;
const few = fc.nat(2);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const time = fc.integer({ min: nowS - 3, max: nowS + 3 });

const anyToken = fc.record({
  kind: fc.constantFrom("own", "access", "refresh"),
  client: few,
  subject: few,
  session: maybe(few),
  key: maybe(few),
  kid: maybe(few),
  offline: fc.boolean(),
  rev: fc.nat(14),
  openedAt: time,
  expired: fc.integer({ min: 0, max: 5 }).map((of) => of === 0),
  lineage: fc.array(fc.nat(19), { maxLength: 3 }),
});
type AnyToken = typeof anyToken extends fc.Arbitrary<infer Value> ? Value : never;

const anyEntry = fc.record({
  name: fc.constantFrom<UnitName>(
    "token",
    "grant",
    "session",
    "logout",
    "subject",
    "client",
    "subject+client",
    "key",
    "signing-key",
    "issuer",
    "all",
  ),
  of: fc.nat(5),
  value: few,
  client: few,
  foreign: fc.integer({ min: 0, max: 7 }).map((of) => of === 0),
  before: maybe(time),
  suspend: fc.boolean(),
  lift: fc.integer({ min: 0, max: 3 }).map((of) => of === 0),
});
type AnyEntry = typeof anyEntry extends fc.Arbitrary<infer Value> ? Value : never;

export function liveness(open: Opener): void {
  promise("C3 lists and counts judge by the same rule as core", open, async (store) => {
    let rising = 0;
    const sameVerdicts = fc.asyncProperty(
      fc.array(anyToken, { minLength: 1, maxLength: 6 }),
      fc.array(anyEntry, { minLength: 1, maxLength: 4 }),
      async (tokens, entries) => {
        // Every case has clients of its own, so that the tokens before do not have to be removed.
        rising += 1;
        const from = (await store.head()).position.seq;
        const judged = new Map<RowId, Judged>();
        for (const token of tokens) await storeToken(store, token, from, rising, judged);
        for (const entry of entries) await orderEntry(store, entry, rising, [...judged]);
        await compare(store, rising, judged);
      },
    );
    await fc.assert(sameVerdicts, { seed, numRuns: rounds(60, 600) });
    const { grants } = await store.countAffected({
      unit: unit("issuer", ""),
      fp: fingerprint(unit("issuer", "")),
      before: undefined,
      at,
      limitMs: 100,
    });
    assert.equal(grants, 0, "a foreign issuer's tokens are not stored");
  });
}

function named(kind: string, round: number, value: number): string {
  return `${kind}_${round}_${value}`;
}

async function storeToken(
  store: Store,
  any: AnyToken,
  from: number,
  round: number,
  judged: Map<RowId, Judged>,
): Promise<void> {
  const clientId = named("client", round, any.client);
  const subject = named("usr", round, any.subject);
  const sessionId = any.session === undefined ? undefined : named("ses", round, any.session);
  const keyId = any.key === undefined ? undefined : named("key", round, any.key);
  const kid = any.kid === undefined ? undefined : named("kid", round, any.kid);
  const rev = from + Math.max(0, any.rev - 7);
  const issuedAt = any.openedAt;
  const expiresAt = any.expired ? at : at + 10;
  const { offline } = any;
  if (any.kind === "own") {
    const facts = { clientId, subject: clientId, keyId, kid, rev, issuedAt, expiresAt, offline };
    const { token, digest } = accessToken(store, { ...facts, lineage: lineageOf(any, round) });
    await store.issue({ token, digest });
    judged.set(token.id, judgedAccessToken(token, issuer));
    return;
  }
  const of: Grant = grant(store, {
    clientId,
    subject,
    sessionId,
    offline,
    openedAt: any.openedAt,
    expiresAt: at + 20,
  });
  const access = tokenOf(store, of, {
    keyId,
    kid,
    rev,
    issuedAt: nowS,
    expiresAt,
    lineage: lineageOf(any, round),
  });
  const refresh = refreshToken(store, of, { keyId, rev, expiresAt });
  await store.openGrant(of, { access, refresh: any.kind === "refresh" ? refresh : undefined });
  judged.set(access.token.id, judgedAccessToken(access.token, issuer));
  const unspent = {
    ...refresh.token,
    spentAtMs: undefined,
    successorSealed: undefined,
    successorSpent: false,
  };
  if (any.kind === "refresh") judged.set(refresh.token.id, judgedRefreshToken(unspent, of, issuer));
}

/** Fingerprints of units of this round's world, as exchanged tokens carry them. */
function lineageOf({ lineage }: AnyToken, round: number): string[] {
  const names = ["subject", "client", "session", "key", "grant"] as const;
  const fingerprints = lineage.map((place) => {
    const name = names[place % names.length] ?? "subject";
    const kinds = { subject: "usr", client: "client", session: "ses", key: "key", grant: "gnt" };
    return fingerprint(unit(name, named(kinds[name], round, place % 3)));
  });
  return [...new Set(fingerprints)];
}

async function orderEntry(
  store: Store,
  any: AnyEntry,
  round: number,
  judged: readonly (readonly [RowId, Judged])[],
): Promise<void> {
  const of = {
    ...unitNamed(any, round, judged),
    ...(any.foreign ? { issuer: "https://other.example" } : {}),
  };
  const suspend = any.suspend && (of.name === "client" || of.name === "key");
  const narrow = of.name === "token" || of.name === "grant" || of.name === "signing-key";
  const made = order(store, of, { suspend, before: narrow || suspend ? undefined : any.before });
  const { appended } = await store.revoke(made);
  // What stands for all must not stand for the cases after this one.
  const isForAll = of.name === "all" || of.name === "issuer";
  if (appended && any.lift && !isForAll)
    await store.lift({ id: store.nextId(), orderId: made.id, atMs: Date.now(), actor: administrator });
}

function unitNamed(any: AnyEntry, round: number, judged: readonly (readonly [RowId, Judged])[]): Unit {
  const [id, token] = judged[any.of % judged.length] ?? ["1", undefined];
  switch (any.name) {
    case "token":
      return unit("token", formatId("token", id));
    case "grant":
      return unit("grant", token?.grantId ?? named("gnt", round, any.value));
    case "session":
    case "logout":
      return unit(any.name, named("ses", round, any.value));
    case "subject":
      return unit("subject", named(any.client === 0 ? "client" : "usr", round, any.value));
    case "client":
      return unit("client", named("client", round, any.value));
    case "subject+client": {
      const clientId = named("client", round, any.client);
      return unit("subject+client", any.value === 0 ? clientId : named("usr", round, any.value), clientId);
    }
    case "key":
      return unit("key", named("key", round, any.value));
    case "signing-key":
      return unit("signing-key", named("kid", round, any.value));
    case "issuer":
    case "all":
      return unit(any.name, "");
  }
}

async function compare(store: Store, round: number, judged: ReadonlyMap<RowId, Judged>): Promise<void> {
  const set = new RevocationSet<LoggedRevoke>((entry) => [unitKey({ ...entry, name: entry.unit }), entry.fp]);
  const { entries, head } = await store.readFeed(0, 100_000);
  set.load(entries, head.position);
  const found = (token: Judged) =>
    [...unitsOf(token).map(unitKey), ...token.lineage].flatMap((key) => [...set.find(key)]);
  let listed = 0;
  const live: Judged[] = [];
  const clients = [0, 1, 2].map((value) => named("client", round, value));
  for (const clientId of clients) {
    const page = { limit: 1000, cursor: undefined };
    const { items } = await store.listTokens({ clientId }, page, at);
    for (const item of items) {
      const token = judged.get(item.id);
      assert.ok(token, "the list has only what was stored");
      const verdict = judge(token, found(token), at).kind;
      const expected: TokenStatus = verdict === "not-yet" ? "live" : verdict;
      assert.equal(item.status, expected, JSON.stringify({ token, entries: found(token) }));
      if (expected === "live") live.push(token);
    }
    listed += items.length;
  }
  for (const clientId of clients) {
    const of = unit("client", clientId);
    const fp = fingerprint(of);
    const reached = live.filter((token) => token.clientId === clientId || token.lineage.includes(fp));
    const counted = await store.countAffected({ unit: of, fp, before: undefined, at, limitMs: 60_000 });
    assert.equal(counted.accessTokens + counted.refreshTokens, reached.length);
  }
  assert.equal(listed, judged.size, "the list has all that was stored");
}
