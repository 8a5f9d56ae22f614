// The reader of audit records at the worst moments: what is ordered between its looks at the rows and at the records.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "@rescind/store";
import { auditReader } from "../../src/webhooks/reader.ts";
import { grantBinding, issuer, openWorld, quick, tokenUnit, type World } from "./world.ts";

/** The store, with something that happens right before it reads records for the first time. */
function interrupted(store: Store, happen: () => Promise<unknown>): Store {
  let happened = false;
  const methods: Partial<Store> = {
    async readAudit(after, limit) {
      if (!happened) {
        happened = true;
        await happen();
      }
      return store.readAudit(after, limit);
    },
  };
  return { ...store, ...methods };
}

function records(world: World, count: number): Promise<unknown> {
  const record = { action: "client.updated", actor: { kind: "admin", id: "a" }, content: {} } as const;
  return Promise.all(
    Array.from({ length: count }, () => world.store.recordAudit({ ...record, atMs: Date.now() })),
  );
}

for (const [name, news, between, after] of [
  ["right before it", 1, 0, 0],
  ["a page before it", 1, 700, 0],
  ["a page before it, more after it", 1, 700, 700],
  ["only after it", 0, 0, 0],
  ["only a page after it", 0, 400, 0],
] as const)
  test(`an order that ends a subscription after its row was read is told once, with news ${name}`, async (t) => {
    const world = await openWorld(t, { ...quick, pollMs: 3_600_000 });
    await world.dispatcher.stop();
    const binding = grantBinding(world.store);
    const about = { grantId: binding.grantId };
    const subscription = await world.subscribe("/hook", { binding, events: ["token.revoked"] });
    const store = interrupted(world.store, async () => {
      for (let i = 0; i < news; i++) await world.order(tokenUnit(), { about });
      await records(world, between);
      await world.order({ name: "subject", issuer, value: binding.subject });
      await records(world, between);
      await world.order(tokenUnit(), { about });
      await records(world, after);
    });
    const reader = auditReader({ store, now: world.now });
    for (let pass = 0; pass < 3; pass++) await reader.read();
    assert.deepEqual(
      (await world.deliveries(subscription)).map(({ type }) => type),
      [...Array(news).fill("token.revoked"), "subscription.cancelled"],
    );
    assert.deepEqual(await world.store.subscriptionsToServe(10, undefined), []);
  });
