// The device flow: RFC 8628, from the device's request to the end of its grant. The person is a browser without scripts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { deviceCodeGrant } from "@rescind/core";
import { browserWith, headingOf } from "../authorization.ts";
import { peopleOf } from "../people.ts";
import type { Page, Person } from "../person.ts";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

interface Device {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
}

function tv(more: Record<string, unknown> = {}): Promise<RegisteredClient> {
  return server.registerClient({
    name: "Television",
    grant_types: [deviceCodeGrant, "refresh_token"],
    scope: "openid email read write offline_access",
    ...more,
  });
}

const client = await tv();

async function ask(by = client, parameters: Record<string, string> = { scope: "read" }): Promise<Device> {
  const { status, json, text } = await server.form("/oauth2/device_authorization", parameters, by);
  assert.equal(status, 200, text);
  return json as unknown as Device; // parsing boundary: the answer's members are asserted below
}

function poll({ device_code }: Pick<Device, "device_code">, by = client): Promise<Answered> {
  return server.form("/oauth2/token", { grant_type: deviceCodeGrant, device_code }, by);
}

/** Types the code at /device and goes on to where the person is asked. */
async function enter(person: Person, userCode: string): Promise<Page> {
  return person.submit(await person.open(`${server.base}/device`), { user_code: userCode });
}

async function answer(person: Person, userCode: string, what: "allow" | "deny"): Promise<Page> {
  const page = await enter(person, userCode);
  assert.match(headingOf(page), /^Allow Television\?$/);
  return person.submit(page, { answer: what });
}

