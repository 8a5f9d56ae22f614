// Lists for people: newest first, filtered, paged by cursor, with status and last use.

import assert from "node:assert/strict";
import type { TokenFilter, TokenStatus } from "@rescind/store";
import { CursorRefused } from "@rescind/store";
import {
  accessToken,
  administrator,
  firstPage,
  nowS,
  opened,
  order,
  refreshToken,
  tokenOf,
  unit,
} from "./facts.ts";
import { allOf, type Opener, promise } from "./suite.ts";

const at = nowS + 10;
/** Lists are asked for between two seconds, as the clock mostly is. */
const now = at + 0.25;

export function lists(open: Opener): void {
  promise("tokens are listed newest first, access and refresh tokens in one order", open, async (store) => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const { access, refresh } = await opened(store, { subject: `usr_${index}` });
      ids.push(access.token.id, refresh.token.id);
    }
    const own = accessToken(store, { kid: "kid-1", keyId: "key_1" });
    await store.issue(own);
    ids.push(own.token.id);
    const { items, next } = await store.listTokens({}, firstPage, now);
    assert.deepEqual(
      items.map(({ id }) => id),
      ids.toReversed(),
    );
    assert.equal(next, undefined);
    assert.deepEqual(items[0], {
      id: own.token.id,
      kind: "access",
      format: "jwt",
      clientId: "client",
      subject: "client",
      grantId: undefined,
      sessionId: undefined,
      keyId: "key_1",
      scopes: ["orders:read", "orders:write"],
      audience: ["https://api.example"],
      issuedAt: nowS,
      expiresAt: nowS + 900,
      status: "live",
      lastUsedAtMs: undefined,
    });
    const oneByOne = await allOf((page) => store.listTokens({}, page, now), 1);
    assert.deepEqual(oneByOne, items);
    assert.deepEqual(await allOf((page) => store.listTokens({}, page, now), 4), items);
  });

  promise("pages of more tokens than one window holds are whole", open, async (store) => {
    const many = Array.from({ length: 450 }, (_, index) =>
      accessToken(store, { clientId: `client_${index % 2}`, expiresAt: nowS + (index % 3 === 0 ? 1 : 900) }),
    );
    await Promise.all(many.map((token) => store.issue(token)));
    const filter: TokenFilter = { clientId: "client_1", status: "live" };
    const expected = many
      .filter(({ token }) => token.clientId === "client_1" && token.expiresAt > at)
      .map(({ token }) => token.id)
      .toReversed();
    for (const limit of [7, 100, 1000])
      assert.deepEqual(
        (await allOf((page) => store.listTokens(filter, page, now), limit)).map(({ id }) => id),
        expected,
      );
  });

  promise("each filter selects by itself and together with others", open, async (store) => {
    const first = await opened(store, { subject: "usr_1", clientId: "one", sessionId: "ses_1" });
    const second = await opened(store, { subject: "usr_1", clientId: "two" });
    const own = accessToken(store, { subject: "two", clientId: "two", keyId: "key_1" });
    await store.issue(own);
    const late = tokenOf(store, first.grant, { expiresAt: at });
    await store.issue(late);
    await store.revoke(order(store, unit("grant", second.grant.grantId)));
    const listed = async (filter: TokenFilter) =>
      (await store.listTokens(filter, firstPage, now)).items.map(({ id }) => id).sort();
    const ids = (...tokens: { token: { id: string } }[]) => tokens.map(({ token }) => token.id).sort();
    const { access: a1, refresh: r1 } = first;
    const { access: a2, refresh: r2 } = second;
    assert.deepEqual(await listed({ subject: "usr_1" }), ids(a1, r1, a2, r2, late));
    assert.deepEqual(await listed({ subject: "two" }), ids(own));
    assert.deepEqual(await listed({ clientId: "two" }), ids(a2, r2, own));
    assert.deepEqual(await listed({ subject: "usr_1", clientId: "one", kind: "refresh" }), ids(r1));
    assert.deepEqual(await listed({ grantId: second.grant.grantId }), ids(a2, r2));
    assert.deepEqual(await listed({ grantId: "no grant" }), []);
    assert.deepEqual(await listed({ sessionId: "ses_1" }), ids(a1, r1, late));
    assert.deepEqual(await listed({ keyId: "key_1" }), ids(own));
    assert.deepEqual(await listed({ status: "revoked" }), ids(a2, r2));
    assert.deepEqual(await listed({ status: "expired" }), ids(late));
    assert.deepEqual(await listed({ status: "live", kind: "access" }), ids(a1, own));
  });

  promise("a spent refresh token is no token any more", open, async (store) => {
    const { grant, refresh } = await opened(store);
    const successor = refreshToken(store, grant);
    const access = tokenOf(store, grant);
    await store.rotate({ spent: refresh.token.id, successor, sealed: new Uint8Array([1]), access });
    const { items } = await store.listTokens({ kind: "refresh" }, firstPage, now);
    assert.deepEqual(
      items.map(({ id }) => id),
      [successor.token.id],
    );
  });

  promise("a grant is live while a token of it is, then revoked or expired", open, async (store) => {
    const live = await opened(store, { subject: "usr_1" });
    const revoked = await opened(store, { subject: "usr_2" });
    const expired = await opened(store, { subject: "usr_3", expiresAt: at });
    const half = await opened(store, { subject: "usr_4" });
    await store.revoke(order(store, unit("subject", "usr_2")));
    await store.revoke(order(store, unit("token", `tid_${half.refresh.token.id}`)));
    const statuses = async (filter: TokenFilter) =>
      (await store.listGrants(filter, firstPage, now)).items.map(({ grantId, status }) => [grantId, status]);
    const of = (opening: typeof live, status: TokenStatus) => [opening.grant.grantId, status];
    assert.deepEqual(await statuses({}), [
      of(half, "live"),
      of(expired, "expired"),
      of(revoked, "revoked"),
      of(live, "live"),
    ]);
    assert.deepEqual(await statuses({ status: "revoked" }), [of(revoked, "revoked")]);
    assert.deepEqual(await statuses({ subject: "usr_1" }), [of(live, "live")]);
    assert.deepEqual(await statuses({ grantId: expired.grant.grantId }), [of(expired, "expired")]);
    assert.deepEqual(await statuses({ clientId: "nobody" }), []);
    const all = await allOf((page) => store.listGrants({}, page, now), 1);
    assert.equal(all.length, 4);
    const { status, lastUsedAtMs, ...stored } = all[3] ?? assert.fail();
    assert.deepEqual([stored, status, lastUsedAtMs], [live.grant, "live", undefined]);
  });

  promise("grants are found by the key they were made with", open, async (store) => {
    const { grant, refresh } = await opened(store);
    const keyed = refreshToken(store, grant, { keyId: "key_1" });
    const access = tokenOf(store, grant);
    await store.rotate({ spent: refresh.token.id, successor: keyed, sealed: new Uint8Array([1]), access });
    await opened(store);
    for (const filter of [{ keyId: "key_1" }, { keyId: "key_1", clientId: "client" }])
      assert.deepEqual(
        (await store.listGrants(filter, firstPage, now)).items.map(({ grantId }) => grantId),
        [grant.grantId],
      );
    const without = await opened(store);
    await store.issue(tokenOf(store, without.grant, { keyId: "key_2" }));
    const byAccess = await store.listGrants({ keyId: "key_2" }, firstPage, now);
    assert.deepEqual(
      byAccess.items.map(({ grantId }) => grantId),
      [without.grant.grantId],
    );
  });

  promise("last uses rise and never fall, of the grant, else of the client", open, async (store) => {
    const { grant } = await opened(store);
    await store.issue(accessToken(store));
    const note = (atMs: number) => store.noteUses([{ grantId: grant.grantId, clientId: "client", atMs }]);
    await note(5000);
    await note(3000);
    await store.noteUses([
      { clientId: "client", atMs: 9000 },
      { clientId: "client", atMs: 7000 },
    ]);
    await store.noteUses([]);
    const { items } = await store.listTokens({ kind: "access" }, firstPage, now);
    assert.deepEqual(
      items.map(({ grantId, lastUsedAtMs }) => [grantId, lastUsedAtMs]),
      [
        [undefined, 9000],
        [grant.grantId, 5000],
      ],
    );
    assert.equal((await store.listGrants({}, firstPage, now)).items[0]?.lastUsedAtMs, 5000);
  });

  promise(
    "a rotation is a use of its grant, the latest of several, beside what is noted",
    open,
    async (store) => {
      const { grant, refresh } = await opened(store);
      await store.noteUses([{ grantId: grant.grantId, clientId: "client", atMs: 5000 }]);
      const began = (await store.head()).nowMs;
      let spent = refresh.token.id;
      const lastUses = async () => {
        const grants = await store.listGrants({}, firstPage, now);
        const tokens = await store.listTokens({ grantId: grant.grantId }, firstPage, now);
        return new Set([...grants.items, ...tokens.items].map(({ lastUsedAtMs }) => lastUsedAtMs));
      };
      assert.deepEqual(await lastUses(), new Set([5000]));
      for (let rotations = 1; rotations <= 6; rotations++) {
        const successor = refreshToken(store, grant);
        const access = tokenOf(store, grant);
        const before = (await store.head()).nowMs;
        await store.rotate({ spent, successor, sealed: new Uint8Array([1]), access });
        spent = successor.token.id;
        const [used, ...others] = await lastUses();
        assert.deepEqual(others, []);
        assert.ok(
          used !== undefined && used >= before && used >= began,
          `${used} after rotation ${rotations}`,
        );
      }
      const later = (await store.head()).nowMs + 60_000;
      await store.noteUses([{ grantId: grant.grantId, clientId: "client", atMs: later }]);
      assert.deepEqual(await lastUses(), new Set([later]));
    },
  );

  promise("a lifted order's tokens are listed as live again", open, async (store) => {
    await opened(store, { subject: "usr_1" });
    const made = order(store, unit("subject", "usr_1"));
    await store.revoke(made);
    const statuses = async () =>
      (await store.listTokens({}, firstPage, now)).items.map(({ status }) => status);
    assert.deepEqual(await statuses(), ["revoked", "revoked"]);
    await store.lift({ id: store.nextId(), orderId: made.id, atMs: Date.now(), actor: administrator });
    assert.deepEqual(await statuses(), ["live", "live"]);
  });

  promise("a cursor that no list gave is refused by every list", open, async (store) => {
    for (const cursor of ["", "x", "-1", "01", "1; DROP TABLE audit", "9".repeat(19)]) {
      const page = { limit: 10, cursor };
      for (const list of [
        store.listTokens({}, page, now),
        store.listGrants({}, page, now),
        store.listClients(page),
        store.listOrders({}, page),
        store.listAudit({}, page),
      ])
        await assert.rejects(list, CursorRefused);
    }
  });
}
