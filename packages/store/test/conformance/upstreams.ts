// Upstream providers: registered under a name, identities of one person each, tokens that are held while something hangs
// on their sign-in and then revoked once.

import assert from "node:assert/strict";
import type { Upstream } from "@rescind/core";
import type { HeldFilter, NewIdentity, Store, StoredUpstream } from "@rescind/store";
import { firstPage, grant, nowS, order, refreshToken, tokenOf, unit } from "./facts.ts";
import { newSession, nowMs, plain, user } from "./people-facts.ts";
import { pruneUntil } from "./pruning-people.ts";
import { type Opener, promise } from "./suite.ts";

const corp: Upstream = {
  upstreamId: "corp",
  name: "Corp",
  issuer: "https://corp.example",
  clientId: "rescind",
  scopes: ["openid", "email"],
  createUsers: false,
  linkByEmail: false,
  trustMfa: false,
  isEnabled: true,
};
const all: HeldFilter = { kind: "all" };
const page = { after: undefined, limit: 10, at: nowS };

async function provider(store: Store, facts: Partial<StoredUpstream> = {}): Promise<StoredUpstream> {
  const row = store.nextId();
  const made = {
    row,
    upstream: corp,
    sealedSecret: new Uint8Array([1]),
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    ...facts,
  };
  assert.equal(await store.createUpstream(made), true);
  return made;
}

function identity(store: Store, upstreamRow: string, facts: Partial<NewIdentity> = {}): NewIdentity {
  return {
    id: store.nextId(),
    upstreamRow,
    upstreamSubject: "there-1",
    subject: "usr_1",
    email: undefined,
    username: "alice",
    linkedAtMs: nowMs,
    lastUsedMs: undefined,
    ...facts,
  };
}

async function held(store: Store, upstreamRow: string, sessionId?: string): Promise<string> {
  const id = store.nextId();
  const token = { id, upstreamRow, subject: "usr_1", kind: "refresh_token", createdAtMs: nowMs } as const;
  await store.keepUpstreamToken({ ...token, expiresAt: undefined, sealed: new Uint8Array([7, 7]) });
  if (sessionId !== undefined) await store.attachUpstreamToken({ id, sessionId, atMs: nowMs });
  return id;
}

async function session(store: Store): Promise<string> {
  const made = newSession(store);
  await store.openSession(made);
  return made.session.sessionId;
}

