// Lifts and approvals: another entry that names the one it takes back, once, and only where it may.

import assert from "node:assert/strict";
import { formatId } from "@rescind/core";
import { administrator, firstPage, order, unit } from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

export function lifting(open: Opener): void {
  promise("a lift names the entry, expires with it, and says so in the history", open, async (store) => {
    const made = order(store, unit("subject", "usr_1"));
    const { seq } = await store.revoke(made);
    const lift = {
      id: store.nextId(),
      orderId: made.id,
      atMs: Date.now(),
      actor: administrator,
      note: "wrong one",
    };
    const receipt = await store.lift(lift);
    assert.deepEqual(receipt, { kind: "lifted", orderId: lift.id, seq: seq + 1, lifts: seq });
    const [entry, taken] = (await store.readFeed(0, 10)).entries;
    assert.ok(entry?.kind === "revoke" && taken?.kind === "lift");
    assert.deepEqual([taken.lifts, taken.expires], [seq, entry.expires]);
    assert.equal((await store.findOrder(made.id))?.liftedBy, seq + 1);
    assert.deepEqual(await store.verifyAudit(), { records: 2, brokenAt: undefined });
  });

  promise("the record of a lift or an approval says what came back", open, async (store) => {
    const made = order(store, unit("subject", "usr_1"));
    const suspended = order(store, unit("client", "client"), { suspend: true });
    for (const one of [made, suspended]) await store.revoke(one);
    const by = { atMs: Date.now(), actor: administrator, note: "wrong one" };
    await store.lift({ ...by, id: store.nextId(), orderId: made.id });
    await store.approve({ ...by, unit: suspended.unit, ids: () => store.nextId() });
    const records = (await store.listAudit({}, firstPage)).items.slice(0, 2).reverse();
    assert.deepEqual(
      records.map(({ content }) => [content.revocation_id, content.unit, content.select, content.note]),
      [made, suspended].map(({ id, ...one }) => [formatId("revocation", id), one.unit, one.select, by.note]),
    );
  });

  promise(
    "a lift and an approval that somebody waits for say so on the log, others do not",
    open,
    async (store) => {
      const by = { atMs: Date.now(), actor: administrator };
      for (const ack of [true, undefined]) {
        const made = order(store, unit("subject", "usr_1"));
        const suspended = order(store, unit("client", "client"), { suspend: true });
        for (const one of [made, suspended]) await store.revoke(one);
        const { position } = await store.head();
        await store.lift({ ...by, id: store.nextId(), orderId: made.id, ack });
        await store.approve({ ...by, unit: suspended.unit, ids: () => store.nextId(), ack });
        const { entries } = await store.readFeed(position.seq, 10);
        assert.deepEqual(
          entries.map(({ kind, ack: waits }) => [kind, waits]),
          [
            ["lift", ack],
            ["lift", ack],
          ],
        );
      }
    },
  );

  promise("an order is lifted once, by however many at the same moment", open, async (store) => {
    const made = order(store, unit("all", ""));
    await store.revoke(made);
    const lift = () =>
      store.lift({ id: store.nextId(), orderId: made.id, atMs: Date.now(), actor: administrator });
    const receipts = await Promise.all(Array.from({ length: 16 }, lift));
    assert.equal(receipts.filter(({ kind }) => kind === "lifted").length, 1);
    assert.deepEqual(await lift(), { kind: "refused", why: "lifted" });
    assert.equal((await store.head()).position.seq, 2);
  });

  promise("final orders, orders of others, lifts and unknown ones are not lifted", open, async (store) => {
    const lift = (orderId: string) =>
      store.lift({ id: store.nextId(), orderId, atMs: Date.now(), actor: administrator });
    const final = order(store, unit("subject", "usr_1"), { final: true });
    const clients = order(store, unit("token", "tid_1"), { actor: { kind: "client", id: "client" } });
    const plain = order(store, unit("token", "tid_2"));
    for (const made of [final, clients, plain]) await store.revoke(made);
    assert.deepEqual(await lift(final.id), { kind: "refused", why: "final" });
    assert.deepEqual(await lift(clients.id), { kind: "refused", why: "not-administrator" });
    const lifted = await lift(plain.id);
    assert.ok(lifted.kind === "lifted");
    assert.deepEqual(await lift(lifted.orderId), { kind: "unknown" });
    assert.deepEqual(await lift(store.nextId()), { kind: "unknown" });
  });

  promise("after a lift the same unit can be revoked again", open, async (store) => {
    const made = order(store, unit("token", "tid_1"));
    await store.revoke(made);
    await store.lift({ id: store.nextId(), orderId: made.id, atMs: Date.now(), actor: administrator });
    assert.equal((await store.revoke(order(store, unit("token", "tid_1")))).appended, true);
  });

  promise("approving lifts every suspension of the unit and nothing else", open, async (store) => {
    const of = unit("client", "client");
    const suspend = { suspend: true };
    await store.revoke(order(store, of));
    await store.revoke(order(store, of, suspend));
    await store.revoke(order(store, of, { ...suspend, actor: { kind: "server", id: "events" } }));
    await store.revoke(order(store, unit("client", "other"), suspend));
    const approve = () =>
      store.approve({ unit: of, ids: () => store.nextId(), atMs: Date.now(), actor: administrator });
    const { position } = await store.head();
    assert.deepEqual(await approve(), { kind: "approved", lifted: 2, seq: position.seq + 2 });
    const lifts = (await store.readFeed(position.seq, 10)).entries;
    assert.deepEqual(
      lifts.map((entry) => entry.kind === "lift" && entry.lifts),
      [2, 3],
    );
    assert.deepEqual(await approve(), { kind: "approved", lifted: 0, seq: position.seq + 2 });
    assert.equal((await store.revoke(order(store, unit("client", "other"), suspend))).appended, false);
    assert.deepEqual(await store.verifyAudit(), { records: 6, brokenAt: undefined });
  });

  promise("a final suspension is not approved, nor are those beside it", open, async (store) => {
    const of = unit("client", "deleted");
    await store.revoke(order(store, of, { suspend: true }));
    await store.revoke(order(store, of, { suspend: true, final: true }));
    const { position } = await store.head();
    const outcome = await store.approve({
      unit: of,
      ids: () => store.nextId(),
      atMs: Date.now(),
      actor: administrator,
    });
    assert.deepEqual(outcome, { kind: "final" });
    assert.deepEqual((await store.head()).position, position);
  });
}
