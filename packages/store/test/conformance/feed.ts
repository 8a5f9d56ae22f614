// The log: commit order is number order, no gaps, a chain of hashes, head and entries of one moment.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chainInput, type FeedEntry, fromBase64url, origin, type UnitName } from "@rescind/core";
import type { KeptEntry, LoggedEntry, Store } from "@rescind/store";
import fc from "fast-check";
import { rounds, seed } from "../../../../test/seed.ts";
import { accessToken, administrator, fingerprint, nowS, order, unit } from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

export function feed(open: Opener): void {
  promise("an empty log stands at number 0 and 32 zero bytes", open, async (store) => {
    const page = await store.readFeed(0, 10);
    assert.deepEqual(page.head.position, origin);
    assert.deepEqual([page.entries, page.more, page.floor], [[], false, origin]);
    assert.equal(await store.hashAt(0), origin.hash);
    assert.equal(await store.hashAt(1), undefined);
  });

  promise("entries are found by fingerprint, lifted ones too, with their orders", open, async (store) => {
    const [ann, ben, token] = [
      unit("subject", "usr_ann"),
      unit("subject", "usr_ben"),
      unit("token", "tid_1"),
    ];
    const lifted = order(store, ann, { note: "by mistake", reason: "token_leaked" });
    await store.revoke(lifted);
    await store.revoke(order(store, ben));
    await store.revoke(order(store, ann, { before: 1000, final: true }));
    await store.revoke(order(store, token));
    await store.lift({ id: store.nextId(), orderId: lifted.id, atMs: nowS * 1000, actor: administrator });
    const { head, entries } = await store.findEntries([fingerprint(ann), fingerprint(token), "A".repeat(22)]);
    assert.equal(head.position.seq, 5);
    assert.deepEqual(
      entries.map(({ seq, unit: name, before, final, liftedBy }) => ({ seq, name, before, final, liftedBy })),
      [
        { seq: 1, name: "subject", before: undefined, final: false, liftedBy: 5 },
        { seq: 3, name: "subject", before: 1000, final: true, liftedBy: undefined },
        { seq: 4, name: "token", before: undefined, final: false, liftedBy: undefined },
      ],
    );
    const [first] = entries;
    assert.deepEqual(
      [first?.orderId, first?.actor, first?.reason, first?.note],
      [lifted.id, administrator, "token_leaked", "by mistake"],
    );
    assert.deepEqual(await Promise.all([0, 3, 5, 9].map((seq) => store.countAfter(seq))), [5, 2, 0, 0]);
    assert.deepEqual((await store.findEntries([])).entries, []);
  });

  promise(
    "D1 the hash at every entry is SHA-256 over the one before and its canonical bytes",
    open,
    async (store) => {
      const anyOrder = fc.record({
        name: fc.constantFrom<UnitName>("token", "subject", "client", "subject+client", "all"),
        value: fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 }),
        before: fc.option(fc.nat(2 ** 31), { nil: undefined }),
        suspend: fc.boolean(),
        final: fc.boolean(),
        lift: fc.boolean(),
      });
      const chained = fc.asyncProperty(fc.array(anyOrder, { minLength: 1, maxLength: 8 }), async (orders) => {
        for (const { name, value, before, suspend, final, lift } of orders) {
          const suspending = suspend && name === "client" ? { suspend } : {};
          const made = order(store, unit(name, value, name === "subject+client" ? "client" : undefined), {
            before,
            final,
            ...suspending,
          });
          await store.revoke(made);
          if (lift && !final)
            await store.lift({
              id: store.nextId(),
              orderId: made.id,
              atMs: Date.now(),
              actor: administrator,
            });
        }
      });
      await fc.assert(chained, { seed, numRuns: rounds(5, 50) });
      const entries = await holdsChain(store);
      assert.deepEqual(
        await keptIn(store, 7),
        entries.map(asKept),
        "a memory begins with what is on the log",
      );
      const third = await store.readKept({ after: 2, upTo: 3, limit: 10 });
      assert.deepEqual(third.map(asKept), entries.slice(2, 3).map(asKept));
    },
  );

  promise("concurrent orders and lifts are numbered 1, 2, 3 … and chained", open, async (store) => {
    const orders = Array.from({ length: 100 }, (_, index) => order(store, unit("subject", `usr_${index}`)));
    const receipts = await Promise.all(orders.map((one) => store.revoke(one)));
    const lifts = orders
      .slice(0, 30)
      .map(({ id }) =>
        store.lift({ id: store.nextId(), orderId: id, atMs: Date.now(), actor: administrator }),
      );
    const more = orders.slice(0, 30).map(({ unit: of }) => store.revoke(order(store, of)));
    await Promise.all([...lifts, ...more]);
    assert.equal(new Set(receipts.map(({ seq }) => seq)).size, 100);
    const entries = await holdsChain(store);
    assert.deepEqual(
      entries.map(({ seq }) => seq),
      Array.from({ length: 160 }, (_, index) => index + 1),
    );
  });

  promise(
    "a reader that goes on from its last number meets every entry, while orders come",
    open,
    async (store) => {
      const writing = Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          store.revoke(order(store, unit("subject", `usr_${index}`))),
        ),
      );
      let done = false;
      const written = writing.then((receipts) => {
        done = true;
        return receipts;
      });
      let at = 0;
      const met: number[] = [];
      do {
        const page = await store.readFeed(at, 7);
        met.push(...page.entries.map(({ seq }) => seq));
        at = met.at(-1) ?? 0;
        assert.ok(at <= page.head.position.seq, "no entry is ahead of the head");
        assert.equal(page.more, at < page.head.position.seq);
        await new Promise((resolve) => setImmediate(resolve));
      } while (!done || at < 200);
      await written;
      assert.deepEqual(
        met,
        Array.from({ length: 200 }, (_, index) => index + 1),
      );
    },
  );

  promise("whoever has the receipt sees the entry, at every look-up", open, async (store) => {
    for (let round = 1; round <= 20; round += 1) {
      const { seq } = await store.revoke(order(store, unit("all", "")));
      const heads = await Promise.all([
        store.head(),
        store.findAccessToken("1").then(({ head }) => head),
        store.findRefreshToken("1").then(({ head }) => head),
        store.findClient("none").then(({ head }) => head),
        store.findGrant("gnt_1").then(({ head }) => head),
        store.readFeed(seq, 1).then(({ head }) => head),
      ]);
      for (const { position } of heads) assert.ok(position.seq >= seq);
    }
  });

  promise("the store writes the rev it is given", open, async (store) => {
    const { seq } = await store.revoke(order(store, unit("all", "")));
    const late = accessToken(store, { rev: seq - 1 });
    await store.issue(late);
    assert.equal((await store.findAccessToken(late.token.id)).token?.rev, seq - 1);
  });
}

