// Exchanged tokens, found by whatever their ancestors belong to, and tokens that were made elsewhere, found by their text.

import assert from "node:assert/strict";
import { type AccessToken, type Judged, judgedAccessToken, lineageOf, type Unit } from "@rescind/core";
import type { CountRequest, NewAccessToken, Store } from "@rescind/store";
import {
  accessToken,
  client,
  digest,
  fingerprint,
  issuer,
  nowS,
  opened,
  order,
  refreshToken,
  tokenOf,
  unit,
} from "./facts.ts";
import { newCode, plain, redemption } from "./people-facts.ts";
import { type Opener, promise } from "./suite.ts";

const at = nowS + 10;
const foreign = "https://other.example";

export function exchanged(open: Opener): void {
  promise("a token says how often it was exchanged and who acts", open, async (store) => {
    const act = { sub: "service", client_id: "gateway", act: { sub: "usr_9", iss: foreign } };
    const made = accessToken(store, { exchanges: 3, act, lineage: [fingerprint(unit("token", "tid_1"))] });
    await store.issue(made);
    const { token } = await store.findAccessToken(made.token.id);
    assert.deepEqual({ ...token, digest: undefined }, { ...made.token, digest: undefined });
  });

  promise(
    "several tokens are found at once, each as by itself, and those not there are left out",
    open,
    async (store) => {
      const made = Array.from({ length: 70 }, () => accessToken(store));
      await Promise.all(made.map((token) => store.issue(token)));
      const ids = made.map(({ token }) => token.id);
      for (const some of [[], ids.slice(0, 1), ids.slice(0, 3), ids]) {
        const { head, tokens } = await store.findAccessTokens([...some, store.nextId()]);
        assert.deepEqual(head.position, (await store.head()).position);
        assert.deepEqual([...tokens.keys()].sort(), [...some].sort());
        const owners = await store.findTokenOwners([...some, store.nextId()], { digests: true });
        assert.deepEqual([...owners.keys()].sort(), [...some].sort());
        const bare = await store.findTokenOwners([...some, store.nextId()], { digests: false });
        assert.deepEqual([...bare.keys()].sort(), [...some].sort());
        for (const id of some) {
          const { token } = await store.findAccessToken(id);
          assert.deepEqual(tokens.get(id), token);
          const { clientId, subject, grantId, expiresAt, digest } = token ?? assert.fail();
          assert.deepEqual(owners.get(id), { clientId, subject, grantId, digest });
          assert.deepEqual(bare.get(id), { clientId, subject, grantId, digest: undefined });
          const one = await store.findTokenOwner(id);
          assert.deepEqual(one.owner, { clientId, subject, grantId, expiresAt, digest });
          assert.deepEqual({ ...one.head, nowMs: 0 }, { ...head, nowMs: 0 });
        }
      }
      const { head, owner } = await store.findTokenOwner(store.nextId());
      assert.equal(owner, undefined);
      assert.deepEqual(head.position, (await store.head()).position);
      assert.equal((await store.findTokenOwners([], { digests: true })).size, 0);
      const tooMany = Array.from({ length: 1001 }, () => store.nextId());
      assert.equal((await store.findAccessTokens(tooMany.slice(1))).tokens.size, 0);
      await assert.rejects(store.findAccessTokens(tooMany), RangeError);
      await assert.rejects(store.findTokenOwners(tooMany, { digests: false }), RangeError);
    },
  );

  promise(
    "C3 an order reaches what was exchanged from what it covers, at every level, and no other",
    open,
    async (store) => {
      const { session, other, own } = await family(store);
      const listed = async () => {
        const { items } = await store.listTokens(
          { status: "live", kind: "access" },
          { limit: 100, cursor: undefined },
          at,
        );
        return items.map(({ id }) => id);
      };
      assert.equal((await listed()).length, 5);
      const { seq } = await store.revoke(order(store, unit("session", session)));
      assert.deepEqual(
        await listed(),
        [own, other].map(({ token }) => token.id),
      );
      assert.equal((await count(store, unit("session", session))).accessTokens, 0, "all of them are dead");
      const again = await count(store, unit("session", session), { ignoring: seq });
      assert.equal(again.accessTokens, 3, "the order reached three");
    },
  );

  promise("tokens exchanged from what a unit covers are counted, each once", open, async (store) => {
    const { access, child, grant, session } = await family(store);
    const reached = async (of: Unit, facts: Partial<CountRequest> = {}) =>
      (await count(store, of, facts)).accessTokens;
    assert.equal(await reached(unit("token", `tid_${access.token.id}`)), 3);
    assert.equal(await reached(unit("token", `tid_${child.token.id}`)), 2);
    assert.equal(await reached(unit("grant", grant.grantId)), 3);
    assert.equal(await reached(unit("session", session)), 3);
    assert.equal(await reached(unit("logout", session)), 3);
    assert.equal(await reached(unit("subject", "usr_1")), 3, "those without a grant are the person's too");
    assert.equal(await reached(unit("subject+client", "usr_1", "one")), 3);
    assert.equal(await reached(unit("subject+client", "usr_1", "two")), 2);
    assert.equal(await reached(unit("client", "one")), 3);
    assert.equal(
      await reached(unit("client", "two")),
      4,
      "their own and what was exchanged from them meet once",
    );
    assert.equal(await reached(unit("key", "key_1")), 3);
    assert.equal(await reached(unit("all", "")), 5);
    assert.equal(await reached({ ...unit("token", "jti-1"), issuer: foreign }), 1);
    assert.equal(
      await reached({ ...unit("subject", "usr_1"), issuer: foreign }),
      1,
      "not our person of that name",
    );
    assert.equal(await reached({ ...unit("issuer", ""), issuer: foreign }), 1);
    assert.equal(await reached(unit("subject", "usr_1"), { before: nowS - 1 }), 0, "authorised later");
    assert.equal(await reached(unit("subject", "usr_1"), { before: nowS }), 3);
    assert.equal(await reached(unit("subject", "usr_1"), { at: nowS + 10_000 }), 0, "expired");
    await store.revoke(order(store, unit("token", `tid_${child.token.id}`)));
    assert.equal(await reached(unit("subject", "usr_1")), 1, "covered by another entry");
  });

  promise("tokens of a person without a grant are listed as theirs", open, async (store) => {
    const { access, child, grandchild } = await family(store);
    const { items } = await store.listTokens(
      { subject: "usr_1", kind: "access" },
      { limit: 10, cursor: undefined },
      at,
    );
    assert.deepEqual(
      items.filter(({ status }) => status === "live").map(({ id }) => id),
      [grandchild, child, access].map(({ token }) => token.id),
    );
  });

  promise("B4 the lineage of a token that lost its race is not stored", open, async (store) => {
    const { grant, refresh } = await opened(store);
    const lineage = [fingerprint(unit("token", "tid_7"))];
    const rotations = Array.from({ length: 4 }, () => ({
      spent: refresh.token.id,
      successor: refreshToken(store, grant),
      sealed: new Uint8Array([1]),
      access: tokenOf(store, grant, { lineage }),
    }));
    await Promise.all(rotations.map((rotation) => store.rotate(rotation)));
    const made = newCode(store);
    await store.issueCode(made);
    const redemptions = Array.from({ length: 4 }, () => redemption(store, made));
    await Promise.all(
      redemptions.map((one) => {
        const access = { ...one.access, token: { ...one.access.token, lineage } };
        return store.redeemCode({ ...one, access });
      }),
    );
    assert.equal((await count(store, unit("token", "tid_7"))).accessTokens, 2);
  });

  promise(
    "a token made elsewhere is taken over once, whoever tries, and found by its text",
    open,
    async (store) => {
      const text = digest("text");
      const tries = Array.from({ length: 16 }, () => ({
        ...accessToken(store, { subject: "usr_1", lineage: [fingerprint(unit("client", "old"))] }),
        digest: text,
      }));
      const outcomes = await Promise.all(tries.map((one) => store.importToken(one)));
      assert.equal(outcomes.filter(Boolean).length, 1);
      const winner = tries[outcomes.indexOf(true)];
      assert.ok(winner);
      const { head, token } = await store.findImportedToken(text);
      assert.deepEqual(head.position, (await store.head()).position);
      assert.deepEqual({ ...token, digest: undefined }, { ...winner.token, digest: undefined });
      assert.deepEqual(plain(token?.digest), plain(text));
      assert.deepEqual((await store.findAccessToken(winner.token.id)).token, token);
      assert.equal((await store.describe()).accessTokens, 1);
      assert.equal((await count(store, unit("client", "old"))).accessTokens, 1);
      assert.equal((await count(store, unit("subject", "usr_1"))).accessTokens, 1, "it is the person's");
      assert.equal((await store.findImportedToken(digest("another"))).token, undefined);
    },
  );

  promise("what is imported may not outlive the longest life there is", open, async (store) => {
    const { longest } = await store.head();
    const made = accessToken(store, { expiresAt: nowS + longest.accessToken + 1 });
    await assert.rejects(store.importToken({ ...made, digest: digest("text") }), RangeError);
    assert.equal((await store.findImportedToken(digest("text"))).token, undefined);
    await store.createClient(client("longer", { accessTokenTtl: longest.accessToken + 1 }), [], 0);
    assert.equal(await store.importToken({ ...made, digest: digest("text") }), true);
  });
}

