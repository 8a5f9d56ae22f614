// Webhook subscriptions and deliveries in the admin API. CONTRACT.md section 5.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type RegisteredClient, startTestServer, type TestServer } from "../../../../test/running-server.ts";
import { until } from "../../../../test/until.ts";
import { type Receiver, startReceiver } from "../../../../test/webhook-receiver.ts";

let server: TestServer;
let strict: TestServer;
let client: RegisteredClient;
let receiver: Receiver;
let stopReceiver = async (): Promise<void> => undefined;
const secrets = new Map<string, string>();

before(async () => {
  [server, strict] = await Promise.all([
    startTestServer(),
    startTestServer(["--issuer", "https://as.example"]),
  ]);
  client = await server.registerClient();
  receiver = await startReceiver((end) => {
    stopReceiver = end;
  }, secrets);
});
after(() => Promise.all([server.close(), strict.close(), stopReceiver()]));

const subscriptions = "/admin/v1/subscriptions";
const deliveries = "/admin/v1/deliveries";
const url = "https://hooks.example/rescind";

const create = (body: object, headers: Record<string, string> = {}) =>
  server.admin("POST", subscriptions, body, headers);

/** A subscription of the client to a path of the receiver, with its secret known there. */
async function listenAt(path: string, more: object = {}): Promise<string> {
  const { status, json, text } = await create({
    url: receiver.url + path,
    client_id: client.client_id,
    ...more,
  });
  assert.equal(status, 201, text);
  secrets.set(path, String(json.secret));
  return String(json.subscription_id);
}

async function endToken(): Promise<void> {
  const { access_token } = await server.openGrant(client);
  const { status } = await server.form("/oauth2/revoke", { token: access_token ?? "" }, client);
  assert.equal(status, 200);
}

async function delivered(subscription_id: string, count: number): Promise<Record<string, unknown>[]> {
  return until(async () => {
    const { json } = await server.admin("GET", `${deliveries}?subscription_id=${subscription_id}`);
    const items = json.items as Record<string, unknown>[];
    return items.length >= count && items.every(({ status }) => status !== "pending") && items;
  });
}

