// Orders: what appends and what does not, receipts, and the two guards under the head's lock.

import assert from "node:assert/strict";
import { entryLife, isWide, type UnitName, unitNames } from "@rescind/core";
import type { Store } from "@rescind/store";
import { client, fingerprint, order, plain, unit } from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

const byClient = { actor: { kind: "client", id: "client" }, reason: "client_request" } as const;

export function revocation(open: Opener): void {
  promise("an order is one entry with what it was made from", open, async (store) => {
    const made = order(store, unit("subject+client", "usr_1", "client"), {
      before: 1_700_000_000,
      ack: true,
    });
    const receipt = await store.revoke(made);
    assert.deepEqual(plain(receipt), { orderId: made.id, seq: 1, appended: true, atMs: made.atMs });
    const { entries } = await store.readFeed(0, 10);
    const { longest, position } = await store.head();
    assert.deepEqual(entries, [
      {
        seq: 1,
        kind: "revoke",
        unit: "subject+client",
        fp: fingerprint(made.unit),
        before: 1_700_000_000,
        suspend: undefined,
        expires: entryLife("subject+client", false, made.atMs / 1000, longest).expires,
        ack: true,
        issuer: made.unit.issuer,
        value: "usr_1",
        client: "client",
        final: false,
        hash: position.hash,
        atMs: made.atMs,
      },
    ]);
  });

  for (const name of unitNames) {
    const sentence = isWide(name)
      ? `a second order of a wide unit (${name}) appends an entry of its own`
      : `a second order of a narrow unit (${name}) appends nothing and names the one that stands`;
    promise(sentence, open, async (store) => {
      const first = await store.revoke(order(store, unit(name, "value")));
      const second = await store.revoke(order(store, unit(name, "value")));
      assert.equal(second.appended, isWide(name));
      if (isWide(name)) assert.equal(second.seq, first.seq + 1);
      else assert.deepEqual([second.orderId, second.seq], [first.orderId, first.seq]);
    });
  }

  promise("of concurrent orders of one narrow unit one appends", open, async (store) => {
    const orders = Array.from({ length: 32 }, () => order(store, unit("grant", "gnt_7")));
    const receipts = await Promise.all(orders.map((one) => store.revoke(one)));
    const appended = receipts.filter((receipt) => receipt.appended);
    assert.equal(appended.length, 1);
    for (const receipt of receipts) assert.equal(receipt.orderId, appended[0]?.orderId);
    assert.equal((await store.head()).position.seq, 1);
  });

  promise("an entry of another unit, value, client or issuer is not an equal one", open, async (store) => {
    const foreign = { ...unit("token", "tid_1"), issuer: "https://other.example" };
    for (const one of [
      unit("token", "tid_1"),
      unit("token", "tid_2"),
      unit("grant", "tid_1"),
      foreign,
      { ...unit("token", "tid_1"), client: "client" },
    ])
      assert.equal((await store.revoke(order(store, one))).appended, true);
  });

  promise("one that can be taken back does not stand for one that cannot", open, async (store) => {
    const of = unit("token", "tid_1");
    assert.equal((await store.revoke(order(store, of))).appended, true);
    assert.equal((await store.revoke(order(store, of, byClient))).appended, true, "a client's order stays");
    assert.equal((await store.revoke(order(store, of))).appended, false);
    assert.equal((await store.revoke(order(store, of, { final: true }))).appended, true);
    assert.equal((await store.revoke(order(store, of, { final: true }))).appended, false);
  });

  promise(
    "an entry made for shorter lives does not stand for one that must stay longer",
    open,
    async (store) => {
      const of = unit("grant", "gnt_1");
      await store.revoke(order(store, of));
      await store.createClient(client("longer", { accessTokenTtl: 86_400 }), [], Date.now());
      assert.equal((await store.revoke(order(store, of))).appended, true);
      assert.equal((await store.revoke(order(store, of))).appended, false);
    },
  );

  promise("a suspension appends once while it stands, beside any other order", open, async (store) => {
    for (const name of ["client", "key"] as const satisfies UnitName[]) {
      const of = unit(name, "value");
      const suspend = { suspend: true };
      assert.equal((await store.revoke(order(store, of))).appended, true);
      assert.equal((await store.revoke(order(store, of, suspend))).appended, true);
      assert.equal((await store.revoke(order(store, of, suspend))).appended, false);
      assert.equal((await store.revoke(order(store, of, { ...suspend, final: true }))).appended, true);
      assert.equal((await store.revoke(order(store, of, suspend))).appended, false);
    }
  });

  promise("an idempotency digest gets the same receipt, for wide orders too", open, async (store) => {
    const once = { idempotency: "digest of actor and key" };
    const of = unit("subject", "usr_1");
    const receipts = await Promise.all(
      Array.from({ length: 16 }, () => store.revoke(order(store, of, once))),
    );
    const appended = receipts.filter((receipt) => receipt.appended).map(plain);
    assert.equal(appended.length, 1);
    for (const receipt of receipts) assert.deepEqual(plain({ ...receipt, appended: true }), appended[0]);
    assert.equal((await store.head()).position.seq, 1);
    assert.equal((await store.verifyAudit()).records, 1);
    const other = await store.revoke(order(store, of, { idempotency: "another" }));
    assert.deepEqual([other.appended, other.seq], [true, 2]);
  });

  promise(
    "an order repeated by its id, as after an unknown outcome, changes nothing",
    open,
    async (store) => {
      const made = order(store, unit("all", ""));
      const first = await store.revoke(made);
      await store.revoke(order(store, unit("all", "")));
      assert.deepEqual(await store.revoke(made), plain({ ...first, appended: false }));
      assert.equal((await store.head()).position.seq, 2);
    },
  );

  promise(
    "what a receipt tells of its entry is what the log says of it, in every member",
    open,
    async (store) => {
      const orders = [
        order(store, unit("token", "tok_1")),
        order(store, unit("subject+client", "usr_1", "client"), { before: 1_700_000_000, ack: true }),
        order(store, unit("client", "client"), { suspend: true, final: true }),
        order(store, unit("all", "")),
      ];
      const receipts = [];
      for (const made of orders) receipts.push(await store.revoke(made));
      receipts.push(
        ...(await store.revokeMany(["usr_2", "usr_3"].map((one) => order(store, unit("subject", one))))),
      );
      const { entries } = await store.readFeed(0, 10);
      assert.equal(entries.length, receipts.length);
      // An engine may leave it to the log.
      const told = receipts.some(({ entry }) => entry !== undefined);
      if (told)
        assert.deepEqual(
          receipts.map(({ entry }) => entry),
          entries,
        );
      assert.equal((await store.revoke(order(store, unit("token", "tok_1")))).entry, undefined);
    },
  );

  promise("no entry expires before what is issued while the longest life rises", open, async (store) => {
    const steps = Array.from({ length: 12 }, (_, index) => 1000 + index * 60);
    const rises = steps.map((ttl) => store.createClient(client(`c${ttl}`, { accessTokenTtl: ttl }), [], 0));
    const orders = steps.map((step) => raisedBefore(store, step));
    await Promise.all([...rises, ...orders]);
    const { longest } = await store.head();
    assert.equal(longest.accessToken, steps.at(-1));
    const last = await store.revoke(order(store, unit("subject", "last")));
    const { entries } = await store.readFeed(last.seq - 1, 1);
    const [entry] = entries;
    assert.ok(entry?.kind === "revoke");
    assert.equal(entry.expires, entryLife("subject", false, entry.atMs / 1000, longest).expires);
  });
}

/** Orders while the maxima rise: the entry is made for at least what stood before the order began. */
async function raisedBefore(store: Store, step: number): Promise<void> {
  const { longest } = await store.head();
  const { seq } = await store.revoke(order(store, unit("subject", `usr_${step}`)));
  const { entries } = await store.readFeed(seq - 1, 1);
  const [entry] = entries;
  assert.ok(entry?.kind === "revoke" && entry.expires !== undefined);
  const least = entryLife("subject", false, entry.atMs / 1000, longest).expires ?? 0;
  assert.ok(entry.expires >= least);
}
