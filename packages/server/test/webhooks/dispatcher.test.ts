// Webhooks under way, with a real store and a real receiver: nothing is lost, order is kept, nobody waits for others.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { formatId } from "@rescind/core";
import type { Delivery } from "@rescind/store";
import { randomFrom, seed } from "../../../../test/seed.ts";
import { until } from "../../../../test/until.ts";
import type { Received } from "../../../../test/webhook-receiver.ts";
import { webhookSchedule } from "../../src/webhooks/schedule.ts";
import { grantBinding, issuer, openWorld, quick, tokenUnit, type World } from "./world.ts";

function toldTokens(events: readonly Received[]): unknown[] {
  return events.map(({ data }) => (data.select as Record<string, unknown>).token_id);
}

async function settled(world: World, subscriptionId: string): Promise<Delivery[]> {
  return until(async () => {
    const all = await world.deliveries(subscriptionId);
    return all.length > 0 && all.every(({ status }) => status !== "pending") && all;
  });
}

test("events arrive in the order of the log, signed, once each, whatever attempts fail on the way", async (t) => {
  const world = await openWorld(t);
  const random = randomFrom(seed);
  world.receiver.answer(() => ({ status: random() < 0.4 ? 500 : 204 }));
  await world.subscribe("/hook");
  const ids = await world.tokens(25);
  await world.receiver.types(25);
  assert.deepEqual(toldTokens(world.receiver.events), ids, `seed ${seed}`);
  const attempts = world.receiver.received;
  const order = attempts.map(({ id }) => id).filter((id, index, all) => all.indexOf(id) === index);
  assert.deepEqual(
    attempts.map(({ id }) => order.indexOf(id)).toSorted((a, b) => a - b),
    attempts.map(({ id }) => order.indexOf(id)),
    "no attempt at a later one before the earlier one has arrived",
  );
});

test("a receiver that is down gets everything when it is up again", async (t) => {
  const world = await openWorld(t);
  const subscription = await world.subscribe("/hook");
  await world.receiver.goDown();
  const ids = await world.tokens(3);
  const [first] = await until(async () => {
    const all = await world.deliveries(subscription);
    return all.length === 3 && (all[0]?.attempts ?? 0) > 1 && all;
  });
  assert.equal(first?.lastResult, "no connection: ECONNREFUSED");
  await world.receiver.comeUp();
  await world.receiver.types(3);
  assert.deepEqual(toldTokens(world.receiver.events), ids);
});

test("receivers that do not answer delay nobody else", async (t) => {
  const world = await openWorld(t);
  const held = Promise.withResolvers<Record<string, never>>();
  t.after(() => held.resolve({}));
  world.receiver.answer(({ path }) => (path === "/quick" ? {} : held.promise));
  for (let i = 0; i < 20; i++) await world.subscribe(`/slow-${i}`);
  await world.subscribe("/quick");
  const ids = await world.tokens(5);
  await world.receiver.types(5);
  assert.deepEqual(toldTokens(world.receiver.events), ids);
  assert.ok(world.receiver.events.every(({ path }) => path === "/quick"));
});

test("an answer that does not come in time is a failure, and the next attempt has the same id and body", async (t) => {
  const world = await openWorld(t, { ...quick, timeoutMs: 300 });
  const held = Promise.withResolvers<Record<string, never>>();
  let calls = 0;
  world.receiver.answer(() => {
    calls += 1;
    return calls === 1 ? held.promise : {};
  });
  const subscription = await world.subscribe("/hook");
  await world.tokens(1);
  await world.receiver.types(1);
  held.resolve({});
  const [late, again] = await until(
    async () => world.receiver.received.length === 2 && world.receiver.received.toReversed(),
  );
  assert.deepEqual([late?.id, late?.body], [again?.id, again?.body]);
  const [delivery] = await settled(world, subscription);
  assert.deepEqual([delivery?.status, delivery?.attempts], ["delivered", 2]);
});

test("only 2xx is success, and nothing of an answer is kept but its status", async (t) => {
  const world = await openWorld(t, { ...quick, attempts: 2 });
  const statuses = [200, 201, 202, 204, 299, 304, 400, 401, 404, 429, 500, 503];
  world.receiver.answer(({ path }) => ({
    status: Number(path.slice(1)),
    ...(path === "/204" || path === "/304" ? {} : { body: "a secret of the receiver ".repeat(1000) }),
  }));
  const subscriptions = new Map<number, string>();
  for (const status of statuses) subscriptions.set(status, await world.subscribe(`/${status}`));
  await world.tokens(1);
  for (const [status, subscription] of subscriptions) {
    const [delivery] = await settled(world, subscription);
    assert.equal(delivery?.status, status < 300 ? "delivered" : "dead", String(status));
    assert.equal(delivery?.attempts, status < 300 ? 1 : 2);
    assert.equal(delivery?.lastResult, `status ${status}`);
  }
});

