// Square: any one token ends all of this app for this merchant, with the subscriptions bound to them, and a webhook says
// who did it.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type RegisteredClient, startTestServer } from "../running-server.ts";
import { until } from "../until.ts";
import { startReceiver } from "../webhook-receiver.ts";
import { comingFrom } from "./page.ts";
import { resource, startProtectedApi } from "./protected-api.ts";

const server = await startTestServer();
after(() => server.close());
const page = comingFrom("square", server);
const api = await startProtectedApi(server);
after(() => api.close());
const secrets = new Map<string, string>();
const receiver = await startReceiver((end) => after(end), secrets);
const client = await inventory();
const other = await inventory();
const credentials = { CLIENT_ID: client.client_id, CLIENT_SECRET: client.client_secret };

async function inventory(): Promise<RegisteredClient> {
  const { status, json, text } = await page.send("client");
  assert.equal(status, 201, text);
  await server.admin("PATCH", `/admin/v1/clients/${json.client_id}`, { audience: [resource] });
  return json as unknown as RegisteredClient; // the contract's ClientAnswer
}

test("Square: any one token ends all tokens of this app for this merchant, and no other's", async () => {
  for (const which of ["access_token", "refresh_token"] as const) {
    const merchant = `merchant_${which}`;
    const [one, two] = [await server.openGrant(client, merchant), await server.openGrant(client, merchant)];
    const [elsewhere, stranger] = [
      await server.openGrant(other, merchant),
      await server.openGrant(client, "m2"),
    ];
    await page.run("revoke", { ...credentials, ACCESS_TOKEN: one[which] });
    await api.refuses(two.access_token);
    assert.deepEqual(
      await api.calls(...[one, elsewhere, stranger].map(({ access_token }) => access_token)),
      [401, 200, 200],
    );
    assert.equal((await server.introspect(String(two.refresh_token))).active, false);
  }
});

test("Square: revoke_only_access_token narrows it to the token", async () => {
  const merchant = "merchant_narrow";
  const [one, two] = [await server.openGrant(client, merchant), await server.openGrant(client, merchant)];
  await page.run("only-access-token", { ...credentials, ACCESS_TOKEN: one.access_token });
  await api.refuses(one.access_token);
  assert.equal(await api.call(two.access_token), 200);
  assert.equal((await server.introspect(String(one.refresh_token))).active, true);
});

test("Square: by merchant without a token; a signed webhook says who, when and why; bound subscriptions end with it", async () => {
  const merchant = "merchant_hooks";
  const opened = await server.openGrant(client, merchant);
  const hook = await page.send("webhook", { URL: receiver.url, CLIENT_ID: client.client_id });
  const bound = await page.send("bound-webhook", { URL: receiver.url, GRANT_ID: opened.grant_id });
  for (const { status, text } of [hook, bound]) assert.equal(status, 201, text);
  secrets.set("/revoked", String(hook.json.secret));
  secrets.set("/inventory", String(bound.json.secret));
  const since = new Date().toISOString();
  await page.run("by-merchant", { MERCHANT: merchant, CLIENT_ID: client.client_id });
  const { items } = (await server.admin("GET", `/admin/v1/subscriptions?grant_id=${opened.grant_id}`)).json;
  assert.deepEqual(
    (items as { status: string }[]).map(({ status }) => status),
    ["cancelled"],
    "in the transaction of the order",
  );
  await api.refuses(opened.access_token);

  const told = (path: string) => receiver.events.filter((event) => event.path === path);
  const [revoked] = await until(async () => told("/revoked").length > 0 && told("/revoked"));
  assert.equal(revoked?.type, "grant.revoked");
  const { actor, reason, at, client_id, subject } = revoked?.data ?? {};
  assert.deepEqual(
    { actor, reason, client_id, subject },
    {
      actor: { kind: "admin", id: "admin" },
      reason: "user_request",
      client_id: client.client_id,
      subject: merchant,
    },
  );
  assert.ok(String(at) >= since && String(at) <= new Date().toISOString());
  const last = await until(async () =>
    told("/inventory").find(({ type }) => type === "subscription.cancelled"),
  );
  assert.equal(last.data.reason, "user_request");
});

test("Square: revoking an app's own token tells its webhook that the app did it", async () => {
  const opened = await server.openGrant(client, "merchant_actor");
  const before = receiver.events.length;
  await page.run("revoke", { ...credentials, ACCESS_TOKEN: opened.access_token });
  const event = await until(async () =>
    receiver.events.slice(before).find(({ data }) => data.subject === "merchant_actor"),
  );
  assert.deepEqual(event.data.actor, { kind: "client", id: client.client_id });
});

test("every block of the page was run", () => assert.deepEqual(page.unused(), []));
