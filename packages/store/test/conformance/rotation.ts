// Rotation of refresh tokens: one winner, whatever the interleaving; what is spent stays to be recognised.

import assert from "node:assert/strict";
import type { RowId } from "@rescind/core";
import type { Rotation, Store } from "@rescind/store";
import { nowS, opened, refreshToken, tokenOf } from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

type Opened = Awaited<ReturnType<typeof opened>>;

export function rotation(open: Opener): void {
  promise("RF-01 B1 of 64 concurrent rotations of one token exactly one wins", open, async (store) => {
    const first = await opened(store);
    const rotations = Array.from({ length: 64 }, () => rotationOf(store, first, first.refresh.token.id));
    const outcomes = await Promise.all(rotations.map((one) => store.rotate(one)));
    assert.equal(outcomes.filter((outcome) => outcome === "rotated").length, 1);
    const winner = rotations[outcomes.indexOf("rotated")];
    assert.ok(winner);
    const spent = await store.findRefreshToken(first.refresh.token.id);
    assert.deepEqual(Buffer.from(spent.token?.successorSealed ?? []), Buffer.from(winner.sealed));
    for (const one of rotations) {
      const isThere: boolean = one === winner;
      assert.equal(
        (await store.findRefreshToken(one.successor.token.id)).token !== undefined,
        isThere,
        "a loser stores no refresh token",
      );
      assert.equal(
        (await store.findAccessToken(one.access.token.id)).token !== undefined,
        isThere,
        "a loser stores no access token",
      );
    }
  });

  promise(
    "a spent token says when, by the database's clock, and whether its successor is",
    open,
    async (store) => {
      const first = await opened(store);
      const before = (await store.head()).nowMs;
      const one = rotationOf(store, first, first.refresh.token.id);
      assert.equal(await store.rotate(one), "rotated");
      const after = (await store.head()).nowMs;
      const spent = (await store.findRefreshToken(first.refresh.token.id)).token;
      assert.ok(spent?.spentAtMs !== undefined && spent.spentAtMs >= before && spent.spentAtMs <= after);
      assert.equal(spent.successorSpent, false);
      assert.equal(await store.rotate(rotationOf(store, first, one.successor.token.id)), "rotated");
      assert.equal((await store.findRefreshToken(first.refresh.token.id)).token?.successorSpent, true);
    },
  );

  promise("rotating a spent or unknown token changes nothing", open, async (store) => {
    const first = await opened(store);
    const one = rotationOf(store, first, first.refresh.token.id);
    await store.rotate(one);
    const again = rotationOf(store, first, first.refresh.token.id);
    assert.equal(await store.rotate(again), "spent-already");
    const unknown = rotationOf(store, first, store.nextId());
    assert.equal(await store.rotate(unknown), "spent-already");
    for (const { access } of [again, unknown])
      assert.equal((await store.findAccessToken(access.token.id)).token, undefined);
    const spent = (await store.findRefreshToken(first.refresh.token.id)).token;
    assert.deepEqual(Buffer.from(spent?.successorSealed ?? []), Buffer.from(one.sealed));
  });

  promise("without rotation the token stays, and its idle end only moves on", open, async (store) => {
    const first = await opened(store);
    const { id } = first.refresh.token;
    const access = tokenOf(store, first.grant);
    await store.issueKeeping(id, nowS + 7200, access);
    assert.equal((await store.findRefreshToken(id)).token?.expiresAt, nowS + 7200);
    assert.ok((await store.findAccessToken(access.token.id)).token);
    await store.issueKeeping(id, nowS + 60, tokenOf(store, first.grant));
    const kept = (await store.findRefreshToken(id)).token;
    assert.deepEqual([kept?.expiresAt, kept?.spentAtMs], [nowS + 7200, undefined]);
  });
}

function rotationOf(store: Store, first: Opened, spent: RowId): Rotation {
  const successor = refreshToken(store, first.grant);
  return {
    spent,
    successor,
    sealed: Buffer.from(`sealed ${successor.token.id}`),
    access: tokenOf(store, first.grant),
  };
}
