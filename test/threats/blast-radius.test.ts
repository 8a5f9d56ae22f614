// Reach, in both directions: after every order, of any unit and by any way, exactly the tokens that the cascade table
// names are dead. The model below is written from DESIGN.md section 3 and shares no code with the server.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { basic, type RegisteredClient, startTestServer } from "../running-server.ts";
import { randomFrom, rounds, seed } from "../seed.ts";

// Finders of leaked tokens are told apart by the address that a proxy names.
const server = await startTestServer(["--trusted-proxies", "127.0.0.1"]);
after(() => server.close());

interface Held {
  readonly text: string;
  readonly kind: "access" | "refresh";
  readonly tokenId: string;
  readonly clientId: string;
  readonly subject: string;
  readonly grantId: string | undefined;
  readonly keyId: string | undefined;
  dead: boolean;
  suspended: boolean;
}

interface World {
  readonly clients: readonly RegisteredClient[];
  readonly secondSecrets: ReadonlyMap<string, string>;
  readonly subjects: readonly string[];
  readonly held: Held[];
}

type Pick = <Item>(items: readonly Item[]) => Item;

async function settle(round: number): Promise<World> {
  const clients = await Promise.all(
    ["jwt", "opaque", "jwt"].map((access_token_format) => server.registerClient({ access_token_format })),
  );
  const secondSecrets = new Map<string, string>();
  for (const { client_id } of clients) {
    const { json } = await server.admin("POST", `/admin/v1/clients/${client_id}/keys`);
    secondSecrets.set(client_id, String(json.client_secret));
  }
  return {
    clients,
    secondSecrets,
    subjects: ["a", "b", "c"].map((name) => `usr_${round}_${name}`),
    held: [],
  };
}

async function hold(world: World, text: unknown, kind: Held["kind"]): Promise<void> {
  const { json } = await server.form("/oauth2/introspect", { token: String(text) }, admin);
  assert.equal(json.active, true, "a new token lives");
  world.held.push({
    text: String(text),
    kind,
    tokenId: String(json.jti),
    clientId: String(json.client_id),
    subject: String(json.sub),
    grantId: json.grant_id as string | undefined,
    keyId: json.key_id as string | undefined,
    dead: false,
    suspended: false,
  });
}

const admin = { client_id: "admin", client_secret: server.adminSecret };

/** Issues by client credentials with either key, or a grant, refreshed with either key or not at all. */
async function issue(world: World, pick: Pick): Promise<void> {
  const client = pick(world.clients);
  const client_secret = pick([client.client_secret, world.secondSecrets.get(client.client_id) ?? ""]);
  const caller = { ...client, client_secret };
  if (pick([true, false, false])) return hold(world, await server.clientToken(caller), "access");
  const opened = await server.openGrant(client, pick(world.subjects));
  await hold(world, opened.access_token, "access");
  if (pick([true, false])) return hold(world, opened.refresh_token, "refresh");
  const form = { grant_type: "refresh_token", refresh_token: String(opened.refresh_token) };
  const { json } = await server.form("/oauth2/token", form, caller);
  await hold(world, json.access_token, "access");
  await hold(world, json.refresh_token, "refresh");
}

type Covers = (held: Held) => boolean;