describe("subscribing", () => {
  test("the secret is in the 201 and nowhere after it", async () => {
    const { status, json } = await create({ url });
    assert.equal(status, 201);
    const { subscription_id, secret, created_at, ...rest } = json;
    assert.match(String(subscription_id), /^sub_\d+$/);
    assert.match(String(secret), /^whsec_[A-Za-z0-9+/]{43}=$/);
    assert.ok(Math.abs(Date.parse(String(created_at)) - Date.now()) < 60_000);
    assert.deepEqual(rest, { url, events: [], status: "active" });
    const one = await server.admin("GET", `${subscriptions}/${subscription_id}`);
    assert.deepEqual(one.json, { subscription_id, created_at, ...rest });
    for (const path of [subscriptions, "/admin/v1/audit", deliveries]) {
      const { text } = await server.admin("GET", path);
      assert.equal(text.includes(String(secret).slice(6)), false, path);
    }
  });

  test("bound to a client or a grant, and lists by both", async () => {
    const own = await server.registerClient();
    const { grant_id } = await server.openGrant(own);
    const byClient = await create({ url, client_id: own.client_id, events: ["grant.revoked"] });
    const byGrant = await create({ url, grant_id });
    assert.deepEqual([byClient.json.client_id, byClient.json.grant_id], [own.client_id, undefined]);
    assert.deepEqual([byGrant.json.client_id, byGrant.json.grant_id], [own.client_id, grant_id]);
    assert.deepEqual(byClient.json.events, ["grant.revoked"]);
    const idsOf = async (query: string): Promise<unknown[]> => {
      const { json } = await server.admin("GET", `${subscriptions}?${query}`);
      return (json.items as Record<string, unknown>[]).map(({ subscription_id }) => subscription_id);
    };
    const [first, second] = [byClient.json.subscription_id, byGrant.json.subscription_id];
    assert.deepEqual(await idsOf(`grant_id=${grant_id}`), [second]);
    assert.deepEqual(await idsOf(`client_id=${own.client_id}`), [second, first]);
    assert.deepEqual(await idsOf(`client_id=${own.client_id}&limit=1`), [second]);
  });

  test("what is not live cannot be subscribed to", async () => {
    const own = await server.registerClient();
    const { grant_id } = await server.openGrant(own);
    await server.admin("POST", "/admin/v1/revocations", { select: { grant_id } });
    const ended = await create({ url, grant_id });
    assert.equal(ended.status, 409);
    assert.match(ended.text, /revoked/);
    await server.admin("POST", `/admin/v1/clients/${own.client_id}/revoke`);
    assert.equal((await create({ url, client_id: own.client_id })).status, 409);
    await server.admin("POST", `/admin/v1/clients/${own.client_id}/approve`);
    assert.equal((await create({ url, client_id: own.client_id })).status, 201);
  });

  test("bad input names the field and changes nothing", async () => {
    const count = async (): Promise<number> =>
      ((await server.admin("GET", `${subscriptions}?limit=1000`)).json.items as unknown[]).length;
    const before = await count();
    const { grant_id } = await server.openGrant(client);
    const bad: [object, RegExp][] = [
      [{}, /url/],
      [{ url: "not a url" }, /\/url/],
      [{ url: "ftp://hooks.example/" }, /\/url/],
      [{ url: "https://user:pass@hooks.example/" }, /\/url: .*user information/],
      [{ url, events: ["token.revoked", "nothing.known"] }, /\/events\/1/],
      [{ url, events: [] }, /\/events/],
      [{ url, events: ["token.revoked", "token.revoked"] }, /\/events/],
      [{ url, client_id: "nobody" }, /\/client_id: There is no client/],
      [{ url, grant_id: "gnt_1" }, /\/grant_id: There is no grant/],
      [{ url, grant_id, client_id: client.client_id }, /\/client_id: .*not to both/],
      [{ url, secret: "whsec_mine" }, /\/secret/],
    ];
    for (const [body, expected] of bad) {
      const { status, text } = await create(body);
      assert.equal(status, 400, JSON.stringify(body));
      assert.match(text, expected);
    }
    assert.equal(await count(), before);
  });

  test("WEB-01 FD-13 an https issuer's webhooks go to https and to no private address", async () => {
    const hosts = ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "2130706433", "[::ffff:127.0.0.1]"];
    const urls = ["http://hooks.example/", ...hosts.map((host) => `https://${host}/`)];
    for (const bad of urls) {
      const { status, text } = await strict.admin("POST", subscriptions, { url: bad });
      assert.equal(status, 400, bad);
      assert.match(text, /\/url/);
    }
    assert.equal((await strict.admin("POST", subscriptions, { url })).status, 201);
  });

  test("the same Idempotency-Key gets the same subscription and secret", async () => {
    const headers = { "idempotency-key": "webhook-1" };
    const [first, again] = [await create({ url }, headers), await create({ url }, headers)];
    assert.deepEqual([again.status, again.json], [201, first.json]);
    assert.equal((await create({ url: `${url}/other` }, headers)).status, 422);
  });

  test("WEB-04 reading takes rescind:read, everything else rescind:admin", async () => {
    const token = await server.tokenWithScope("rescind:revoke");
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const { json } = await create({ url });
    const ask = (method: string, path: string, body?: object) =>
      server.request(path, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    assert.equal((await ask("GET", subscriptions)).status, 200);
    assert.equal((await ask("GET", deliveries)).status, 200);
    assert.equal((await ask("POST", subscriptions, { url })).status, 403);
    assert.equal((await ask("POST", `${deliveries}/evt_1/resend`, {})).status, 403);
    const remove = await server.request(`${subscriptions}/${json.subscription_id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(remove.status, 403);
  });

  test("making and ending one is in the audit log, with who did it", async () => {
    const { json } = await create({ url, client_id: client.client_id });
    await server.admin("DELETE", `${subscriptions}/${json.subscription_id}`);
    for (const action of ["subscription.created", "subscription.cancelled"]) {
      const { json: found } = await server.admin("GET", `/admin/v1/audit?action=${action}&limit=1`);
      const [record] = found.items as { actor: object; content: Record<string, unknown> }[];
      assert.equal(record?.content.subscription_id, json.subscription_id, action);
      assert.deepEqual(record?.actor, { kind: "admin", id: "admin" });
    }
    const { records, broken_at } = (await server.admin("GET", "/admin/v1/audit/verification")).json;
    assert.ok(records === undefined || broken_at === undefined || broken_at === null);
  });
});

describe("deliveries", () => {
  test("what was sent is listed with its outcome, newest first", async () => {
    const subscription = await listenAt("/listed");
    await endToken();
    await endToken();
    const items = await delivered(subscription, 2);
    for (const item of items) {
      const { delivery_id, created_at, finished_at, event, ...rest } = item;
      assert.match(String(delivery_id), /^evt_\d+$/);
      assert.ok(Date.parse(String(finished_at)) >= Date.parse(String(created_at)));
      assert.equal((event as Record<string, unknown>).type, "token.revoked");
      assert.deepEqual(rest, {
        subscription_id: subscription,
        type: "token.revoked",
        status: "delivered",
        attempts: 1,
        last_result: "status 204",
      });
    }
    const seqs = items.map(({ event }) => (event as { data: { seq: number } }).data.seq);
    assert.ok((seqs[0] ?? 0) > (seqs[1] ?? 0));
    const { json } = await server.admin("GET", `${deliveries}?status=dead&subscription_id=${subscription}`);
    assert.deepEqual(json.items, []);
  });

  test("a delivery is sent again under the same id and body, also after its subscription has ended", async () => {
    const subscription = await listenAt("/again");
    await endToken();
    const [item] = await delivered(subscription, 1);
    const resend = () => server.admin("POST", `${deliveries}/${item?.delivery_id}/resend`);
    assert.equal((await resend()).status, 200);
    const arrivals = () => receiver.received.filter(({ id }) => id === item?.delivery_id);
    await until(async () => arrivals().length === 2);
    assert.equal(arrivals()[0]?.body, arrivals()[1]?.body);
    await server.admin("DELETE", `${subscriptions}/${subscription}`);
    await delivered(subscription, 2);
    assert.equal((await resend()).status, 200);
    await until(async () => arrivals().length === 3);
    const { json } = await server.admin("GET", "/admin/v1/audit?action=delivery.resent&limit=1");
    const [record] = json.items as { content: Record<string, unknown> }[];
    assert.equal(record?.content.delivery_id, item?.delivery_id);
  });

  test("one that is on its way, or unknown, is not sent again", async () => {
    const held = Promise.withResolvers<Record<string, never>>();
    receiver.answer(({ path }) => (path === "/held" ? held.promise : {}));
    const subscription = await listenAt("/held");
    await endToken();
    const item = await until(async () => {
      const { json } = await server.admin("GET", `${deliveries}?subscription_id=${subscription}`);
      return (json.items as Record<string, unknown>[])[0];
    });
    const answer = await server.admin("POST", `${deliveries}/${item.delivery_id}/resend`);
    assert.equal(answer.status, 409, answer.text);
    held.resolve({});
    await delivered(subscription, 1);
    receiver.answer(() => ({}));
    assert.equal((await server.admin("POST", `${deliveries}/evt_12345/resend`)).status, 404);
    assert.equal((await server.admin("POST", `${deliveries}/nonsense/resend`)).status, 400);
  });

  test("attempts are counted by outcome, without names", async () => {
    const subscription = await listenAt("/counted");
    await endToken();
    await delivered(subscription, 1);
    const { text } = await server.request("/metrics");
    assert.match(text, /rescind_webhook_deliveries_total\{outcome="delivered"\} [1-9]/);
    assert.match(text, /rescind_webhook_oldest_pending_seconds \d/);
    assert.equal(/sub_\d|evt_\d|hooks\.example/.test(text), false);
  });
});

describe("ending one", () => {
  test("DELETE ends it once and for all; repeating it is no error", async () => {
    const subscription = await listenAt("/deleted");
    for (let i = 0; i < 2; i++)
      assert.equal((await server.admin("DELETE", `${subscriptions}/${subscription}`)).status, 204);
    await endToken();
    const items = await delivered(subscription, 1);
    assert.deepEqual(
      items.map(({ type }) => type),
      ["subscription.cancelled"],
    );
    assert.equal((await server.admin("DELETE", `${subscriptions}/sub_12345`)).status, 404);
    assert.equal((await server.admin("GET", `${subscriptions}/sub_12345`)).status, 404);
  });
});
