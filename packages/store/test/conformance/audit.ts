// The audit chain: one record for each revocation, numbered, chained; lists of it and of orders.

import assert from "node:assert/strict";
import { type About, type Actor, type AuditRecord, CursorRefused, type OrderFilter } from "@rescind/store";
import { administrator, firstPage, order, unit } from "./facts.ts";
import { allOf, type Opener, promise } from "./suite.ts";

const aClient: Actor = { kind: "client", id: "client" };

export function audit(open: Opener): void {
  promise("E1 each revocation has exactly one audit record, and the chain verifies", open, async (store) => {
    const orders = Array.from({ length: 40 }, (_, index) => order(store, unit("subject", `usr_${index}`)));
    const others = Array.from({ length: 20 }, (_, index) =>
      store.recordAudit({ action: "foreign_token", actor: aClient, atMs: 1000 + index, content: { index } }),
    );
    const receipts = await Promise.all(orders.map((one) => store.revoke(one)));
    await Promise.all(others);
    assert.deepEqual(await store.verifyAudit(), { records: 60, brokenAt: undefined });
    const { items } = await store.listAudit({}, firstPage);
    assert.deepEqual(
      items.map(({ number }) => number),
      Array.from({ length: 60 }, (_, index) => 60 - index),
    );
    for (const { orderId, seq } of receipts)
      assert.equal(items.filter((item) => item.orderId === orderId && item.seq === seq).length, 1);
  });

  promise("an empty history verifies", open, async (store) => {
    assert.deepEqual(await store.verifyAudit(), { records: 0, brokenAt: undefined });
  });

  promise("a record says who did what, when, and what it was about", open, async (store) => {
    await store.recordAudit({
      action: "client.created",
      actor: administrator,
      atMs: 5000,
      content: { a: ["ü"] },
    });
    const made = order(store, unit("key", "key_1"), {
      note: "leaked",
      reason: "token_leaked",
      suspend: true,
    });
    await store.revoke(made);
    const [revoked, created] = (await store.listAudit({}, firstPage)).items;
    assert.deepEqual(
      { ...created, feedHash: "", hash: "" },
      {
        number: 1,
        atMs: 5000,
        action: "client.created",
        actor: administrator,
        orderId: undefined,
        seq: undefined,
        content: { a: ["ü"] },
        feedHash: "",
        hash: "",
      },
    );
    assert.deepEqual([revoked?.orderId, revoked?.seq, revoked?.action], [made.id, 1, "revoke"]);
    assert.match(revoked?.hash ?? "", /^[\w-]{43}$/);
  });

  promise("the audit is filtered by action and actor, and paged by cursor", open, async (store) => {
    for (let index = 0; index < 9; index += 1)
      await store.recordAudit({
        action: index % 3 === 0 ? "a" : "b",
        actor: index % 2 === 0 ? aClient : administrator,
        atMs: index,
        content: {},
      });
    const ofA = await store.listAudit({ action: "a" }, firstPage);
    assert.deepEqual(
      ofA.items.map(({ atMs }) => atMs),
      [6, 3, 0],
    );
    const ofBoth = await store.listAudit({ action: "a", actor: "client" }, firstPage);
    assert.deepEqual(
      ofBoth.items.map(({ atMs }) => atMs),
      [6, 0],
    );
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listAudit({}, { limit: 2, cursor });
      seen.push(...page.items.map(({ atMs }) => atMs));
      cursor = page.next;
    } while (cursor !== undefined);
    assert.deepEqual(seen, [8, 7, 6, 5, 4, 3, 2, 1, 0]);
    await assert.rejects(store.listAudit({}, { limit: 2, cursor: "nonsense" }), CursorRefused);
  });

  promise("orders are listed newest first with all they said", open, async (store) => {
    const first = order(store, unit("subject", "usr_1"), {
      before: 1_700_000_000,
      select: { subject: "usr_1" },
    });
    const second = order(store, unit("client", "client"), { suspend: true, final: true, note: "gone" });
    for (const made of [first, second]) await store.revoke(made);
    await store.lift({ id: store.nextId(), orderId: first.id, atMs: Date.now(), actor: administrator });
    const { items, next } = await store.listOrders({}, firstPage);
    assert.equal(next, undefined);
    assert.deepEqual(items, [
      {
        id: second.id,
        seq: 2,
        atMs: second.atMs,
        unit: "client",
        select: { client: "client" },
        actor: administrator,
        reason: "administrator",
        note: "gone",
        before: undefined,
        suspend: true,
        final: true,
        about: { clientId: "client" },
        liftedBy: undefined,
      },
      {
        id: first.id,
        seq: 1,
        atMs: first.atMs,
        unit: "subject",
        select: { subject: "usr_1" },
        actor: administrator,
        reason: "administrator",
        note: undefined,
        before: 1_700_000_000,
        suspend: false,
        final: false,
        about: { subject: "usr_1" },
        liftedBy: 3,
      },
    ]);
    const page = await store.listOrders({}, { limit: 1, cursor: undefined });
    const rest = await store.listOrders({}, { limit: 1, cursor: page.next });
    assert.deepEqual([...page.items, ...rest.items], items);
    assert.equal(rest.next, undefined);
    assert.equal(await store.findOrder(store.nextId()), undefined);
  });

  promise("orders are found by the person or client they are about", open, async (store) => {
    const about = (said: About) => ({ about: said });
    const made = [
      order(store, unit("subject", "usr_1")),
      order(store, unit("client", "one")),
      order(store, unit("subject+client", "usr_1", "one")),
      order(store, unit("token", "tid_1"), about({ clientId: "one", subject: "usr_2", grantId: "gnt_1" })),
      order(store, unit("grant", "gnt_2"), about({ subject: "usr_1" })),
      order(store, unit("key", "key_1"), about({ clientId: "one" })),
      order(store, unit("all", "")),
      order(store, { ...unit("subject", "usr_1"), issuer: "https://other.example" }),
      order(store, unit("subject", "usr_3"), about({ subject: undefined, clientId: "two" })),
    ];
    for (const one of made) await store.revoke(one);
    const found = async (filter: OrderFilter) => {
      const items = await allOf((page) => store.listOrders(filter, page), 2);
      return items.map(({ id }) => made.findIndex((one) => one.id === id));
    };
    assert.deepEqual(await found({ subject: "usr_1" }), [4, 2, 0]);
    assert.deepEqual(await found({ subject: "usr_2" }), [3]);
    assert.deepEqual(await found({ clientId: "one" }), [5, 3, 2, 1]);
    assert.deepEqual(await found({ clientId: "one", subject: "usr_1" }), [2]);
    assert.deepEqual(await found({ subject: "usr_3" }), [8]);
    assert.deepEqual(await found({ clientId: "nobody" }), []);
    const said = await Promise.all(made.map(({ id }) => store.findOrder(id)));
    assert.deepEqual(
      said.map((one) => one?.about),
      [
        { subject: "usr_1" },
        { clientId: "one" },
        { subject: "usr_1", clientId: "one" },
        { clientId: "one", subject: "usr_2", grantId: "gnt_1" },
        { grantId: "gnt_2", subject: "usr_1" },
        { clientId: "one" },
        {},
        {},
        { subject: "usr_3", clientId: "two" },
      ],
    );
    assert.equal((await store.verifyAudit()).brokenAt, undefined);
  });

  promise("a reader of the audit goes on after the last record it has seen", open, async (store) => {
    for (let index = 0; index < 7; index += 1)
      await store.recordAudit({
        action: "a",
        actor: aClient,
        atMs: index,
        content: { about: { subject: "usr_1" } },
      });
    const seen: AuditRecord[] = [];
    for (;;) {
      const next = await store.readAudit(seen.at(-1)?.number ?? 0, 3);
      assert.ok(next.length <= 3);
      if (next.length === 0) break;
      seen.push(...next);
    }
    assert.deepEqual(seen, (await store.listAudit({}, firstPage)).items.slice().reverse());
    assert.deepEqual(await store.verifyAudit(), { records: 7, brokenAt: undefined });
  });
}