/** Orders one revocation by a random way; what it should cover. */
async function order(world: World, pick: Pick): Promise<Covers> {
  const target = pick(world.held);
  const owner = world.clients.find(({ client_id }) => client_id === target.clientId) ?? pick(world.clients);
  const sameGrant: Covers = (held) => held.grantId !== undefined && held.grantId === target.grantId;
  const sameToken: Covers = (held) => held === target;
  const samePair: Covers = (held) => held.subject === target.subject && held.clientId === target.clientId;
  const isUsers = target.grantId !== undefined;

  const way = pick(["client", "client", "administrator", "administrator", "finder", "tool", "grant"]);
  if (way === "finder") {
    await reportLeaked(target);
    return target.kind === "refresh" ? sameGrant : sameToken;
  }
  if (way === "tool" && isUsers) {
    const sub_id = { format: "opaque", id: target.subject };
    const { status } = await server.admin("POST", "/global-token-revocation", { sub_id });
    assert.equal(status, 204);
    return (held) => held.subject === target.subject;
  }
  if (way === "grant" && isUsers) {
    const { status } = await server.admin("DELETE", `/grants/${target.grantId}`);
    assert.equal(status, 204);
    return sameGrant;
  }
  if (way === "client") {
    const cascade = pick(["token", "grant", "subject_client"]);
    const { status } = await server.request("/oauth2/revoke", {
      method: "POST",
      headers: { authorization: basic(owner.client_id, owner.client_secret) },
      body: new URLSearchParams({ token: target.text, cascade }),
    });
    assert.equal(status, 200);
    if (cascade === "subject_client") return samePair;
    const wholeGrant = isUsers && (cascade === "grant" || target.kind === "refresh");
    return wholeGrant ? sameGrant : sameToken;
  }
  const choices: [object, Covers][] = [
    [{ token: target.text }, target.kind === "refresh" ? sameGrant : sameToken],
    [{ client_id: target.clientId }, (held) => held.clientId === target.clientId],
    [{ subject: target.subject, client_id: target.clientId }, samePair],
  ];
  if (target.kind === "access") choices.push([{ token_id: target.tokenId }, sameToken]);
  if (isUsers) choices.push([{ grant_id: target.grantId }, sameGrant]);
  if (isUsers) choices.push([{ subject: target.subject }, (held) => held.subject === target.subject]);
  if (target.keyId !== undefined)
    choices.push([{ key_id: target.keyId }, (held) => held.keyId === target.keyId]);
  const [select, covers] = pick(choices);
  const answer = await server.admin("POST", "/admin/v1/revocations", { select });
  assert.equal(answer.status, 201, answer.text);
  return covers;
}

let finders = 0;

async function reportLeaked(target: Held): Promise<void> {
  finders += 1;
  const address = `203.0.${Math.floor(finders / 250) % 250}.${1 + (finders % 250)}`;
  const { status } = await server.request("/leaked-tokens", {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": address },
    body: JSON.stringify({ tokens: [target.text, "unknown"] }),
  });
  assert.equal(status, 202);
}

async function assertStates(world: World, after: string): Promise<void> {
  const states = await Promise.all(world.held.map(({ text }) => server.introspect(text)));
  for (const [index, held] of world.held.entries()) {
    const expected = !(held.dead || held.suspended);
    const { text: _text, ...facts } = held;
    assert.equal(states[index]?.active, expected, `seed ${seed}, ${after}: ${JSON.stringify(facts)}`);
  }
}

test("RV-05, RV-10 every order ends exactly what the cascade table says, and no order revives anything", async () => {
  const random = randomFrom(seed);
  const pick: Pick = (items) => {
    const item = items[Math.floor(random() * items.length)];
    assert.ok(item !== undefined);
    return item;
  };
  for (let round = 0; round < rounds(3, 100); round++) {
    const world = await settle(round);
    for (let i = 0; i < 6; i++) await issue(world, pick);
    for (let step = 0; step < 12; step++) {
      const covers = await order(world, pick);
      for (const held of world.held) if (covers(held)) held.dead = true;
      await assertStates(world, `round ${round} step ${step}`);
      await issue(world, pick);
    }
  }
});

test("RV-05 suspending and approving a client or key takes and gives back exactly its tokens", async () => {
  const random = randomFrom(seed + 1);
  const pick: Pick = (items) => {
    const item = items[Math.floor(random() * items.length)];
    assert.ok(item !== undefined);
    return item;
  };
  for (let round = 0; round < rounds(2, 50); round++) {
    const world = await settle(1000 + round);
    for (let i = 0; i < 8; i++) await issue(world, pick);
    for (let step = 0; step < 6; step++) {
      const { clientId, keyId } = pick(world.held);
      const byKey = keyId !== undefined && pick([true, false]);
      const unit = byKey ? `/admin/v1/keys/${keyId}` : `/admin/v1/clients/${clientId}`;
      const belongs: Covers = (held) => (byKey ? held.keyId === keyId : held.clientId === clientId);
      assert.equal((await server.admin("POST", `${unit}/revoke`)).json.status, "revoked");
      for (const held of world.held) if (belongs(held)) held.suspended = true;
      await assertStates(world, `${unit} suspended`);
      assert.equal((await server.admin("POST", `${unit}/approve`)).json.status, "approved");
      for (const held of world.held) if (belongs(held)) held.suspended = false;
      await assertStates(world, `${unit} approved`);
      const covers = await order(world, pick);
      for (const held of world.held) if (covers(held)) held.dead = true;
    }
  }
});