export function upstreams(open: Opener): void {
  promise(
    "a provider's name is taken until it is deleted; its row is never used again",
    open,
    async (store) => {
      const { catalog } = await store.head();
      const first = await provider(store);
      assert.ok((await store.head()).catalog > catalog);
      assert.deepEqual((await store.listUpstreams()).map(shown), [shown(first)]);
      assert.equal(await store.createUpstream({ ...first, row: store.nextId() }), false);
      const changed = {
        ...first,
        upstream: { ...corp, name: "Other" },
        sealedSecret: undefined,
        changedAtMs: 5,
      };
      assert.equal(await store.updateUpstream(changed), true);
      assert.deepEqual((await store.listUpstreams()).map(shown), [shown(changed)]);
      await store.createUser(user("usr_1"), undefined, nowMs);
      assert.equal(await store.linkIdentity(identity(store, first.row)), "linked");
      assert.equal(await store.deleteUpstream(first.row, nowMs), true);
      assert.equal(await store.deleteUpstream(first.row, nowMs), false);
      assert.equal(await store.updateUpstream(changed), false);
      const second = await provider(store);
      assert.equal((await store.findIdentity(second.row, "there-1")).identity, undefined);
      assert.deepEqual(await store.listIdentities("usr_1"), []);
      assert.equal(await store.linkIdentity(identity(store, first.row)), "taken", "it is gone");
    },
  );

  promise("an identity is one active person's, and goes with them", open, async (store) => {
    const { row } = await provider(store);
    const mine = identity(store, row);
    assert.equal(await store.linkIdentity(mine), "unknown");
    await store.createUser(user("usr_1"), undefined, nowMs);
    await store.createUser(user("usr_2"), undefined, nowMs);
    assert.equal(await store.linkIdentity(mine), "linked");
    assert.equal(await store.linkIdentity(identity(store, row, { subject: "usr_2" })), "taken");
    await store.noteIdentityUse({ id: mine.id, email: "a@x", username: undefined, atMs: 9 });
    const { identity: found, user: person } = await store.findIdentity(row, "there-1");
    assert.deepEqual(found, { ...mine, email: "a@x", username: undefined, lastUsedMs: 9 });
    assert.equal(person?.subject, "usr_1");
    assert.equal(await store.unlinkIdentity(mine.id, "usr_2"), false);
    assert.equal(await store.unlinkIdentity(mine.id, "usr_1"), true);
    assert.equal(await store.linkIdentity(identity(store, row, { subject: "usr_2" })), "linked");
    await store.deleteUser("usr_2", []);
    assert.equal((await store.findIdentity(row, "there-1")).identity, undefined);
  });

  promise(
    "a person who comes for the first time is stored with their identity or not at all",
    open,
    async (store) => {
      const { row } = await provider(store);
      await store.createUser(user("usr_2", { username: "Alice" }), undefined, nowMs);
      const create = (subject: string, username: string) =>
        store.createUserWithIdentity(user(subject, { username }), identity(store, row, { subject }), nowMs);
      assert.equal(await create("usr_1", "alice"), "name-taken");
      assert.equal((await store.findIdentity(row, "there-1")).identity, undefined);
      const raced = await Promise.all([1, 3, 4, 5].map((n) => create(`usr_${n}`, `person ${n}`)));
      assert.deepEqual(raced.toSorted(), ["created", "identity-taken", "identity-taken", "identity-taken"]);
      assert.equal((await store.listUsers({}, firstPage)).items.length, 2);
    },
  );

  promise("a token is held while its session or a grant of it is live", open, async (store) => {
    const { row } = await provider(store);
    await store.createUser(user("usr_1"), undefined, nowMs);
    const sessionId = await session(store);
    const loose = await held(store, row);
    const id = await held(store, row, sessionId);
    const ofSession: HeldFilter = { kind: "session", sessionId };
    const state = async () => {
      const [found] = await store.heldUpstreamTokens(ofSession, page);
      return [found?.isSessionCovered, found?.hasLiveGrant, found?.hasRevokedGrant];
    };
    assert.deepEqual(
      (await store.heldUpstreamTokens(all, page)).map((token) => [token.id, token.isAttached]),
      [
        [loose, false],
        [id, true],
      ],
    );
    assert.deepEqual(await state(), [false, false, false]);
    const of = grant(store, { subject: "usr_1", sessionId });
    await store.openGrant(of, { access: tokenOf(store, of), refresh: refreshToken(store, of) });
    assert.deepEqual(await state(), [false, true, false]);
    await store.revoke(order(store, unit("grant", of.grantId)));
    assert.deepEqual(await state(), [false, false, true]);
    const byGrant = await store.heldUpstreamTokens({ kind: "grant", grantId: of.grantId }, page);
    assert.deepEqual(
      byGrant.map((token) => token.id),
      [loose, id],
      "whatever its subject holds",
    );
    assert.deepEqual(await store.heldUpstreamTokens({ kind: "subject", subject: "usr_2" }, page), []);
    await store.revoke(order(store, unit("session", sessionId)));
    assert.deepEqual(await state(), [true, false, true]);
    const [found] = await store.heldUpstreamTokens(ofSession, page);
    assert.equal(found?.session?.sessionId, sessionId);
  });

  promise("another sign-in of the same session takes the earlier token's place", open, async (store) => {
    const { row } = await provider(store);
    const sessionId = await session(store);
    const first = await held(store, row, sessionId);
    const second = await held(store, row, sessionId);
    await store.attachUpstreamToken({ id: first, sessionId, atMs: nowMs });
    const { items } = await store.listUpstreamTokens({ upstreamRow: row }, firstPage);
    const [latest, earlier] = items;
    assert.deepEqual([latest?.id, latest?.status, latest?.sessionId], [second, "held", sessionId]);
    assert.deepEqual([earlier?.id, earlier?.status, earlier?.endedBy], [first, "pending", "signed_in_again"]);
  });

  promise(
    "a token that ended is claimed by one node, tried again, and finished with its record",
    open,
    async (store) => {
      const { row } = await provider(store);
      const id = await held(store, row);
      const claim = (atMs: number) => store.claimUpstreamTokens(atMs, atMs + 1000, 10);
      assert.deepEqual(await claim(nowMs), [], "it is held");
      await store.endUpstreamTokens([{ id, endedBy: "session_revoked" }], nowMs);
      assert.equal(await store.pendingUpstreamTokens(), 1);
      const claims = await Promise.all([claim(nowMs), claim(nowMs), claim(nowMs)]);
      assert.equal(claims.flat().length, 1);
      const [token] = claims.flat();
      assert.deepEqual(
        [plain(token?.sealed), token?.provider.upstream],
        [plain(new Uint8Array([7, 7])), corp],
      );
      assert.equal((await claim(nowMs + 1001)).length, 1, "whoever claimed it is gone");
      const tried = { id, result: "status 503", nextAttemptMs: nowMs + 5000, atMs: nowMs };
      await store.noteUpstreamAttempt({ ...tried, status: "pending" });
      assert.deepEqual(await claim(nowMs + 4999), []);
      const actor = { kind: "server", id: "upstream" } as const;
      const record = { action: "upstream.token-revoked", actor, content: { about: { subject: "usr_1" } } };
      const done = { ...tried, status: "revoked", result: "status 200", record } as const;
      await Promise.all([store.noteUpstreamAttempt(done), store.noteUpstreamAttempt(done)]);
      assert.deepEqual(await claim(nowMs + 5001), []);
      const written = (await store.readAudit(0, 10)).filter(({ action }) => action === record.action);
      assert.equal(written.length, 1);
      assert.equal((await store.verifyAudit()).brokenAt, undefined);
      const counts = await store.countUpstreamTokens(row);
      assert.deepEqual(counts, { held: 0, pending: 0, revoked: 1, expired: 0, left: 0, dead: 0 });
      assert.equal(await store.retryUpstreamToken(id, nowMs), false);
    },
  );

  promise(
    "one that was given up can be tried again; those of a deleted provider are revoked",
    open,
    async (store) => {
      const { row } = await provider(store);
      const [id, other] = [await held(store, row), await held(store, row)];
      await store.deleteUpstream(row, nowMs);
      assert.equal((await store.claimUpstreamTokens(nowMs, nowMs, 10)).length, 2);
      const record = {
        action: "upstream.token-given-up",
        actor: { kind: "server", id: "upstream" },
        content: {},
      } as const;
      const dead = {
        status: "dead",
        result: "status 401",
        nextAttemptMs: nowMs,
        atMs: nowMs,
        record,
      } as const;
      await store.noteUpstreamAttempt({ id, ...dead });
      await store.noteUpstreamAttempt({ id: other, ...dead, status: "revoked" });
      assert.equal(await store.retryUpstreamToken(id, nowMs), true);
      assert.deepEqual(
        (await store.claimUpstreamTokens(nowMs, nowMs, 10)).map((token) => token.id),
        [id],
      );
      await store.noteUpstreamAttempt({ id, ...dead });
      const month = 30 * 24 * 60 * 60;
      assert.equal((await pruneUntil(store, nowS, nowS + month)).upstreamTokens, 0);
      assert.equal((await pruneUntil(store, nowS + month, nowS + month + 600)).upstreamTokens, 2);
      assert.deepEqual(await store.upstreamCursor().then(({ number }) => number), 0);
      await store.moveUpstreamCursor(5);
      await store.moveUpstreamCursor(3);
      assert.equal((await store.upstreamCursor()).number, 5);
    },
  );
}

function shown({ row, upstream, sealedSecret, createdAtMs, changedAtMs }: StoredUpstream) {
  return { row, upstream, secret: sealedSecret && plain(sealedSecret), createdAtMs, changedAtMs };
}
