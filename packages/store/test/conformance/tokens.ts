// Tokens, grants, assertions and secrets: what was stored is found again, whole, once the promise has resolved.

import assert from "node:assert/strict";
import fc from "fast-check";
import { rounds, seed } from "../../../../test/seed.ts";
import { accessToken, digest, grant, nowS, opened, refreshToken, tokenOf } from "./facts.ts";
import { nowMs, user } from "./people-facts.ts";
import { type Opener, promise } from "./suite.ts";

export function tokens(open: Opener): void {
  promise("an access token is found by its row id as it was stored", open, async (store) => {
    const stored = accessToken(store, {
      keyId: "key_1",
      sessionId: "ses_1",
      grantIat: nowS - 5,
      authTime: nowS - 9,
      amr: ["pwd", "otp", "mfa"],
      offline: true,
      lineage: ["A".repeat(22), "B".repeat(22)],
      claims: { email: "a@example", groups: ["x y", "z"] },
    });
    await store.issue(stored);
    const { token } = await store.findAccessToken(stored.token.id);
    assert.deepEqual({ ...token, digest: undefined }, { ...stored.token, digest: undefined });
    assert.deepEqual(Buffer.from(token?.digest ?? []), Buffer.from(stored.digest ?? []));
  });

  promise("a JWT has no digest", open, async (store) => {
    const stored = accessToken(store, { kid: "kid-1" });
    await store.issue(stored);
    const { token } = await store.findAccessToken(stored.token.id);
    assert.equal(token?.kid, "kid-1");
    assert.equal(token?.digest, undefined);
  });

  promise("tokens are counted, every one of them once, window after window", open, async (store) => {
    const empty = await store.describe();
    assert.deepEqual([empty.accessTokens, empty.refreshTokens], [0, 0]);
    await opened(store);
    // More than a window holds.
    await Promise.all(Array.from({ length: 5_100 }, () => store.issue(accessToken(store))));
    const { accessTokens, refreshTokens } = await store.describe();
    assert.deepEqual([accessTokens, refreshTokens], [5_101, 1]);
  });

  promise("what is not stored is not found, and the head comes along all the same", open, async (store) => {
    const { head, token } = await store.findAccessToken(store.nextId());
    assert.equal(token, undefined);
    assert.deepEqual(head.position, (await store.head()).position);
    assert.equal((await store.findRefreshToken(store.nextId())).token, undefined);
    assert.equal((await store.findGrant("gnt_1")).grant, undefined);
    assert.equal((await store.findGrant("no grant id")).grant, undefined);
  });

  promise("any list of audiences and any claims come back as they were", open, async (store) => {
    const anything = fc.asyncProperty(
      fc.array(fc.string({ unit: "grapheme", minLength: 1 })),
      fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()),
      async (audience, claims) => {
        const written = JSON.parse(JSON.stringify(claims));
        const stored = accessToken(store, { audience, claims: written });
        await store.issue(stored);
        const { token } = await store.findAccessToken(stored.token.id);
        assert.deepEqual(token?.audience, audience);
        assert.equal(JSON.stringify(token?.claims), JSON.stringify(written));
      },
    );
    await fc.assert(anything, { seed, numRuns: rounds(25, 300) });
  });

  promise("a grant is opened with its first tokens", open, async (store) => {
    const { grant: stored, access, refresh } = await opened(store, { claims: { a: 1 }, sessionId: "ses_1" });
    assert.deepEqual((await store.findGrant(stored.grantId)).grant, stored);
    assert.equal((await store.findAccessToken(access.token.id)).token?.grantId, stored.grantId);
    const found = await store.findRefreshToken(refresh.token.id);
    assert.deepEqual(found.grant, stored);
    assert.deepEqual(
      { ...found.token, digest: Buffer.from(found.token?.digest ?? []) },
      {
        ...refresh.token,
        digest: Buffer.from(digest(refresh.token.id)),
        spentAtMs: undefined,
        successorSealed: undefined,
        successorSpent: false,
      },
    );
  });

  promise(
    "RV-16 a refresh token is found with the person behind its grant as known now",
    open,
    async (store) => {
      const { refresh } = await opened(store, { subject: "usr_1" });
      const person = async () => (await store.findRefreshToken(refresh.token.id)).user;
      assert.equal(await person(), undefined);
      await store.createUser(user("usr_2"), undefined, nowMs);
      await store.createUser(user("usr_1"), undefined, nowMs);
      assert.deepEqual(await person(), user("usr_1"));
      await store.changeUser(user("usr_1", { status: "disabled" }), [], nowMs);
      assert.equal((await person())?.status, "disabled");
    },
  );

  promise("a grant is opened whole or not at all", open, async (store) => {
    const first = accessToken(store);
    await store.issue(first);
    const of = grant(store);
    const taken = tokenOf(store, of, { id: first.token.id });
    const opening = store.openGrant(of, { access: taken, refresh: refreshToken(store, of) });
    await assert.rejects(opening, { name: "StoreUnavailable" });
    assert.equal((await store.findGrant(of.grantId)).grant, undefined);
  });

  promise("one intention that fails takes none of those beside it along", open, async (store) => {
    const first = accessToken(store);
    await store.issue(first);
    const others = Array.from({ length: 20 }, () => accessToken(store));
    const together = [...others.slice(0, 10), first, ...others.slice(10)].map((token) => store.issue(token));
    const outcomes = await Promise.allSettled(together);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      [...Array(10).fill("fulfilled"), "rejected", ...Array(10).fill("fulfilled")],
    );
    for (const { token } of others) assert.ok((await store.findAccessToken(token.id)).token);
  });

  promise("nothing is stored that would outlive the longest life on record", open, async (store) => {
    const { longest } = await store.head();
    const tooLong = accessToken(store, { expiresAt: nowS + longest.accessToken + 1 });
    await assert.rejects(store.issue(tooLong), RangeError);
    const of = grant(store, { expiresAt: nowS + longest.grant + 1 });
    await assert.rejects(store.openGrant(of, { access: tokenOf(store, of), refresh: undefined }), RangeError);
    assert.equal((await store.findGrant(of.grantId)).grant, undefined);
  });

  promise("AU-06 a client assertion is good once, of any number at the same moment", open, async (store) => {
    const spend = (jti: string, clientId = "client") => store.spendAssertion(clientId, jti, nowS + 60);
    const outcomes = await Promise.all(Array.from({ length: 16 }, () => spend("one")));
    assert.equal(outcomes.filter(Boolean).length, 1);
    assert.equal(await spend("one"), false);
    assert.equal(await spend("two"), true);
    assert.equal(await spend("one", "other"), true);
    assert.equal(await spend("x".repeat(60_000)), true);
  });

  promise("the first to keep a secret decides for all", open, async (store) => {
    const offered = Array.from({ length: 8 }, (_, index) => new Uint8Array([index]));
    const kept = await Promise.all(offered.map((sealed) => store.keepSecret("fingerprint", sealed)));
    assert.equal(new Set(kept.map((sealed) => sealed[0])).size, 1);
    assert.deepEqual([...(await store.keepSecret("other", new Uint8Array([9])))], [9]);
  });

  promise("a remembered answer is the first one, whatever comes later", open, async (store) => {
    assert.equal(await store.recallAnswer("key"), undefined);
    await store.rememberAnswer("key", "request", new Uint8Array([1]), Date.now());
    await store.rememberAnswer("key", "other", new Uint8Array([2]), Date.now());
    const answer = await store.recallAnswer("key");
    assert.deepEqual([answer?.request, ...(answer?.sealed ?? [])], ["request", 1]);
  });

  promise("row ids rise and are never given twice", open, async (store) => {
    const ids = Array.from({ length: 50_000 }, () => BigInt(store.nextId()));
    assert.ok(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? id)));
    assert.ok((ids.at(-1) ?? 0n) < 2n ** 63n);
  });
}