test("WEB-01 FD-13 no redirect is followed", async (t) => {
  const world = await openWorld(t, { ...quick, attempts: 2 });
  world.receiver.answer(({ path }) => ({
    status: Number(path.slice(1)),
    headers: { location: `${world.receiver.url}/target` },
  }));
  for (const status of [301, 302, 303, 307, 308]) {
    const subscription = await world.subscribe(`/${status}`);
    await world.tokens(1);
    const [delivery] = await settled(world, subscription);
    assert.deepEqual([delivery?.status, delivery?.lastResult], ["dead", `status ${status}`]);
  }
  assert.ok(world.receiver.received.every(({ path }) => path !== "/target"));
});

test("WEB-01 FD-13 without leave for private networks no private address is connected to, by number or by name", async (t) => {
  let connections = 0;
  const canary = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
  t.after(() => canary.close());
  const address = canary.address();
  assert.ok(typeof address === "object" && address !== null);
  const world = await openWorld(t, { ...quick, attempts: 1 });
  // The world's own node is lenient: only the strict one runs.
  const strict = world.node({ ...quick, attempts: 1 }, false);
  assert.equal(world.dispatcher, strict);
  const hosts = ["127.0.0.1", "localhost", "[::1]", "2130706433", "169.254.169.254", "[::ffff:127.0.0.1]"];
  const urls = [
    `http://127.0.0.1:${address.port}/`,
    ...hosts.map((host) => `https://${host}:${address.port}/`),
  ];
  const subscriptions: string[] = [];
  for (const url of urls) subscriptions.push(await world.subscribe(url));
  await world.tokens(1);
  for (const subscription of subscriptions) {
    const [delivery] = await settled(world, subscription);
    assert.equal(delivery?.status, "dead");
    assert.match(delivery.lastResult ?? "", /private address|only https/);
  }
  assert.equal(connections, 0);
});

test("after the last attempt a delivery is dead and the next one goes; about three days on the clock", async (t) => {
  const world = await openWorld(t, { ...webhookSchedule, pollMs: 50 });
  let down = true;
  world.receiver.answer(() => ({ status: down ? 500 : 204 }));
  const began = world.now();
  const subscription = await world.subscribe("/hook");
  const [first, second] = await world.tokens(2);
  const state = async (): Promise<Delivery> => {
    const [delivery] = await world.deliveries(subscription);
    assert.ok(delivery !== undefined);
    return delivery;
  };
  for (let attempts = 1; attempts <= webhookSchedule.attempts; attempts++) {
    const seen = await until(async () => {
      const [delivery] = await world.deliveries(subscription);
      return delivery?.attempts === attempts && delivery;
    });
    if (seen.status === "pending") world.later(seen.nextAttemptMs - world.now() + 1);
  }
  const dead = await state();
  assert.deepEqual([dead.status, dead.attempts], ["dead", webhookSchedule.attempts]);
  const days = (world.now() - began) / 86_400_000;
  assert.ok(days > 2.4 && days < 3.8, `${days} days`);
  down = false;
  world.later(webhookSchedule.mostMs);
  await world.receiver.types(1);
  assert.deepEqual(toldTokens(world.receiver.events), [second]);

  assert.equal(await world.store.resendDelivery(dead.id, world.now()), true);
  world.dispatcher.wake();
  await world.receiver.types(2);
  assert.deepEqual(toldTokens(world.receiver.events), [second, first]);
  assert.equal(world.receiver.events[1]?.id, formatId("delivery", dead.id));
  const [again] = await settled(world, subscription);
  assert.equal(again?.status, "delivered");
});

test("Retry-After is honoured: nothing is sent before", async (t) => {
  const world = await openWorld(t, { ...quick, mostMs: 7_200_000 });
  world.receiver.answer(() => ({ status: 503, headers: { "retry-after": "3600" } }));
  const subscription = await world.subscribe("/hook");
  await world.tokens(1);
  const [delivery] = await until(async () => {
    const all = await world.deliveries(subscription);
    return all[0]?.attempts === 1 && all;
  });
  assert.ok((delivery?.nextAttemptMs ?? 0) - world.now() > 3_500_000);
  world.receiver.answer(() => ({}));
  world.later(3_600_000);
  await world.receiver.types(1);
});

test("410 Gone ends the subscription: what was on its way is given up, and nothing is made any more", async (t) => {
  const world = await openWorld(t);
  const gone = Promise.withResolvers<{ status: number }>();
  world.receiver.answer(() => gone.promise);
  const subscription = await world.subscribe("/hook");
  await world.tokens(3);
  await until(async () => (await world.deliveries(subscription)).length === 3);
  gone.resolve({ status: 410 });
  const all = await until(async () => {
    const found = await settled(world, subscription);
    return found.length === 4 && found;
  });
  assert.deepEqual(
    all.map(({ type, status, lastResult }) => [type, status, lastResult]),
    [
      ["token.revoked", "dead", "status 410"],
      ["token.revoked", "dead", "not sent: the endpoint is gone"],
      ["token.revoked", "dead", "not sent: the endpoint is gone"],
      ["subscription.cancelled", "dead", "status 410"],
    ],
  );
  assert.equal(JSON.parse(all[3]?.body ?? "").data.reason, "endpoint_gone");
  await world.tokens(1);
  const heard = await world.subscribe("/other");
  world.receiver.answer(() => ({}));
  await world.tokens(1);
  await settled(world, heard);
  assert.equal((await world.deliveries(subscription)).length, 4);
});

