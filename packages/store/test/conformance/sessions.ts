// Login sessions: stored whole, renewed by the same person only and never to an older head, listed and counted by the
// rule.

import assert from "node:assert/strict";
import {
  liveness as judge,
  judgedSession,
  RevocationSet,
  type Session,
  sessionLives,
  type Unit,
  type UnitName,
  unitKey,
  unitsOf,
} from "@rescind/core";
import type { LoggedRevoke, Store } from "@rescind/store";
import fc from "fast-check";
import { rounds, seed } from "../../../../test/seed.ts";
import { administrator, digest, fingerprint, firstPage, issuer, nowS, order, unit } from "./facts.ts";
import { newSession, nowMs, plain, user } from "./people-facts.ts";
import { allOf, type Opener, promise } from "./suite.ts";

const hour = 3_600_000;

export function sessions(open: Opener): void {
  promise("a session is found with its person, as it was stored", open, async (store) => {
    await store.createUser(user("usr_1"), "hash", nowMs);
    const made = newSession(store, { rev: 3, amr: ["pwd", "otp"], userAgent: "Browser 1", address: "::1" });
    await store.openSession(made);
    const found = await store.findSession(made.rowId);
    assert.deepEqual([found.session, found.user], [made.session, user("usr_1")]);
    assert.deepEqual(plain(found.digest), plain(made.digest));
    const orphan = newSession(store, { subject: "usr_gone" });
    await store.openSession(orphan);
    assert.deepEqual((await store.findSession(orphan.rowId)).user, undefined);
    const none = await store.findSession(store.nextId());
    assert.deepEqual([none.session, none.digest, none.user], [undefined, undefined, undefined]);
  });

  promise("AC-14 a new authentication renews the session of the same person only", open, async (store) => {
    const made = newSession(store, { rev: 3, userAgent: "Browser 1" });
    await store.openSession(made);
    const renewal = {
      rowId: made.rowId,
      session: {
        ...made.session,
        rev: 5,
        authenticatedAtMs: nowMs + hour,
        lastSeenMs: nowMs + hour,
        openedAtMs: nowMs + hour,
        userAgent: undefined,
        address: "192.0.2.1",
      },
      digest: digest("another"),
    };
    const ofOther = { ...renewal, session: { ...renewal.session, subject: "usr_2" } };
    assert.equal(await store.renewSession(ofOther), false);
    assert.deepEqual((await store.findSession(made.rowId)).session, made.session);
    assert.equal(await store.renewSession(renewal), true);
    const found = await store.findSession(made.rowId);
    assert.deepEqual(found.session, { ...renewal.session, openedAtMs: nowMs }, "it opened when it opened");
    assert.deepEqual(plain(found.digest), plain(renewal.digest));
    assert.equal(await store.renewSession({ ...renewal, rowId: store.nextId() }), false);
  });

  promise(
    "rev only rises: an authentication that began before the last one renews nothing",
    open,
    async (store) => {
      const made = newSession(store);
      await store.openSession(made);
      const renewals = Array.from({ length: 32 }, (_, index) => ({
        rowId: made.rowId,
        session: { ...made.session, rev: (index * 7) % 32 },
        digest: digest(`cookie ${(index * 7) % 32}`),
      }));
      const renewed = await Promise.all(renewals.map((one) => store.renewSession(one)));
      const found = await store.findSession(made.rowId);
      assert.equal(found.session?.rev, 31);
      assert.deepEqual(plain(found.digest), plain(digest("cookie 31")), "the cookie is that of its rev");
      assert.equal(renewed[renewals.findIndex(({ session }) => session.rev === 31)], true);
    },
  );

  promise("the time of the last use only rises", open, async (store) => {
    const made = newSession(store);
    await store.openSession(made);
    for (const atMs of [nowMs + 5000, nowMs + 3000]) await store.touchSession(made.session.sessionId, atMs);
    for (const id of ["ses_1", "ses_x", ""]) await store.touchSession(id, nowMs + 9000);
    assert.equal((await store.findSession(made.rowId)).session?.lastSeenMs, nowMs + 5000);
  });

  promise("sessions are listed newest first by cursor, and by what is asked", open, async (store) => {
    const made = [];
    for (let index = 0; index < 5; index += 1) {
      made.push(newSession(store, { subject: `usr_${index % 2}` }));
      await store.openSession(made[index] ?? assert.fail());
    }
    const ids = made.map(({ session }) => session.sessionId).reverse();
    const listed = async (filter: Parameters<Store["listSessions"]>[0]) =>
      (await allOf((page) => store.listSessions(filter, page, nowS), 2)).map(
        ({ session }) => session.sessionId,
      );
    assert.deepEqual(await listed({}), ids);
    assert.deepEqual(await listed({ subject: "usr_1" }), [ids[1], ids[3]]);
    assert.deepEqual(await listed({ sessionId: ids[0] }), [ids[0]]);
    assert.deepEqual(await listed({ sessionId: ids[0], subject: "usr_1" }), []);
    assert.deepEqual(await listed({ sessionId: "ses_x" }), []);
  });

  promise(
    "a session ends unused after 12 hours and used after 7 days, in lists and counts",
    open,
    async (store) => {
      const made = newSession(store);
      await store.openSession(made);
      const { idle, longest } = sessionLives;
      const statusAt = async (at: number) => {
        const { items } = await store.listSessions({}, firstPage, at);
        const { sessions: counted } = await count(store, unit("subject", "usr_1"), at);
        assert.equal(counted, items[0]?.status === "live" ? 1 : 0);
        return items[0]?.status;
      };
      assert.equal(await statusAt(nowS + idle - 1), "live");
      assert.equal(await statusAt(nowS + idle), "expired");
      await store.touchSession(made.session.sessionId, (nowS + longest - 60) * 1000);
      assert.equal(await statusAt(nowS + idle), "live");
      assert.equal(await statusAt(nowS + longest - 1), "live");
      assert.equal(await statusAt(nowS + longest), "expired");
    },
  );

  promise("a receipt counts the sessions its own order ended", open, async (store) => {
    const first = newSession(store);
    await store.openSession(first);
    await store.openSession(newSession(store, { subject: "usr_2" }));
    const of = unit("session", first.session.sessionId);
    const { seq } = await store.revoke(order(store, of));
    await store.openSession(newSession(store, { rev: seq }));
    assert.equal((await count(store, of, nowS)).sessions, 0);
    assert.equal((await count(store, of, nowS, seq)).sessions, 1);
    assert.equal((await count(store, unit("all", ""), nowS)).sessions, 2);
    assert.equal((await count(store, unit("client", "client"), nowS)).sessions, 0);
  });

  promise("C3 sessions are listed and counted by the same rule as core", open, async (store) => {
    let round = 0;
    const sameVerdicts = fc.asyncProperty(
      fc.array(anySession, { minLength: 1, maxLength: 5 }),
      fc.array(anyEntry, { minLength: 1, maxLength: 4 }),
      async (any, entries) => {
        round += 1;
        const from = (await store.head()).position.seq;
        const made: Session[] = [];
        for (const { subject, rev, authenticated } of any) {
          const one = newSession(store, {
            subject: `usr_${round}_${subject}`,
            rev: from + Math.max(0, rev - 3),
            authenticatedAtMs: authenticated,
          });
          await store.openSession(one);
          made.push(one.session);
        }
        for (const entry of entries) await orderEntry(store, entry, round, made);
        await compare(store, made);
      },
    );
    await fc.assert(sameVerdicts, { seed, numRuns: rounds(60, 2000) });
  });
}

