// One-time links: the newest of a person, good once, whatever the interleaving.

import assert from "node:assert/strict";
import type { RowId } from "@rescind/core";
import type { SetupLink, Store } from "@rescind/store";
import { digest, nowS, order, unit } from "./facts.ts";
import { nowMs, plain, user } from "./people-facts.ts";
import { type Opener, promise } from "./suite.ts";

export function setupLinks(open: Opener): void {
  promise("a link is found with its person, as it was stored", open, async (store) => {
    await store.createUser(user("usr_1"), undefined, nowMs);
    const link = await put(store, { rev: 7 });
    const found = await store.findSetupLink(link.id);
    assert.deepEqual([found.link, found.user], [link, user("usr_1")]);
    assert.deepEqual(plain(found.digest), plain(digest(link.id)));
    assert.equal(found.head.position.seq, 0);
    const none = await store.findSetupLink(store.nextId());
    assert.deepEqual([none.link, none.digest, none.user], [undefined, undefined, undefined]);
  });

  promise(
    "of links made for one person, one after the other or at once, one is left",
    open,
    async (store) => {
      for (const subject of ["usr_1", "usr_2"]) await store.createUser(user(subject), undefined, nowMs);
      const other = await put(store, { subject: "usr_2" });
      const first = await put(store, {});
      const second = await put(store, {});
      assert.deepEqual(await present(store, [first.id, second.id, other.id]), [second.id, other.id]);
      const links = await Promise.all(Array.from({ length: 16 }, () => put(store, {})));
      const left = await present(store, [second.id, ...links.map(({ id }) => id)]);
      assert.equal(left.length, 1);
      assert.notEqual(left[0], second.id);
    },
  );

  promise(
    "of 64 that spend a link at once one sets the password, with its orders alone",
    open,
    async (store) => {
      await store.createUser(user("usr_1"), "old", nowMs);
      const link = await put(store, {});
      const spent = await Promise.all(
        Array.from({ length: 64 }, (_, index) =>
          store.spendSetupLink(link.id, `new ${index}`, [order(store, unit("subject", "usr_1"))]),
        ),
      );
      assert.equal(spent.filter(Boolean).length, 1);
      const found = await store.findUser("usr_1");
      assert.equal(found.passwordHash, `new ${spent.indexOf(true)}`);
      assert.equal(found.head.position.seq, 1);
      assert.deepEqual(await store.verifyAudit(), { records: 1, brokenAt: undefined });
      assert.equal(await store.spendSetupLink(link.id, "again", []), false);
      assert.deepEqual(await present(store, [link.id]), []);
    },
  );

  promise(
    "a password set otherwise ends the link; the same one in another form does not",
    open,
    async (store) => {
      await store.createUser(user("usr_1"), "old", nowMs);
      const link = await put(store, {});
      assert.equal(await store.setPassword("usr_1", "rehashed", { instead: "old", orders: [] }), true);
      assert.deepEqual(await present(store, [link.id]), [link.id]);
      assert.equal(await store.setPassword("usr_1", "new", { orders: [] }), true);
      assert.equal(await store.spendSetupLink(link.id, "by the link", []), false);
      assert.equal((await store.findUser("usr_1")).passwordHash, "new");
    },
  );

  promise("a link that was replaced, made up, or whose person is gone sets nothing", open, async (store) => {
    for (const subject of ["usr_1", "usr_2"]) await store.createUser(user(subject), "old", nowMs);
    const replaced = await put(store, {});
    await put(store, {});
    const orphan = await put(store, { subject: "usr_2" });
    await store.deleteUser("usr_2", []);
    for (const id of [replaced.id, orphan.id, store.nextId()])
      assert.equal(await store.spendSetupLink(id, "new", [order(store, unit("subject", "usr_1"))]), false);
    const found = await store.findUser("usr_1");
    assert.deepEqual([found.passwordHash, found.head.position.seq], ["old", 0]);
  });
}

async function put(store: Store, facts: Partial<SetupLink>): Promise<SetupLink> {
  const link = {
    id: store.nextId(),
    subject: "usr_1",
    rev: 0,
    issuedAt: nowS,
    expiresAt: nowS + 3600,
    ...facts,
  };
  await store.putSetupLink(link, digest(link.id));
  return link;
}

async function present(store: Store, ids: readonly RowId[]): Promise<RowId[]> {
  const found = await Promise.all(ids.map((id) => store.findSetupLink(id)));
  return found.flatMap(({ link }) => (link === undefined ? [] : [link.id]));
}