test("a stop waits for what is under way as long as it may, and what did not arrive is sent by the next start", async (t) => {
  const world = await openWorld(t);
  const held = Promise.withResolvers<Record<string, never>>();
  let calls = 0;
  world.receiver.answer(() => {
    calls += 1;
    return calls === 1 ? held.promise : {};
  });
  const subscription = await world.subscribe("/hook");
  await world.tokens(1);
  await until(async () => calls === 1);
  await world.dispatcher.stop();
  const [cut] = await world.deliveries(subscription);
  assert.deepEqual([cut?.status, cut?.lastResult], ["pending", "the server stopped"]);
  world.node();
  await world.receiver.types(1);
  held.resolve({});
  assert.equal(world.receiver.events[0]?.id, formatId("delivery", cut?.id ?? ""));
});

test("several nodes on one store send every event once", async (t) => {
  const world = await openWorld(t);
  world.node();
  world.node();
  await world.subscribe("/hook");
  await world.subscribe("/other");
  const ids = await world.tokens(20);
  await world.receiver.types(40);
  for (const path of ["/hook", "/other"])
    assert.deepEqual(toldTokens(world.receiver.received.filter((one) => one.path === path)), ids);
});

test("a grant at its end takes its subscription along", async (t) => {
  const world = await openWorld(t);
  const binding = { ...grantBinding(world.store), expiresAt: Math.floor(Date.now() / 1000) + 3600 };
  const subscription = await world.subscribe("/hook", { binding });
  await world.tokens(1, { grantId: binding.grantId });
  await world.receiver.types(1);
  world.later(3_700_000);
  assert.deepEqual(await world.receiver.types(2), ["token.revoked", "subscription.cancelled"]);
  assert.equal(world.receiver.events[1]?.data.reason, "grant_expired");
  assert.notEqual((await world.store.findSubscription(subscription))?.cancelledBy, undefined);
});

test("the order that ends a subscription is told last and once, however it falls between reads", async (t) => {
  const world = await openWorld(t);
  for (let round = 0; round < 15; round++) {
    const binding = { ...grantBinding(world.store), subject: `usr_${round}` };
    const about = { grantId: binding.grantId };
    const path = `/round-${round}`;
    await world.subscribe(path, { binding, events: ["token.revoked"] });
    const subject = { name: "subject", issuer, value: binding.subject } as const;
    const burst = () => Array.from({ length: 10 }, () => world.order(tokenUnit(), { about }));
    const [end, ...orders] = await Promise.all([
      world.order(subject, { reason: "user_disabled" }),
      ...burst(),
      ...burst(),
    ]);
    const told = await until(async () => {
      const events = world.receiver.events.filter((one) => one.path === path);
      return events.at(-1)?.type === "subscription.cancelled" && events;
    });
    const before = orders.map(({ seq }) => seq).filter((seq) => seq < end.seq);
    assert.deepEqual(
      told.map(({ data }) => data.seq),
      [...before.sort((a, b) => a - b), end.seq],
    );
    assert.equal(told.at(-1)?.data.reason, "user_disabled");
  }
});

test("records that nobody hears of move no cursor on disk, until they are many; nothing is lost by it", async (t) => {
  const world = await openWorld(t);
  const subscription = await world.subscribe("/hook", { binding: { kind: "client", clientId: "shop" } });
  const start = (await world.store.findSubscription(subscription))?.cursor ?? 0;
  const record = { action: "client.updated", actor: { kind: "admin", id: "a" }, content: {} } as const;
  const records = (count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, () => world.store.recordAudit({ ...record, atMs: Date.now() })),
    );
  await records(1500);
  const [first] = await world.tokens(1, { clientId: "shop" });
  await world.receiver.types(1);
  const moved = (await world.store.findSubscription(subscription))?.cursor ?? 0;
  assert.ok(moved > start + 1000, "an event moves it");
  await records(1000);
  const [second] = await world.tokens(1, { clientId: "other" });
  await records(1500);
  world.dispatcher.wake();
  await until(async () => ((await world.store.findSubscription(subscription))?.cursor ?? 0) > moved + 1000);
  const [third] = await world.tokens(1, { clientId: "shop" });
  await world.receiver.types(2);
  assert.deepEqual(toldTokens(world.receiver.events), [first, third]);
  assert.ok(second !== undefined);
});
