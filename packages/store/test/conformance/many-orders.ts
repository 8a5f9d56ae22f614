// Many orders in one transaction: each as if it had been made by itself, in their order.

import assert from "node:assert/strict";
import { entryLife, type Unit, type UnitName } from "@rescind/core";
import type { Order, Store } from "@rescind/store";
import fc from "fast-check";
import { rounds, seed } from "../../../../test/seed.ts";
import { client, firstPage, order, plain, unit } from "./facts.ts";
import { newCode } from "./people-facts.ts";
import { type Opener, promise } from "./suite.ts";
import { boundTo, endedBy, subscribed } from "./webhook-facts.ts";

const anyOrder = fc.record({
  name: fc.constantFrom<UnitName>("token", "token", "grant", "subject", "subject+client", "client", "all"),
  value: fc.nat(2),
  idempotency: fc.option(fc.nat(2), { nil: undefined }),
  final: fc.boolean(),
  again: fc.integer({ min: 0, max: 6 }).map((of) => of === 0),
});

export function manyOrders(open: Opener): void {
  promise(
    "many orders at once come to what each by itself would, one after the other",
    open,
    async (store) => {
      let round = 0;
      const same = fc.asyncProperty(
        fc.array(fc.array(anyOrder, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 3 }),
        async (batches) => {
          round += 1;
          const before: [Order[], Order[]] = [[], []];
          const [together, alone] = [`a${round}`, `b${round}`];
          for (const batch of batches) {
            const [many, each] = [ordersOf(store, batch, together), ordersOf(store, batch, alone)];
            before[0].push(...many);
            before[1].push(...each);
            const from = (await store.head()).position.seq;
            const receipts = await store.revokeMany(many);
            const between = (await store.head()).position.seq;
            const expected = [];
            for (const one of each) expected.push(await store.revoke(one));
            const end = (await store.head()).position.seq;
            assert.equal(between - from, end - between, "as many entries");
            assert.deepEqual(
              receipts.map(({ appended, seq, orderId }) => [appended, appended ? seq - from : orderId]),
              expected.map(({ appended, seq, orderId }) => [
                appended,
                appended ? seq - between : sameOrder(orderId, before[1], before[0]),
              ]),
            );
          }
        },
      );
      await fc.assert(same, { seed, numRuns: rounds(25, 300) });
      assert.equal((await store.verifyAudit()).brokenAt, undefined);
    },
  );

  promise("of orders at one moment one that cannot be stored takes no other along", open, async (store) => {
    const made = [1, 2, 3, 4, 5].map((number) => order(store, unit("token", `tid_${number}`)));
    const [first, second, bad, ...others] = made;
    assert.ok(first && second && bad);
    const id = null as unknown as string; // what the types forbid
    const faulty = { ...bad, actor: { ...bad.actor, id } };
    const all = [
      store.revoke(first),
      store.revokeMany([second, faulty]),
      ...others.map((one) => store.revoke(one)),
    ];
    const settled = await Promise.allSettled<unknown>(all);
    assert.deepEqual(
      settled.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled", "fulfilled"],
    );
    const { head, entries } = await store.readFeed(0, 10);
    assert.equal(head.position.seq, 3);
    assert.deepEqual(
      entries.map((entry) => entry.kind === "revoke" && entry.value),
      ["tid_1", "tid_4", "tid_5"],
    );
    assert.deepEqual(await store.verifyAudit(), { records: 3, brokenAt: undefined });
  });

  promise("their receipts are in the order of the orders, and their entries too", open, async (store) => {
    const made = Array.from({ length: 1000 }, (_, index) => order(store, unit("token", `tid_${index + 1}`)));
    const receipts = await store.revokeMany(made);
    assert.deepEqual(
      receipts.map(plain),
      made.map(({ id, atMs }, index) => ({ orderId: id, seq: index + 1, appended: true, atMs })),
    );
    const { entries, head } = await store.readFeed(0, 2000);
    assert.deepEqual(
      entries.map((entry) => entry.kind === "revoke" && entry.value),
      made.map((one) => one.unit.value),
    );
    assert.equal(entries.at(-1)?.hash, head.position.hash);
    assert.deepEqual(await store.verifyAudit(), { records: 1000, brokenAt: undefined });
    const again = await store.revokeMany(made.slice(0, 10));
    assert.deepEqual(
      again,
      receipts.slice(0, 10).map((receipt) => plain({ ...receipt, appended: false })),
    );
    assert.deepEqual(await store.revokeMany([]), []);
    const tooMany = [...made, order(store, unit("token", "tid_2000"))];
    await assert.rejects(store.revokeMany(tooMany), RangeError);
    assert.equal((await store.head()).position.seq, 1000);
  });

  promise("RV-19 many orders are seen all or not at all", open, async (store) => {
    const batches = Array.from({ length: 6 }, (_, batch) =>
      Array.from({ length: 50 }, (__, index) => order(store, unit("token", `tid_${batch}${index + 100}`))),
    );
    let isDone = false;
    const watched = (async () => {
      const sizes = new Set<number>();
      while (!isDone) {
        sizes.add((await store.head()).position.seq % 50);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return sizes;
    })();
    await Promise.all(batches.map((batch) => store.revokeMany(batch)));
    isDone = true;
    assert.deepEqual([...(await watched)], [0]);
  });

  promise("they go with everything that a single order takes along", open, async (store) => {
    const made = newCode(store, {}, { consent: ["openid"] });
    await store.issueCode(made);
    const bound = await subscribed(store, boundTo(store, { subject: "usr_1", clientId: "client" }));
    const others = [unit("token", "tid_1"), unit("token", "tid_2")];
    const withdrawal = unit("subject+client", "usr_1", "client");
    const orders = [withdrawal, ...others].map((of) => order(store, of));
    await store.revokeMany(orders);
    assert.deepEqual(await store.consentedScopes("usr_1", "client"), []);
    const { items } = await store.listAudit({}, firstPage);
    assert.equal(await endedBy(store, bound), items.find(({ orderId }) => orderId === orders[0]?.id)?.number);
  });

  promise("none is kept for a shorter life than the longest there is", open, async (store) => {
    const steps = Array.from({ length: 6 }, (_, index) => 1000 + index * 60);
    const rises = steps.map((ttl) => store.createClient(client(`c${ttl}`, { accessTokenTtl: ttl }), [], 0));
    const made = steps.map((step) =>
      [1, 2, 3].map((of) => order(store, unit("subject", `usr_${step}${of}`))),
    );
    await Promise.all([...rises, ...made.map((orders) => store.revokeMany(orders))]);
    const last = await store.revokeMany([order(store, unit("subject", "last"))]);
    const { entries, head } = await store.readFeed((last[0]?.seq ?? 0) - 1, 1);
    const [entry] = entries;
    assert.ok(entry?.kind === "revoke");
    assert.equal(entry.expires, entryLife("subject", false, entry.atMs / 1000, head.longest).expires);
    assert.equal(head.position.seq, 19);
  });
}

function ordersOf(
  store: Store,
  batch: readonly (typeof anyOrder extends fc.Arbitrary<infer Any> ? Any : never)[],
  world: string,
): Order[] {
  const made: Order[] = [];
  for (const { name, value, idempotency, final, again } of batch) {
    const last = made.at(-1);
    if (again && last !== undefined) made.push(last);
    else
      made.push(
        order(store, unitOf(name, `${world}_${value}`), {
          final,
          ...(idempotency === undefined
            ? {}
            : { idempotency: `${world} ${name} ${value} ${final} ${idempotency}` }),
        }),
      );
  }
  return made;
}

function unitOf(name: UnitName, value: string): Unit {
  return name === "subject+client" ? unit(name, value, "client") : unit(name, name === "all" ? "" : value);
}

/** The id of the order at the same place among the others. */
function sameOrder(id: string, of: readonly Order[], others: readonly Order[]): string | undefined {
  const place = of.findIndex((one) => one.id === id);
  return others[place]?.id;
}
