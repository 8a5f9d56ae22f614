// Codes and pushed requests: one code for a transaction, one redemption for a code; what is spent stays to be
// recognised.

import assert from "node:assert/strict";
import { type AuthorizationCode, lifetimes } from "@rescind/core";
import type { NewCode, Store } from "@rescind/store";
import { rounds } from "../../../../test/seed.ts";
import { digest, grant, nowS, tokenOf } from "./facts.ts";
import { newCode, newSession, nowMs, plain, redemption, user } from "./people-facts.ts";
import { type Opener, promise } from "./suite.ts";

const racers = 64;

export function codes(open: Opener): void {
  promise("a code is found with its session and its person, as it was stored", open, async (store) => {
    await store.createUser(user("usr_1"), "hash", nowMs);
    const session = newSession(store, { rev: 4 });
    await store.openSession(session);
    const { sessionId } = session.session;
    const full = { sessionId, rev: 5, nonce: "n", codeChallenge: "c".repeat(43), redirectUriSent: false };
    const attributes = { tenant: "t1", nested: { ü: [1] } };
    const made = newCode(store, { ...full, attributes });
    await store.issueCode(made);
    const found = await store.findCode(made.code.id);
    assert.deepEqual(stored(found.code), { ...made.code, grantId: undefined });
    assert.deepEqual(plain(found.code?.digest), plain(made.digest));
    assert.deepEqual([found.session, found.user], [session.session, user("usr_1")]);
    const bare = newCode(store, { subject: "usr_gone", scopes: [], audience: [] });
    await store.issueCode(bare);
    const without = await store.findCode(bare.code.id);
    assert.deepEqual(stored(without.code), { ...bare.code, grantId: undefined });
    assert.deepEqual([without.session, without.user], [undefined, undefined]);
    const none = await store.findCode(store.nextId());
    assert.deepEqual([none.code, none.session, none.user], [undefined, undefined, undefined]);
  });

  promise("a transaction gets one code, however many ask at once", open, async (store) => {
    for (const consent of [[], ["openid"]]) {
      const transaction = `transaction ${consent.length}`;
      const made = Array.from({ length: racers }, () => newCode(store, {}, { transaction, consent }));
      const outcomes = await Promise.all(made.map((one) => store.issueCode(one)));
      assert.equal(outcomes.filter((outcome) => outcome === "issued").length, 1);
      for (const [index, { code }] of made.entries())
        assert.equal((await store.findCode(code.id)).code !== undefined, outcomes[index] === "issued");
    }
  });

  promise(
    `AC-01 C1 of ${racers} concurrent redemptions of one code exactly one wins`,
    open,
    async (store) => {
      for (let round = 0; round < rounds(4, 10_000); round += 1) {
        const made = newCode(store);
        await store.issueCode(made);
        await raceFor(store, made);
      }
    },
  );

  promise("a code is redeemed without a refresh token where there is none to give", open, async (store) => {
    const made = newCode(store);
    await store.issueCode(made);
    const one = redemption(store, made, { refresh: undefined });
    assert.equal(await store.redeemCode(one), "redeemed");
    assert.deepEqual((await store.findGrant(one.grant.grantId)).grant, one.grant);
    assert.ok((await store.findAccessToken(one.access.token.id)).token);
    assert.equal((await store.findCode(made.code.id)).code?.grantId, one.grant.grantId);
  });

  promise("a code that is not there opens nothing", open, async (store) => {
    const one = redemption(store, newCode(store));
    assert.equal(await store.redeemCode(one), "spent-already");
    await holdsNothingOf(store, one);
  });

  promise("a redemption that would outlive the longest lives is refused whole", open, async (store) => {
    const made = newCode(store);
    await store.issueCode(made);
    const of = grant(store, { expiresAt: nowS + lifetimes.grant + 1 });
    const late = redemption(store, made, { grant: of, access: tokenOf(store, of) });
    await assert.rejects(store.redeemCode(late), RangeError);
    const longer = redemption(store, made);
    const access = tokenOf(store, longer.grant, { expiresAt: nowS + 80_000 });
    await assert.rejects(store.redeemCode({ ...longer, access }), RangeError);
    assert.equal((await store.findCode(made.code.id)).code?.grantId, undefined);
  });

  promise("a pushed request is found as it was stored", open, async (store) => {
    const request = {
      id: store.nextId(),
      clientId: "client",
      parameters: { scope: "openid orders:read", state: 'a "quoted" ü', nonce: "" },
      rev: 7,
      issuedAt: nowS,
      expiresAt: nowS + 60,
    };
    await store.pushRequest(request, digest(request.id));
    const found = await store.findPushedRequest(request.id);
    assert.deepEqual(found.request, request);
    assert.deepEqual(plain(found.digest), plain(digest(request.id)));
    const empty = { ...request, id: store.nextId(), parameters: {} };
    await store.pushRequest(empty, digest(empty.id));
    assert.deepEqual((await store.findPushedRequest(empty.id)).request, empty);
    const none = await store.findPushedRequest(store.nextId());
    assert.deepEqual([none.request, none.digest], [undefined, undefined]);
  });
}

async function raceFor(store: Store, made: NewCode): Promise<void> {
  const all = Array.from({ length: racers }, () => redemption(store, made));
  const outcomes = await Promise.all(all.map((one) => store.redeemCode(one)));
  const winners = all.filter((_, index) => outcomes[index] === "redeemed");
  assert.equal(winners.length, 1);
  for (const one of all) {
    if (winners.includes(one)) {
      assert.deepEqual((await store.findGrant(one.grant.grantId)).grant, one.grant);
      assert.ok((await store.findAccessToken(one.access.token.id)).token);
      assert.ok((await store.findRefreshToken(one.refresh?.token.id ?? "")).token);
      assert.equal((await store.findCode(made.code.id)).code?.grantId, one.grant.grantId);
    } else await holdsNothingOf(store, one);
  }
}

async function holdsNothingOf(store: Store, one: ReturnType<typeof redemption>): Promise<void> {
  assert.equal((await store.findGrant(one.grant.grantId)).grant, undefined);
  assert.equal((await store.findAccessToken(one.access.token.id)).token, undefined);
  assert.equal((await store.findRefreshToken(one.refresh?.token.id ?? "0")).token, undefined);
}

/** Without its digest. */
function stored(
  found: (AuthorizationCode & { readonly digest: Uint8Array }) | undefined,
): object | undefined {
  if (found === undefined) return undefined;
  const { digest: _, ...code } = found;
  return code;
}
