// Restores: a new epoch goes on above every number that was given, and covers what was issued before.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chainInput, firstOfEpoch, fromBase64url, origin } from "@rescind/core";
import type { NewEpoch, Order, Store } from "@rescind/store";
import { firstPage, nowS, opened, order, unit } from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

const epoch = 60_000_000;
const first = firstOfEpoch(epoch);
const actor = { kind: "server", id: "restore" } as const;

function made(store: Store, [opening, ...orders]: readonly Order[], facts: Partial<NewEpoch> = {}): NewEpoch {
  return {
    id: store.nextId(),
    epoch,
    opening,
    orders,
    atMs: nowS * 1000,
    actor,
    content: {},
    home: undefined,
    ...facts,
  };
}

function ending(store: Store, name: "all" | "issuer" | "signing-key", value: string): Order {
  return order(store, unit(name, value), { reason: "restore", final: true, idempotency: `${name} ${value}` });
}

export function epochs(open: Opener): void {
  promise(
    "FD-11 an epoch begins with all, goes on by the chain, and ends what was issued before",
    open,
    async (store) => {
      const { grant } = await opened(store);
      await store.revoke(order(store, unit("token", "tid_1")));
      const before = await store.head();
      const orders = [ending(store, "all", ""), ending(store, "signing-key", "k1")];
      assert.equal(await store.beginEpoch(made(store, orders, { content: { cause: "verb" } })), true);
      const { entries, head } = await store.readFeed(0, 10);
      assert.deepEqual(
        entries.map(({ seq }) => seq),
        [1, first, first + 1],
      );
      assert.equal(head.position.seq, first + 1);
      let hash = origin.hash;
      for (const entry of entries) {
        const input = chainInput(fromBase64url(hash) ?? assert.fail(), entry);
        hash = createHash("sha256").update(input).digest("base64url");
        assert.equal(entry.hash, hash);
      }
      assert.ok(head.catalog > before.catalog && head.catalog >= epoch);
      const { items } = await store.listGrants({ grantId: grant.grantId }, firstPage, nowS);
      assert.equal(items[0]?.status, "revoked");
      const audit = (await store.listAudit({}, firstPage)).items;
      assert.deepEqual(audit.map(({ action }) => action).slice(0, 3), ["revoke", "restore", "revoke"]);
      assert.deepEqual(await store.verifyAudit(), { records: audit.length, brokenAt: undefined });
      assert.equal((await store.whereabouts()).epochSeq, first);
    },
  );

  promise("E1 the same restore noticed twice begins one epoch", open, async (store) => {
    const again = () => [ending(store, "all", ""), ending(store, "issuer", "https://other.example")];
    assert.equal(await store.beginEpoch(made(store, again())), true);
    const { position } = await store.head();
    assert.equal(await store.beginEpoch(made(store, again(), { epoch: epoch + 5 })), false);
    const [one, two] = again();
    const renamed = [one ?? assert.fail(), { ...(two ?? assert.fail()), idempotency: "another" }];
    assert.equal(await store.beginEpoch(made(store, renamed, { epoch: epoch + 6 })), false);
    assert.deepEqual((await store.head()).position, position);
    assert.equal((await store.verifyAudit()).brokenAt, undefined);
  });

  promise("with the tokens kept it is a plain entry that covers nothing", open, async (store) => {
    const { grant } = await opened(store);
    assert.equal(await store.beginEpoch(made(store, [])), true);
    const { entries } = await store.readFeed(0, 10);
    assert.deepEqual(
      entries.map(({ seq, kind }) => [seq, kind]),
      [[first, "epoch"]],
    );
    const { items } = await store.listGrants({ grantId: grant.grantId }, firstPage, nowS);
    assert.equal(items[0]?.status, "live");
    assert.equal((await store.revoke(order(store, unit("subject", "usr_1")))).seq, first + 1);
    assert.equal((await store.verifyAudit()).brokenAt, undefined);
  });

  promise("longest lives that rose meanwhile are those of the epoch's entries", open, async (store) => {
    const lives = (await store.head()).longest;
    await store.raiseLongest({ ...lives, accessToken: lives.accessToken + 1000 });
    assert.equal(await store.beginEpoch(made(store, [ending(store, "all", "")])), true);
    const [entry] = (await store.readFeed(0, 1)).entries;
    assert.ok(entry?.kind === "revoke" && (entry.expires ?? 0) >= nowS + lives.accessToken + 1000);
  });

  promise(
    "what is pending is kept until the epoch begins, and where the database lives",
    open,
    async (store) => {
      const pending = { cause: "verb", atMs: 5, above: 77, keepTokens: true } as const;
      await store.notePending(pending);
      await store.notePending({ ...pending, above: 99 });
      assert.deepEqual((await store.whereabouts()).pending, pending);
      const home = { system: "7001", timeline: 3, replicated: true };
      await store.noteHome({ ...home, timeline: 2 });
      await store.beginEpoch(made(store, [], { home }));
      const { pending: left, noted, moved } = await store.whereabouts();
      assert.deepEqual([left, noted, moved], [undefined, home, undefined]);
    },
  );

  promise("a position is on the log, off it, or too old to tell", open, async (store) => {
    const { position: empty } = await store.head();
    for (let index = 0; index < 3; index += 1)
      await store.revoke(order(store, unit("subject", `usr_${index}`)));
    const { entries, head } = await store.readFeed(0, 10);
    const placeOf = async (seq: number, hash: string) => (await store.placeOf({ seq, hash })).place;
    assert.equal(await placeOf(2, entries[1]?.hash ?? ""), "on-log");
    assert.equal(await placeOf(2, entries[0]?.hash ?? ""), "off-log");
    assert.equal(await placeOf(3, entries[1]?.hash ?? ""), "off-log");
    assert.equal(await placeOf(4, head.position.hash), "off-log");
    assert.equal(await placeOf(0, empty.hash), "on-log");
    assert.deepEqual(await store.placeOf(head.position), { place: "on-log", head: head.position });
  });
}