function count(store: Store, of: Unit, facts: Partial<CountRequest> = {}) {
  return store.countAffected({
    unit: of,
    fp: fingerprint(of),
    before: undefined,
    at,
    limitMs: 60_000,
    ...facts,
  });
}

/**
 * A person's token at client one, its child and grandchild at client two; there too a child of a foreign token and a
 * token of the client's own.
 */
async function family(store: Store) {
  const session = "ses_1";
  const made = await opened(store, { subject: "usr_1", clientId: "one", sessionId: session });
  const access = tokenOf(store, made.grant, { keyId: "key_1" });
  await store.issue(access);
  await store.revoke(order(store, unit("token", `tid_${made.access.token.id}`)));
  const child = childOf(store, access, { clientId: "two" });
  const grandchild = childOf(store, child, { clientId: "two" });
  const stranger: Judged = {
    issuer: foreign,
    ours: false,
    tokenId: "jti-1",
    subject: "usr_1",
    offline: false,
    expiresAt: at,
    lineage: [],
  };
  const other = accessToken(store, {
    clientId: "two",
    subject: "stranger",
    lineage: lineage(stranger),
    exchanges: 1,
  });
  const own = accessToken(store, { clientId: "two", subject: "two" });
  for (const one of [child, grandchild, other, own]) await store.issue(one);
  return { grant: made.grant, session, access, child, grandchild, other, own };
}

function childOf(store: Store, parent: NewAccessToken, facts: Partial<AccessToken>): NewAccessToken {
  const judged = judgedAccessToken(parent.token, issuer);
  return accessToken(store, {
    subject: parent.token.subject,
    lineage: lineage(judged),
    exchanges: (parent.token.exchanges ?? 0) + 1,
    grantIat: parent.token.grantIat ?? parent.token.issuedAt,
    ...facts,
  });
}

function lineage(parent: Judged): readonly string[] {
  const found = lineageOf([parent], fingerprint);
  assert.ok(!("error" in found));
  return found;
}
