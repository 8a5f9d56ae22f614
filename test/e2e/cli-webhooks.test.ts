// `rescind webhooks` and `rescind deliveries` against a running server and a real receiver.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { rescind } from "../../packages/cli/test/command.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { type Receiver, startReceiver } from "../webhook-receiver.ts";

let server: TestServer;
let receiver: Receiver;
let client: RegisteredClient;
let stopReceiver = async (): Promise<void> => undefined;

before(async () => {
  server = await startTestServer();
  receiver = await startReceiver((end) => {
    stopReceiver = end;
  });
  client = await server.registerClient();
});
after(() => Promise.all([server.close(), stopReceiver()]));

const run = (...args: string[]) => rescind([...args, "--data", server.data]);

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run(...args, "--json");
  assert.equal(status, 0, `rescind ${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}

async function items(...args: string[]): Promise<Record<string, unknown>[]> {
  return (await json(...args)).items as Record<string, unknown>[];
}

test("add prints the secret once; list, deliveries, resend and remove", async () => {
  const { grant_id } = await server.openGrant(client);
  const url = `${receiver.url}/hook`;
  const made = await json("webhooks", "add", url, "--grant", grant_id ?? "");
  assert.match(String(made.secret), /^whsec_/);
  const { secret, ...rest } = made;
  assert.deepEqual(await items("webhooks", "list", "--client", client.client_id), [rest]);
  await server.admin("POST", "/admin/v1/revocations", { select: { grant_id } });
  await receiver.types(2);
  const id = String(made.subscription_id);
  const sent = await until(async () => {
    const found = await items("deliveries", "list", "--subscription", id, "--status", "delivered");
    return found.length === 2 && found;
  });
  assert.deepEqual(
    sent.map(({ type }) => type),
    ["subscription.cancelled", "grant.revoked"],
  );
  const first = String(sent[1]?.delivery_id);
  await json("deliveries", "resend", first);
  await until(async () => receiver.received.filter((one) => one.id === first).length === 2);
  const { stdout } = await run("webhooks", "list");
  assert.match(stdout, /SUBSCRIPTION +STATUS +GRANT/);
  assert.match(stdout, new RegExp(`${id} +cancelled +${grant_id}`));
  assert.equal(stdout.includes(String(secret)), false);
  await until(async () => /grant\.revoked +delivered/.test((await run("deliveries", "list")).stdout));
});

test("events are chosen by name; remove ends a subscription", async () => {
  const url = `${receiver.url}/other`;
  const made = await json("webhooks", "add", url, "--events", "client.suspended,client.approved");
  assert.deepEqual(made.events, ["client.suspended", "client.approved"]);
  const { status, stdout } = await run("webhooks", "remove", String(made.subscription_id));
  assert.deepEqual([status, stdout], [0, `${made.subscription_id} is cancelled\n`]);
  const [found] = (await items("webhooks", "list")).filter(
    ({ subscription_id }) => subscription_id === made.subscription_id,
  );
  assert.equal(found?.status, "cancelled");
});

test("what the server refuses ends with 1 and names the field; wrong usage with 2", async () => {
  const refused = await run("webhooks", "add", "https://hooks.example/", "--events", "nothing.known");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /\/events\/0/);
  assert.equal((await run("webhooks", "add", "https://hooks.example/", "--client", "nobody")).status, 1);
  assert.equal((await run("webhooks", "add")).status, 2);
  assert.equal((await run("deliveries", "list", "--status", "lost")).status, 2);
  assert.equal((await run("deliveries", "resend", "evt_1")).status, 1);
});
