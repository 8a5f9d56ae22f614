// Removing what nothing needs of sessions, codes, links and pushed requests: never early.

import assert from "node:assert/strict";
import { sessionLives } from "@rescind/core";
import type { Pruned, Store } from "@rescind/store";
import { newDevice } from "./device-codes.ts";
import { digest, grant, tokenOf } from "./facts.ts";
import { newCode, newSession, redemption } from "./people-facts.ts";
import { type Opener, promise } from "./suite.ts";

const day = 86_400;
/** Row ids are drawn from the clock, and a long run is far from where it began. */
const now = () => Math.floor(Date.now() / 1000);

export function pruningPeople(open: Opener): void {
  promise("a session stays as long as any could live, and a day", open, async (store) => {
    const from = now();
    const times = { openedAtMs: from * 1000, authenticatedAtMs: from * 1000, lastSeenMs: from * 1000 };
    const made = newSession(store, times);
    await store.openSession(made);
    const isThere = async () => (await store.findSession(made.rowId)).session !== undefined;
    const gone = from + sessionLives.longest + day;
    assert.equal((await pruneUntil(store, from, gone - 60)).sessions, 0);
    assert.equal(await isThere(), true);
    assert.equal((await pruneUntil(store, gone - 60, gone + 600)).sessions, 1);
    assert.equal(await isThere(), false);
  });

  promise(
    "a code that nobody used stays a day, so that its transaction gets no other",
    open,
    async (store) => {
      const from = now();
      const made = newCode(store, { issuedAt: from, expiresAt: from + 60 });
      await store.issueCode(made);
      const again = () => store.issueCode(newCode(store, {}, { transaction: made.transaction }));
      assert.equal((await pruneUntil(store, from, from + day)).codes, 0);
      assert.equal(await again(), "used-already");
      assert.equal((await pruneUntil(store, from + day, from + day + 600)).codes, 1);
      assert.equal(await again(), "issued");
    },
  );

  promise("a device code goes a day after its end, an allowed one with its code", open, async (store) => {
    const from = now();
    const life = { issuedAt: from, expiresAt: from + 600 };
    const [never, allowed] = [newDevice(store, life), newDevice(store, life)];
    for (const made of [never, allowed]) await store.issueDeviceCode(made);
    const made = newCode(store, life, { device: allowed.device.id });
    await store.issueCode(made);
    const of = grant(store, { openedAt: from, expiresAt: from + 5 * day });
    const access = tokenOf(store, of, { issuedAt: from, expiresAt: from + 900 });
    await store.redeemCode(redemption(store, made, { grant: of, access, refresh: undefined }));
    assert.equal((await pruneUntil(store, from, from + day)).deviceCodes, 0);
    assert.equal((await pruneUntil(store, from + day, from + day + 700)).deviceCodes, 1);
    assert.equal((await store.findDeviceCode(never.device.id)).device, undefined);
    assert.equal((await store.findDeviceCode(allowed.device.id)).device?.codeId, made.code.id);
    await pruneUntil(store, from + day + 700, from + 6 * day + 1200);
    assert.equal((await store.findDeviceCode(allowed.device.id)).device, undefined);
  });

  promise(
    "C2 what is left of a spent code stays as long as its grant can have live tokens",
    open,
    async (store) => {
      const from = now();
      const made = newCode(store, { issuedAt: from, expiresAt: from + 60 });
      await store.issueCode(made);
      const of = grant(store, { openedAt: from, expiresAt: from + 5 * day });
      const one = redemption(store, made, { grant: of, access: tokenOf(store, of), refresh: undefined });
      const refresh = redemption(store, made).refresh ?? assert.fail();
      const token = { ...refresh.token, grantId: of.grantId, expiresAt: from + 5 * day };
      await store.redeemCode({ ...one, refresh: { ...refresh, token } });
      const isThere = async () => (await store.findCode(made.code.id)).code?.grantId === of.grantId;
      await pruneUntil(store, from, from + 6 * day - 60);
      assert.equal(await isThere(), true);
      await pruneUntil(store, from + 6 * day - 60, from + 6 * day + 600);
      assert.equal((await store.findGrant(of.grantId)).grant, undefined);
      assert.equal((await store.findCode(made.code.id)).code, undefined);
    },
  );

  promise("links and pushed requests go soon after their end", open, async (store) => {
    const from = now();
    const link = { id: store.nextId(), subject: "usr_1", rev: 0, issuedAt: from, expiresAt: from + 3600 };
    await store.putSetupLink(link, digest(link.id));
    const facts = { clientId: "client", parameters: {}, rev: 0, issuedAt: from, expiresAt: from + 60 };
    const request = { id: store.nextId(), ...facts };
    await store.pushRequest(request, digest(request.id));
    const early = await pruneUntil(store, from, from + 300);
    assert.deepEqual([early.setupLinks, early.pushedRequests], [0, 0]);
    assert.ok((await store.findPushedRequest(request.id)).request);
    const later = await pruneUntil(store, from + 300, from + 1000);
    assert.deepEqual([later.setupLinks, later.pushedRequests], [0, 1]);
    assert.ok((await store.findSetupLink(link.id)).link);
    assert.equal((await pruneUntil(store, from + 1000, from + 3600 + 700)).setupLinks, 1);
  });
}

/** As upkeep does it, with hours between; all that went. */
export async function pruneUntil(store: Store, from: number, until: number): Promise<Pruned> {
  let sum = await store.prune(from, 100);
  for (let at = from; at < until; ) {
    at = Math.min(until, at + 12 * 3600);
    for (let pass = 0; pass < 2; pass += 1) sum = added(sum, await store.prune(at, 100));
  }
  return sum;
}

function added(a: Pruned, b: Pruned): Pruned {
  return {
    accessTokens: a.accessTokens + b.accessTokens,
    refreshTokens: a.refreshTokens + b.refreshTokens,
    grants: a.grants + b.grants,
    entries: a.entries + b.entries,
    assertions: a.assertions + b.assertions,
    codes: a.codes + b.codes,
    deviceCodes: a.deviceCodes + b.deviceCodes,
    sessions: a.sessions + b.sessions,
    setupLinks: a.setupLinks + b.setupLinks,
    pushedRequests: a.pushedRequests + b.pushedRequests,
    deliveries: a.deliveries + b.deliveries,
    upstreamTokens: a.upstreamTokens + b.upstreamTokens,
  };
}
