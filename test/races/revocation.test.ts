// Revocation against issuing, 64 at a time: whatever is refreshed or redeemed while something it hangs on is
// revoked is dead once both have answered, whichever came first; what begins after the answer is decided by the order
// alone. The order starts at a random place among the requests. Exchanges are in test/threats/exchange-races.test.ts.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { peopleOf, type SignedIn } from "../people.ts";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";
import { randomFrom, rounds, seed } from "../seed.ts";

const server = await startTestServer();
const people = await peopleOf(server);
after(async () => {
  await people.close();
  await server.close();
});

const atOnce = 64;
const clients = await Promise.all(
  ["jwt", "opaque"].map((access_token_format) => people.client({ access_token_format })),
);

/** Whose tokens are being made: what orders can name. */
interface Target {
  readonly client: RegisteredClient;
  readonly subject: string;
  readonly grantId: string;
  readonly sessionId: string;
  readonly access: string;
  readonly refresh: string;
}

type Order = (target: Target) => Promise<Answered>;

function select(named: (target: Target) => Record<string, unknown>): Order {
  return (target) => server.admin("POST", "/admin/v1/revocations", { select: named(target) });
}

const bySubject = select(({ subject }) => ({ subject }));
const byPair = select(({ subject, client }) => ({ subject, client_id: client.client_id }));
const byGrant = select(({ grantId }) => ({ grant_id: grantId }));
const bySession = select(({ sessionId }) => ({ session_id: sessionId }));
const byClient: Order = ({ client, access }) =>
  server.form("/oauth2/revoke", { token: access, cascade: "subject_client" }, client);
const byRefreshToken: Order = ({ client, refresh }) =>
  server.form("/oauth2/revoke", { token: refresh }, client);

interface Race {
  readonly seed: string;
  readonly requests: readonly (() => Promise<Answered>)[];
  readonly order: () => Promise<Answered>;
}

/** Starts the order somewhere among the requests; the tokens that they gave, which must all be dead now. */
async function run({ seed: label, requests, order }: Race, random: () => number): Promise<void> {
  const place = Math.floor(random() * requests.length);
  const answers: Promise<Answered>[] = [];
  let ordered: Promise<Answered> | undefined;
  for (const [index, request] of requests.entries()) {
    if (index === place) ordered = order();
    answers.push(request());
    for (let turns = Math.floor(random() * 3); turns > 0; turns--) await new Promise(setImmediate);
  }
  const receipt = await ordered;
  assert.ok(receipt?.status === 200 || receipt?.status === 201, receipt?.text);
  const given: unknown[] = [];
  for (const { status, json, text } of await Promise.all(answers)) {
    assert.ok(status === 200 || status === 400, `${label}: ${status} ${text}`);
    if (status === 200) given.push(json.access_token, json.refresh_token);
  }
  const states = await Promise.all(
    given.filter((token) => token !== undefined).map((token) => server.introspect(String(token))),
  );
  assert.deepEqual(
    new Set(states.map(({ active }) => active)),
    new Set(given.length === 0 ? [] : [false]),
    label,
  );
}

async function target(client: RegisteredClient, person: SignedIn): Promise<Target> {
  const tokens = await people.tokens(client, person, { scopes: ["openid", "read"] });
  const access = String(tokens.access_token);
  const { grant_id } = await server.introspect(access);
  return {
    client,
    ...person,
    grantId: String(grant_id),
    access,
    refresh: String(tokens.refresh_token),
  };
}

function refreshed({ client, refresh }: Target): Promise<Answered> {
  return server.form("/oauth2/token", { grant_type: "refresh_token", refresh_token: refresh }, client);
}

function someOf<Item>(items: readonly Item[], index: number): Item {
  const item = items[index % items.length];
  assert.ok(item !== undefined);
  return item;
}

const wide = [bySubject, byPair, bySession, byClient];

test("RV-14 B4 of 64 grants refreshed around one wide order nothing outlives it, and what comes after it lives", async () => {
  const random = randomFrom(seed);
  for (let round = 0; round < rounds(8, 2500); round++) {
    const client = someOf(clients, round);
    const person = await people.signIn();
    const targets = await Promise.all(Array.from({ length: atOnce }, () => target(client, person)));
    const requests = targets.map((one) => () => refreshed(one));
    const order = () => someOf(wide, round >> 1)(someOf(targets, round));
    await run({ seed: `seed ${seed}, round ${round}`, requests, order }, random);
    const fresh = await people.tokens(client, await people.signIn((await personOf(person)).user), {
      scopes: ["openid", "read"],
    });
    assert.equal(
      (await server.introspect(String(fresh.access_token))).active,
      true,
      "A6: ordered before it began",
    );
  }
});

test("RV-14 RT-01 B1 B4 of 64 refreshes of one token around the end of its grant nothing outlives it", async () => {
  const random = randomFrom(seed + 1);
  for (let round = 0; round < rounds(12, 5000); round++) {
    const one = await target(someOf(clients, round), await people.signIn());
    const requests = Array.from({ length: atOnce }, () => () => refreshed(one));
    const order = () => someOf([byGrant, byRefreshToken, ...wide], round)(one);
    await run({ seed: `seed ${seed}, round ${round}`, requests, order }, random);
    assert.equal((await refreshed(one)).json.error, "invalid_grant");
  }
});

test("C3 B4 of 64 codes redeemed around an order on their person or session nothing outlives it", async () => {
  const random = randomFrom(seed + 3);
  for (let round = 0; round < rounds(6, 2500); round++) {
    const client = someOf(clients, round);
    const person = await people.signIn();
    const one = await target(client, person);
    const codes = await Promise.all(Array.from({ length: atOnce }, () => people.code(client, person)));
    const requests = codes.map((code) => () => people.redeem(client, code));
    const order = () => someOf([bySubject, byPair, bySession], round)(one);
    await run({ seed: `seed ${seed}, round ${round}`, requests, order }, random);
    const late = await Promise.all(codes.slice(0, 4).map((code) => people.redeem(client, code)));
    for (const { json } of late) assert.equal(json.error, "invalid_grant", "C1: used, or covered");
  }
});

async function personOf({ subject }: SignedIn) {
  return people.store.findUser(subject);
}
