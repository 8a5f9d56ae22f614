// Counting what an order reaches: by every unit, before and after it, with limits.

import assert from "node:assert/strict";
import { mock } from "node:test";
import type { Unit } from "@rescind/core";
import type { CountRequest, Store } from "@rescind/store";
import { accessToken, fingerprint, nowS, opened, order, tokenOf, unit } from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

const at = nowS + 10;

export function affected(open: Opener): void {
  promise("each unit counts its own live tokens and grants", open, async (store) => {
    const { first } = await world(store);
    const counts = async (of: Unit) => {
      const counted = await count(store, { unit: of });
      assert.equal(counted.exact, true);
      return [counted.grants, counted.accessTokens, counted.refreshTokens];
    };
    assert.deepEqual(await counts(unit("token", `tid_${first.access.token.id}`)), [1, 1, 0]);
    assert.deepEqual(await counts(unit("token", `tid_${first.refresh.token.id}`)), [1, 0, 1]);
    assert.deepEqual(await counts(unit("token", "nonsense")), [0, 0, 0]);
    assert.deepEqual(await counts(unit("grant", first.grant.grantId)), [1, 2, 1]);
    assert.deepEqual(await counts(unit("subject", "usr_1")), [2, 3, 2]);
    assert.deepEqual(await counts(unit("subject", "two")), [0, 0, 0]);
    assert.deepEqual(await counts(unit("client", "one")), [1, 2, 1]);
    assert.deepEqual(await counts(unit("client", "two")), [2, 3, 2]);
    assert.deepEqual(await counts(unit("subject+client", "usr_1", "two")), [1, 1, 1]);
    assert.deepEqual(await counts(unit("subject+client", "two", "two")), [0, 1, 0]);
    assert.deepEqual(await counts(unit("session", "ses_1")), [2, 2, 2]);
    assert.deepEqual(await counts(unit("logout", "ses_1")), [1, 1, 1]);
    assert.deepEqual(await counts(unit("key", "key_1")), [0, 1, 0]);
    assert.deepEqual(await counts(unit("signing-key", "kid-1")), [1, 1, 0]);
    assert.deepEqual(await counts(unit("all", "")), [3, 5, 3]);
    assert.deepEqual(await counts(unit("issuer", "")), [0, 0, 0]);
  });

  promise("the clients it reaches are named, with their last use", open, async (store) => {
    await world(store);
    await store.noteUses([{ clientId: "two", atMs: 4000 }]);
    const { byClient } = await count(store, { unit: unit("subject", "usr_1") });
    assert.deepEqual(
      [...byClient].sort((a, b) => (a.clientId < b.clientId ? -1 : 1)),
      [
        { clientId: "one", accessTokens: 2, refreshTokens: 1, lastUsedAtMs: undefined },
        { clientId: "two", accessTokens: 1, refreshTokens: 1, lastUsedAtMs: 4000 },
      ],
    );
  });

  promise(
    "what is covered or has expired does not count, what an order itself ended does",
    open,
    async (store) => {
      const { first } = await world(store);
      await store.revoke(order(store, unit("token", `tid_${first.access.token.id}`)));
      const { seq } = await store.revoke(order(store, unit("subject", "usr_1")));
      await store.issue(tokenOf(store, first.grant, { rev: seq }));
      const of = unit("subject", "usr_1");
      assert.equal((await count(store, { unit: of })).accessTokens, 1, "only what came after is live");
      const after = await count(store, { unit: of, ignoring: seq });
      assert.deepEqual([after.grants, after.accessTokens, after.refreshTokens], [2, 2, 2]);
      assert.equal((await count(store, { unit: of, at: nowS + 100_000 })).accessTokens, 0);
    },
  );

  promise("before spares what was authorised later", open, async (store) => {
    await opened(store, { openedAt: nowS - 100 });
    await opened(store, { openedAt: nowS });
    await store.issue(accessToken(store, { issuedAt: nowS - 50, expiresAt: nowS + 800 }));
    const of = unit("client", "client");
    const counted = async (before: number) => {
      const { accessTokens, refreshTokens } = await count(store, { unit: of, before });
      return [accessTokens, refreshTokens];
    };
    assert.deepEqual(await counted(nowS - 101), [0, 0]);
    assert.deepEqual(await counted(nowS - 100), [1, 1]);
    assert.deepEqual(await counted(nowS - 50), [2, 1]);
    assert.deepEqual(await counted(nowS), [3, 2]);
  });

  promise("counting stops above a cap and at a time limit, and says so", open, async (store) => {
    await Promise.all(Array.from({ length: 1600 }, () => store.issue(accessToken(store))));
    const of = unit("client", "client");
    assert.equal((await count(store, { unit: of })).accessTokens, 1600);
    const capped = await count(store, { unit: of, atMost: 100 });
    assert.ok(!capped.exact && capped.accessTokens > 100 && capped.accessTokens < 1600);
    assert.equal((await count(store, { unit: of, atMost: 1600 })).exact, true);
    const late = await count(store, { unit: of, limitMs: 0 });
    assert.ok(!late.exact && late.accessTokens < 1600);
  });

  promise(
    "a machine that stands still once while it counts is not a time limit reached",
    open,
    async (store) => {
      await world(store);
      const now = performance.now.bind(performance);
      let looks = 0;
      const standing = mock.method(performance, "now", () => now() + (++looks > 2 ? 60_000 : 0));
      try {
        const counted = await count(store, { unit: unit("subject", "usr_1"), limitMs: 20_000 });
        assert.deepEqual([counted.exact, counted.accessTokens, counted.refreshTokens], [true, 3, 2]);
      } finally {
        standing.mock.restore();
      }
    },
  );
}

function count(store: Store, request: Partial<CountRequest> & { unit: Unit }) {
  return store.countAffected({
    fp: fingerprint(request.unit),
    before: undefined,
    at: at + 0.25,
    limitMs: 60_000,
    ...request,
  });
}

/** Three grants of two subjects at two clients, one of them in an offline grant, and a client's own token. */
async function world(store: Store): Promise<{ first: Awaited<ReturnType<typeof opened>> }> {
  const first = await opened(store, { subject: "usr_1", clientId: "one", sessionId: "ses_1" });
  await opened(store, { subject: "usr_1", clientId: "two", sessionId: "ses_1", offline: true });
  await opened(store, { subject: "usr_2", clientId: "two" });
  await store.issue(accessToken(store, { subject: "two", clientId: "two", keyId: "key_1" }));
  await store.issue(tokenOf(store, first.grant, { kid: "kid-1", sessionId: undefined }));
  await store.issue(tokenOf(store, first.grant, { expiresAt: at }));
  return { first };
}