const anySession = fc.record({
  subject: fc.nat(2),
  rev: fc.nat(7),
  authenticated: fc.integer({ min: nowMs - 3000, max: nowMs + 3000 }),
});

const anyEntry = fc.record({
  name: fc.constantFrom<UnitName>("session", "logout", "subject", "client", "all"),
  of: fc.nat(4),
  foreign: fc.integer({ min: 0, max: 7 }).map((of) => of === 0),
  before: fc.option(fc.integer({ min: nowS - 3, max: nowS + 3 }), { nil: undefined }),
  lift: fc.boolean(),
});
type AnyEntry = typeof anyEntry extends fc.Arbitrary<infer Value> ? Value : never;

async function orderEntry(
  store: Store,
  { name, of, foreign, before, lift }: AnyEntry,
  round: number,
  made: readonly Session[],
): Promise<void> {
  const session = made[of % made.length] ?? assert.fail();
  const values: Partial<Record<UnitName, string>> = {
    session: session.sessionId,
    logout: session.sessionId,
    subject: session.subject,
    client: `client_${round}`,
    all: "",
  };
  const named = unit(name, values[name] ?? "");
  const ordered = order(store, foreign ? { ...named, issuer: "https://other.example" } : named, { before });
  await store.revoke(ordered);
  if (lift) await store.lift({ id: store.nextId(), orderId: ordered.id, atMs: nowMs, actor: administrator });
}

async function compare(store: Store, made: readonly Session[]): Promise<void> {
  const set = new RevocationSet<LoggedRevoke>((entry) => [unitKey({ ...entry, name: entry.unit })]);
  const { entries, head } = await store.readFeed(0, 100_000);
  set.load(entries, head.position);
  for (const session of made) {
    const judged = judgedSession(session, issuer);
    const found = unitsOf(judged).flatMap((of) => [...set.find(unitKey(of))]);
    const verdict = judge(judged, found, nowS).kind;
    const [listed] = (await store.listSessions({ sessionId: session.sessionId }, firstPage, nowS)).items;
    assert.equal(listed?.status, verdict, JSON.stringify({ session, found }));
    const { sessions: counted } = await count(store, unit("session", session.sessionId), nowS);
    assert.equal(counted, verdict === "live" ? 1 : 0);
  }
}

function count(store: Store, of: Unit, at: number, ignoring?: number) {
  return store.countAffected({
    unit: of,
    fp: fingerprint(of),
    before: undefined,
    at,
    limitMs: 60_000,
    ignoring,
  });
}