test("RFC 8628 3.2 a device gets two codes, where to type one, and how often to ask", async () => {
  const { status, headers, json } = await server.form("/oauth2/device_authorization", {}, client);
  assert.equal(status, 200);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.match(String(json.device_code), /^rdc_[0-9A-Za-z]{60}$/);
  assert.match(String(json.user_code), /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.equal(json.verification_uri, `${server.issuer}/device`);
  assert.equal(json.verification_uri_complete, `${server.issuer}/device?user_code=${json.user_code}`);
  assert.deepEqual([json.expires_in, json.interval], [600, 5]);
  const { json: metadata } = await server.request("/.well-known/openid-configuration");
  assert.equal(metadata.device_authorization_endpoint, `${server.issuer}/oauth2/device_authorization`);
  assert.ok((metadata.grant_types_supported as string[]).includes(deviceCodeGrant));
});

test("RFC 8628 3.5 until the person answers it is pending, then the device has its tokens, once", async () => {
  const device = await ask(client, { scope: "openid read offline_access" });
  const pending = await poll(device);
  assert.deepEqual([pending.status, pending.json.error], [400, "authorization_pending"]);
  const session = await people.signIn();
  const page = await answer(browserWith(server, session), device.user_code, "allow");
  assert.equal(headingOf(page), "Your device is connected");

  const { status, json, headers } = await poll(device);
  assert.equal(status, 200);
  assert.equal(headers.get("cache-control"), "no-store");
  assert.equal(json.scope, "openid read offline_access");
  assert.ok(json.id_token);
  const told = await server.introspect(String(json.access_token));
  assert.deepEqual([told.active, told.sub, told.sid], [true, session.subject, session.sessionId]);
  const refreshed = await server.form(
    "/oauth2/token",
    { grant_type: "refresh_token", refresh_token: String(json.refresh_token) },
    client,
  );
  assert.equal(refreshed.status, 200);
  const fresh = String(refreshed.json.access_token);
  assert.equal((await server.introspect(fresh)).active, true);

  const again = await poll(device);
  assert.deepEqual([again.status, again.json.error], [400, "invalid_grant"]);
  assert.ok(again.headers.get("rescind-seq"), "the second use ends what the first one made");
  assert.equal((await server.introspect(fresh)).active, false);
});

test("C1 of many requests at once for an allowed device one gets tokens, and they end with the others' replay", async () => {
  const device = await ask();
  await answer(browserWith(server, await people.signIn()), device.user_code, "allow");
  const answers = await Promise.all(Array.from({ length: 16 }, () => poll(device)));
  const won = answers.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  assert.ok(answers.every(({ status, json }) => status === 200 || json.error === "invalid_grant"));
  assert.equal((await server.introspect(String(won[0]?.json.access_token))).active, false);
});

test("RFC 8628 3.5 a device that asks too soon is told to slow down, by five seconds each time", async () => {
  const device = await ask();
  assert.equal((await poll(device)).json.error, "authorization_pending");
  const first = await poll(device);
  assert.equal(first.json.error, "slow_down");
  assert.match(String(first.json.error_description), /wait 10 seconds/);
  assert.match(String((await poll(device)).json.error_description), /wait 15 seconds/);
  await answer(browserWith(server, await people.signIn()), device.user_code, "allow");
  assert.equal((await poll(device)).status, 200, "nobody is kept waiting for tokens that are there");
});

test("RFC 8628 3.5 a no is final: the device hears it, and a yes comes too late", async () => {
  const device = await ask();
  const person = browserWith(server, await people.signIn());
  const asked = await enter(person, device.user_code);
  const page = await answer(person, device.user_code, "deny");
  assert.equal(headingOf(page), "Your device is not connected");
  assert.equal((await poll(device)).json.error, "access_denied");
  assert.equal(headingOf(await person.submit(asked, { answer: "allow" })), "No device waits any more");
  assert.equal((await poll(device)).json.error, "access_denied");
  assert.match((await enter(person, device.user_code)).text, /No device waits with this code/);
});

test("the code may be typed as people type: small letters, spaces, no hyphen; and by the link that brings it along", async () => {
  const person = browserWith(server, await people.signIn());
  for (const typed of [
    (code: string) => code.toLowerCase(),
    (code: string) => ` ${code.replace("-", " ")} `,
  ]) {
    const device = await ask();
    assert.equal(headingOf(await enter(person, typed(device.user_code))), "Allow Television?");
  }
  const device = await ask();
  const page = await person.open(device.verification_uri_complete);
  assert.equal(page.forms[0]?.fields.user_code, device.user_code);
  assert.match(page.text, /Go on only if your own device shows the same code/);
  assert.equal((await poll(device)).json.error, "authorization_pending", "opening the link allows nothing");
  assert.equal(headingOf(await person.submit(page, { user_code: device.user_code })), "Allow Television?");
});

test("RFC 8628 5.4 the person is always asked and told which device, even where consent was given before", async () => {
  const first = await tv({ first_party: true });
  const person = browserWith(server, await people.signIn());
  for (let round = 0; round < 2; round += 1) {
    const device = await ask(first);
    const page = await enter(person, device.user_code);
    assert.equal(headingOf(page), "Allow Television?");
    assert.ok(page.text.includes(device.user_code));
    assert.match(page.text, /if somebody sent you this code/);
    await person.submit(page, { answer: "allow" });
    assert.equal((await poll(device, first)).status, 200);
  }
});

test("somebody who is not signed in signs in on the way", async () => {
  const device = await ask();
  const page = await enter(browserWith(server), device.user_code);
  assert.match(headingOf(page), /Sign in/i);
  assert.equal((await poll(device)).json.error, "authorization_pending");
});

test("RFC 8628 5.1 wrong codes are limited by address; a mistyped one is explained", async () => {
  const own = await startTestServer();
  try {
    const person = browserWith(own);
    const type = async (user_code: string): Promise<Page> =>
      person.submit(await person.open(`${own.base}/device`), { user_code });
    assert.match((await type("hello")).text, /eight letters/);
    let page = await type("BBBB-BBBB");
    assert.equal(page.status, 400);
    for (let tries = 0; tries < 40 && page.status === 400; tries += 1) page = await type("BBBB-BBBB");
    assert.equal(page.status, 429);
    assert.ok(Number(page.headers.get("retry-after")) > 0);
  } finally {
    await own.close();
  }
});

test("WEB-01 a form for a code that another site sends, or that is not protected, begins nothing", async () => {
  const device = await ask();
  const person = browserWith(server, await people.signIn());
  const body = new URLSearchParams({ user_code: device.user_code });
  const plain = await person.open(`${server.base}/device`, { method: "POST", body });
  assert.equal(plain.status, 400);
  const headers = { "sec-fetch-site": "cross-site" };
  const across = await person.open(`${server.base}/device`, { method: "POST", body, headers });
  assert.equal(across.status, 403);
});

test("what a device may not ask is refused at once, naming the parameter", async () => {
  const refusals: [RegisteredClient, Record<string, string>, string, number][] = [
    [client, { scope: "admin" }, "invalid_scope", 400],
    [client, { scope: 'a"b' }, "invalid_scope", 400],
    [client, { resource: "https://other.example" }, "invalid_target", 400],
    [await people.client(), {}, "unauthorized_client", 400],
    [{ ...client, client_secret: "rcs_wrong" }, {}, "invalid_client", 401],
  ];
  for (const [by, parameters, error, status] of refusals) {
    const { status: got, json } = await server.form("/oauth2/device_authorization", parameters, by);
    assert.deepEqual([got, json.error], [status, error]);
  }
  const missing = await server.form("/oauth2/token", { grant_type: deviceCodeGrant }, client);
  assert.deepEqual(
    [missing.json.error, missing.json.error_description],
    ["invalid_request", "device_code is missing."],
  );
});

test("C4 a device code is its client's alone, and of its kind alone", async () => {
  const device = await ask();
  const other = await tv();
  assert.equal((await poll(device, other)).json.error, "invalid_grant");
  const asCode = await server.form(
    "/oauth2/token",
    { grant_type: "authorization_code", code: device.device_code },
    await people.client(),
  );
  assert.equal(asCode.json.error, "invalid_grant");
  await answer(browserWith(server, await people.signIn()), device.user_code, "allow");
  assert.equal((await poll(device, other)).json.error, "invalid_grant");
  const made = `${device.device_code.slice(0, -1)}${device.device_code.endsWith("0") ? "1" : "0"}`;
  assert.equal((await poll({ device_code: made })).json.error, "invalid_grant");
  const { status, headers } = await poll(device);
  assert.equal(status, 200, "nothing of this was a use");
  assert.equal(headers.get("rescind-seq"), null);
});

test("a public client without a secret uses the flow by its id", async () => {
  const open = await tv({ token_endpoint_auth_method: "none" });
  const by = { client_id: open.client_id };
  const asked = await server.form("/oauth2/device_authorization", { ...by, scope: "read" });
  assert.equal(asked.status, 200);
  const device = asked.json as unknown as Device; // as in `ask`
  await answer(browserWith(server, await people.signIn()), device.user_code, "allow");
  const { device_code } = device;
  const got = await server.form("/oauth2/token", { ...by, grant_type: deviceCodeGrant, device_code });
  assert.equal(got.status, 200);
});

test("RV-19 orders end device codes like everything that can become a token", async () => {
  const order = async (select: object): Promise<void> => {
    const { status, text } = await server.admin("POST", "/admin/v1/revocations", { select });
    assert.equal(status, 201, text);
  };
  const own = await tv();
  const waiting = await ask(own);
  await order({ client_id: own.client_id });
  assert.equal((await poll(waiting, own)).json.error, "invalid_grant");
  const person = browserWith(server, await people.signIn());
  assert.match((await enter(person, waiting.user_code)).text, /No device waits with this code/);

  type SignedIn = Awaited<ReturnType<typeof people.signIn>>;
  const units: ((by: RegisteredClient, who: SignedIn) => object)[] = [
    (by) => ({ client_id: by.client_id }),
    (_, who) => ({ subject: who.subject }),
    (by, who) => ({ subject: who.subject, client_id: by.client_id }),
    (_, who) => ({ session_id: who.sessionId }),
    () => ({ all: true }),
  ];
  for (const select of units) {
    const by = await tv();
    const who = await people.signIn();
    const allowed = await ask(by);
    await answer(browserWith(server, who), allowed.user_code, "allow");
    await order(select(by, who));
    assert.equal((await poll(allowed, by)).json.error, "invalid_grant", JSON.stringify(select(by, who)));
  }
});

test("a leaked device code: nobody can allow it any more, and what was allowed has ended", async () => {
  const report = async (text: string): Promise<void> => {
    const { status } = await server.request("/leaked-tokens", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tokens: [text] }),
    });
    assert.equal(status, 202);
  };
  const waiting = await ask();
  await report(waiting.device_code);
  assert.equal((await poll(waiting)).json.error, "access_denied");
  const used = await ask();
  await answer(browserWith(server, await people.signIn()), used.user_code, "allow");
  const { json } = await poll(used);
  await report(used.device_code);
  assert.equal((await server.introspect(String(json.access_token))).active, false);
});

test("a device code that nobody answered expires, and the page says so", async (context) => {
  const device = await ask();
  const person = browserWith(server, await people.signIn());
  const page = await enter(person, device.user_code);
  const began = Date.now();
  context.mock.timers.enable({ apis: ["Date"], now: began + 601_000 });
  assert.equal((await poll(device)).json.error, "expired_token");
  assert.equal(headingOf(await person.submit(page, { answer: "allow" })), "No device waits any more");
  assert.match((await enter(person, device.user_code)).text, /No device waits with this code/);
});
