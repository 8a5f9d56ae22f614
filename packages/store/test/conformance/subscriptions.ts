// Webhook subscriptions: bound to what they hang on, ended with it in the order's own transaction.

import assert from "node:assert/strict";
import { formatId, type Unit } from "@rescind/core";
import type { Binding, CountRequest, Order, Store } from "@rescind/store";
import { administrator, fingerprint, firstPage, nowS, order, unit } from "./facts.ts";
import { allOf, type Opener, promise } from "./suite.ts";
import { boundTo, boundToNothing, endedBy, newSubscription, subscribed } from "./webhook-facts.ts";

const at = nowS + 10;
const toClient: Binding = { kind: "client", clientId: "one" };

export function subscriptions(open: Opener): void {
  promise(
    "a subscription is found as it was stored, and begins after the newest record",
    open,
    async (store) => {
      await store.revoke(order(store, unit("token", "tid_1")));
      const bindings = [
        boundTo(store, { sessionId: "ses_1", offline: true }),
        boundTo(store),
        toClient,
        boundToNothing,
      ];
      for (const binding of bindings) {
        const made = { ...newSubscription(store, binding), events: ["grant.revoked", "token.revoked"] };
        assert.equal(await store.createSubscription(made, 1), true);
        const { sealedSecret, ...found } = (await store.findSubscription(made.id)) ?? assert.fail();
        assert.deepEqual([...sealedSecret], [...made.sealedSecret]);
        const expected = { ...made, cursor: 1, cancelledBy: undefined, sealedSecret: undefined };
        assert.deepEqual({ ...found, sealedSecret: undefined }, expected);
      }
      assert.equal(await store.findSubscription(store.nextId()), undefined);
    },
  );

  promise(
    "none is stored where the log has moved on since its binding was found live",
    open,
    async (store) => {
      const made = newSubscription(store);
      await store.revoke(order(store, unit("token", "tid_1")));
      assert.equal(await store.createSubscription(made, 0), false);
      assert.equal(await store.findSubscription(made.id), undefined);
      const { position } = await store.head();
      const binding = boundTo(store);
      const races = Array.from({ length: 16 }, () => newSubscription(store, binding));
      const [receipt, ...outcomes] = await Promise.all([
        store.revoke(order(store, unit("grant", binding.grantId))),
        ...races.map((one) => store.createSubscription(one, position.seq)),
      ]);
      const number = (await store.listAudit({}, firstPage)).items[0]?.number;
      assert.equal(receipt.seq, 2);
      for (const [index, one] of races.entries()) {
        const found = await store.findSubscription(one.id);
        assert.equal(found !== undefined, outcomes[index]);
        if (found !== undefined)
          assert.equal(found.cancelledBy, number, "one that came before ended with it");
      }
    },
  );

  promise(
    "a subscription ends with whatever covers its grant, and with nothing else",
    open,
    async (store) => {
      const facts = { clientId: "one", subject: "usr_1", sessionId: "ses_1", openedAt: nowS - 50 };
      const ends = async (
        facts: Parameters<typeof boundTo>[1],
        name: (of: string) => Unit,
        by: Partial<Order> = {},
      ) => {
        const binding = boundTo(store, facts);
        const made = await subscribed(store, binding);
        const { seq } = await store.revoke(order(store, name(binding.grantId), by));
        const [record] = (await store.listAudit({}, firstPage)).items;
        const ended = await endedBy(store, made);
        if (ended !== undefined) assert.deepEqual([record?.seq, record?.number], [seq, ended]);
        return ended !== undefined;
      };
      assert.equal(await ends(facts, (of) => unit("grant", of)), true);
      assert.equal(await ends(facts, () => unit("grant", "gnt_5")), false);
      assert.equal(await ends(facts, () => unit("grant", "nonsense")), false);
      assert.equal(await ends(facts, () => unit("session", "ses_1")), true);
      assert.equal(await ends(facts, () => unit("session", "ses_2")), false);
      assert.equal(await ends(facts, () => unit("logout", "ses_1")), true);
      assert.equal(await ends({ ...facts, offline: true }, () => unit("logout", "ses_1")), false);
      assert.equal(await ends({ ...facts, offline: true }, () => unit("session", "ses_1")), true);
      assert.equal(await ends(facts, () => unit("subject", "usr_1")), true);
      assert.equal(await ends(facts, () => unit("subject", "one")), false);
      assert.equal(await ends(facts, () => unit("subject+client", "usr_1", "one")), true);
      assert.equal(await ends(facts, () => unit("subject+client", "usr_1", "two")), false);
      assert.equal(await ends(facts, () => unit("client", "one")), true);
      assert.equal(await ends(facts, () => unit("client", "two")), false);
      assert.equal(await ends(facts, () => unit("client", "one"), { suspend: true }), true);
      assert.equal(await ends(facts, () => unit("all", "")), true);
      assert.equal(await ends(facts, () => unit("key", "key_1")), false);
      assert.equal(await ends(facts, () => unit("key", "key_1"), { suspend: true }), false);
      assert.equal(await ends(facts, () => unit("signing-key", "kid-1")), false);
      assert.equal(await ends(facts, (of) => unit("token", of)), false);
      const foreign = { issuer: "https://other.example" };
      assert.equal(await ends(facts, () => ({ ...unit("subject", "usr_1"), ...foreign })), false);
      assert.equal(await ends(facts, () => ({ ...unit("issuer", ""), ...foreign })), false);
      for (const name of ["session", "subject", "client", "all"] as const) {
        const value = { session: "ses_1", subject: "usr_1", client: "one", all: "" }[name];
        assert.equal(await ends(facts, () => unit(name, value), { before: nowS - 51 }), false, name);
        assert.equal(await ends(facts, () => unit(name, value), { before: nowS - 50 }), true, name);
      }
    },
  );

  promise(
    "one bound to a client ends when the client is suspended, one bound to nothing never",
    open,
    async (store) => {
      const [bound, free] = [await subscribed(store, toClient), await subscribed(store)];
      const units = [
        unit("client", "one"),
        unit("all", ""),
        unit("subject", "one"),
        unit("subject+client", "one", "one"),
      ];
      for (const of of units) await store.revoke(order(store, of));
      await store.revoke(order(store, unit("client", "two"), { suspend: true }));
      assert.equal(await endedBy(store, bound), undefined);
      const { seq } = await store.revoke(order(store, unit("client", "one"), { suspend: true }));
      assert.equal(await endedBy(store, bound), seq, "every record until now was an order's");
      assert.equal(await endedBy(store, free), undefined);
      await store.revoke(order(store, unit("client", "one"), { suspend: true, final: true }));
      assert.equal(await endedBy(store, bound), seq, "what has ended keeps what ended it");
    },
  );

  promise("an order that appends nothing ends nothing", open, async (store) => {
    const once = { idempotency: "digest of actor and key" };
    await store.revoke(order(store, unit("subject", "usr_1"), once));
    const made = await subscribed(store, boundTo(store, { subject: "usr_1" }));
    assert.equal((await store.revoke(order(store, unit("subject", "usr_1"), once))).appended, false);
    assert.equal(await endedBy(store, made), undefined);
  });

  promise("a lift does not bring a subscription back", open, async (store) => {
    const made = await subscribed(store, boundTo(store, { subject: "usr_1" }));
    const { orderId } = await store.revoke(order(store, unit("subject", "usr_1")));
    const ended = await endedBy(store, made);
    await store.lift({ id: store.nextId(), orderId, atMs: 1000, actor: administrator });
    assert.equal(await endedBy(store, made), ended);
  });

  promise("a call ends a subscription once, with one record in the same transaction", open, async (store) => {
    const binding = boundTo(store, { clientId: "one", subject: "usr_1" });
    const made = await subscribed(store, binding);
    const calls = Array.from({ length: 8 }, () =>
      store.cancelSubscription({ id: made.id, actor: administrator, atMs: 7000 }),
    );
    assert.equal((await Promise.all(calls)).filter(Boolean).length, 1);
    const { items } = await store.listAudit({}, firstPage);
    assert.deepEqual(
      items.map(({ number, action, actor, atMs, content }) => [number, action, actor, atMs, content]),
      [
        [
          1,
          "subscription.cancelled",
          administrator,
          7000,
          {
            subscription_id: formatId("subscription", made.id),
            url: made.url,
            about: { clientId: "one", subject: "usr_1", grantId: binding.grantId },
          },
        ],
      ],
    );
    assert.equal(await endedBy(store, made), 1);
    assert.deepEqual(await store.verifyAudit(), { records: 1, brokenAt: undefined });
    const unknown = { id: store.nextId(), actor: administrator, atMs: 7000 };
    assert.equal(await store.cancelSubscription(unknown), false);
    assert.equal((await store.verifyAudit()).records, 1);
    await store.revoke(order(store, unit("token", "tid_1")));
  });

  promise("subscriptions are listed newest first, by grant and by client", open, async (store) => {
    const binding = boundTo(store, { clientId: "one" });
    const made: string[] = [];
    for (const one of [binding, boundTo(store, { clientId: "two" }), toClient, boundToNothing, binding])
      made.push((await subscribed(store, one)).id);
    const ids = async (filter: Parameters<Store["listSubscriptions"]>[0]) =>
      (await allOf((page) => store.listSubscriptions(filter, page), 2)).map(({ id }) => made.indexOf(id));
    assert.deepEqual(await ids({}), [4, 3, 2, 1, 0]);
    assert.deepEqual(await ids({ grantId: binding.grantId }), [4, 0]);
    assert.deepEqual(await ids({ clientId: "one" }), [4, 2, 0], "those of the client's grants too");
    assert.deepEqual(await ids({ clientId: "two", grantId: binding.grantId }), []);
  });

  promise(
    "those to serve are the active ones, and ended ones until their last event is made",
    open,
    async (store) => {
      const [ended, active] = [await subscribed(store), await subscribed(store)];
      const served = async () => (await store.subscriptionsToServe(10, undefined)).map(({ id }) => id);
      await store.cancelSubscription({ id: ended.id, actor: administrator, atMs: 1000 });
      assert.deepEqual(await served(), [ended.id, active.id]);
      const batch = { subscriptionId: ended.id, from: 0, to: 1, deliveries: [], atMs: 1000 };
      assert.equal(await store.enqueueDeliveries(batch), true);
      assert.deepEqual(await served(), [active.id]);
      const more = [await subscribed(store), await subscribed(store)].map(({ id }) => id);
      const first = await store.subscriptionsToServe(2, undefined);
      const rest = await store.subscriptionsToServe(2, first.at(-1)?.id);
      assert.deepEqual(
        [...first, ...rest].map(({ id }) => id),
        [active.id, ...more],
      );
      assert.deepEqual(await store.subscriptionsToServe(2, rest.at(-1)?.id), []);
    },
  );

  promise(
    "an order's count says how many active subscriptions it would end, and ended",
    open,
    async (store) => {
      const facts = { clientId: "one", subject: "usr_1", openedAt: nowS - 50 };
      await subscribed(store, boundTo(store, facts));
      await subscribed(store, boundTo(store, { ...facts, subject: "usr_2" }));
      await subscribed(store, boundTo(store, { ...facts, expiresAt: at }));
      await subscribed(store, toClient);
      const cancelled = await subscribed(store, boundTo(store, facts));
      await store.cancelSubscription({ id: cancelled.id, actor: administrator, atMs: 1000 });
      const count = async (of: Unit, more: Partial<CountRequest> = {}) => {
        const request = { unit: of, fp: fingerprint(of), before: undefined, at, limitMs: 60_000, ...more };
        return (await store.countAffected(request)).subscriptions;
      };
      assert.equal(
        await count(unit("subject", "usr_1")),
        1,
        "not the ended one, nor that of a grant that is over",
      );
      assert.equal(await count(unit("client", "one")), 2);
      assert.equal(await count(unit("client", "one"), { suspend: true }), 3);
      assert.equal(await count(unit("client", "one"), { before: nowS - 51 }), 0);
      assert.equal(await count(unit("all", "")), 2);
      assert.equal(await count(unit("token", "tid_1")), 0);
      assert.equal(await count({ ...unit("subject", "usr_1"), issuer: "https://other.example" }), 0);
      const { seq } = await store.revoke(order(store, unit("subject", "usr_1")));
      await subscribed(store, boundTo(store, facts));
      assert.equal(await count(unit("subject", "usr_1"), { ignoring: seq }), 2, "all that it ended");
      assert.equal(await count(unit("subject", "usr_1")), 1, "what came since");
    },
  );
}
