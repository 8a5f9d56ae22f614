// Webhooks and a process that dies: what was ordered is told after the next start, under one id, and nothing is lost. What
// is under way at a stop does not hold it up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomFrom, rounds, seed } from "../seed.ts";
import { type Receiver, startReceiver } from "../webhook-receiver.ts";
import { requireStatus, type ServerProcess, startServerProcess } from "./server-process.ts";
import { until } from "./until.ts";

async function subscribed(server: ServerProcess, receiver: Receiver, secrets: Map<string, string>) {
  const answer = await server.admin("POST", "/admin/v1/subscriptions", { url: `${receiver.url}/hook` });
  secrets.set("/hook", String(requireStatus(answer, 201).json.secret));
}

function toldOf(receiver: Receiver): string[] {
  return receiver.events.map(({ data }) => String((data.select as Record<string, unknown>).grant_id));
}

test("FAULTS 1 E1 a server killed between order and delivery tells every order after its start, each under one id", async (t) => {
  const secrets = new Map<string, string>();
  let end = async (): Promise<void> => undefined;
  const receiver = await startReceiver((release) => {
    end = release;
  }, secrets);
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  t.after(() => Promise.all([server.close(), end()]));
  t.diagnostic(`seed ${seed} (RESCIND_TEST_SEED)`);
  const random = randomFrom(seed);
  await subscribed(server, receiver, secrets);
  const client = await server.registerClient();
  const ordered: string[] = [];
  const kills = rounds(3, 40);
  for (let kill = 0; kill < kills; kill++) {
    // Some attempts are answered, some fail, some are held until the process is gone.
    const gone = Promise.withResolvers<Record<string, never>>();
    receiver.answer(() => (random() < 0.5 ? gone.promise : { status: random() < 0.5 ? 204 : 500 }));
    const grants = await Promise.all(
      Array.from({ length: 4 }, (_, i) => server.openGrant(client, `usr_${kill}_${i}`)),
    );
    for (const { grant_id } of grants) {
      requireStatus(await server.admin("POST", "/admin/v1/revocations", { select: { grant_id } }), 201);
      ordered.push(grant_id);
    }
    await server.kill();
    gone.resolve({});
    receiver.answer(() => ({}));
    await server.start();
  }
  await until("every order has been told", () => new Set(toldOf(receiver)).size === ordered.length, 90_000);
  assert.deepEqual(toldOf(receiver), ordered, "in the order in which they were answered");
  const ids = new Map<string, Set<string>>();
  for (const { id, data } of receiver.received) {
    const grant = JSON.stringify(data.select);
    ids.set(grant, (ids.get(grant) ?? new Set()).add(id));
  }
  for (const [grant, under] of ids) assert.equal(under.size, 1, `${grant} was told as ${[...under]}`);
});

test("a stop does not wait for a receiver that does not answer, and its event comes after the next start", async (t) => {
  const secrets = new Map<string, string>();
  let end = async (): Promise<void> => undefined;
  const receiver = await startReceiver((release) => {
    end = release;
  }, secrets);
  const server = await startServerProcess({ flags: ["--log-level", "warn"] });
  const held = Promise.withResolvers<Record<string, never>>();
  t.after(async () => {
    held.resolve({});
    await Promise.all([server.close(), end()]);
  });
  await subscribed(server, receiver, secrets);
  let asked = 0;
  receiver.answer(() => {
    asked += 1;
    return held.promise;
  });
  const client = await server.registerClient();
  const { grant_id } = await server.openGrant(client, "usr_alice");
  requireStatus(await server.admin("POST", "/admin/v1/revocations", { select: { grant_id } }), 201);
  await until("the attempt is under way", () => asked === 1);
  server.signal("SIGTERM");
  assert.deepEqual(await server.ended, { code: 0, signal: null });
  receiver.answer(() => ({}));
  server.disconnect();
  await server.start();
  await until("the event has come", () => receiver.events.length === 1);
  assert.deepEqual(toldOf(receiver), [grant_id]);
});