/** Recomputes the chain from the beginning with core's bytes; the entries. */
async function keptIn(store: Store, limit: number): Promise<readonly unknown[]> {
  const met: KeptEntry[] = [];
  for (;;) {
    const page = await store.readKept({ after: met.at(-1)?.seq ?? 0, upTo: Number.MAX_SAFE_INTEGER, limit });
    met.push(...page);
    if (page.length < limit) return met.map(asKept);
  }
}

/** What a memory of the log needs of an entry, without members that say nothing. */
function asKept({ hash, atMs, ack, ...entry }: KeptEntry & Partial<LoggedEntry>): unknown {
  return JSON.parse(JSON.stringify(entry));
}

async function holdsChain(store: Store): Promise<readonly LoggedEntry[]> {
  const { entries, head } = await store.readFeed(0, 10_000);
  let position = origin;
  for (const entry of entries) {
    const previous = fromBase64url(position.hash);
    assert.ok(previous);
    const bytes = chainInput(previous, entry as FeedEntry);
    position = { seq: entry.seq, hash: createHash("sha256").update(bytes).digest("base64url") };
    assert.equal(entry.hash, position.hash);
    assert.equal(await store.hashAt(entry.seq), position.hash);
  }
  assert.deepEqual(head.position, position);
  return entries;
}
