// An exchanged token dies with every token it came from, whatever the unit by which that one dies, through eight
// exchanges, several clients, resources and formats, here and at verifiers; nothing else dies; and what is lifted comes
// back. DESIGN.md section 3, FAULTS C3, A6. What should be dead is worked out from what introspection said of each token,
// by code of the test's own.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { createVerifier, TokenRejected, type Verifier } from "@rescind/verifier";
import { exchanged, exchanger } from "../exchanges.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { type People, peopleOf, type SignedIn } from "../people.ts";
import { type RegisteredClient, startTestServer, type TestServer } from "../running-server.ts";
import { until } from "../until.ts";

const resources = ["https://orders.example", "https://mail.example", "https://files.example"];

interface Held {
  readonly name: string;
  readonly text: string;
  /** What introspection said of it, with `kid`, `sid` and whether it is of another issuer. */
  readonly facts: Readonly<Record<string, unknown>>;
  readonly parents: readonly Held[];
}

let server: TestServer;
let people: People;
let idp: IdentityProvider;
let verifier: Verifier;
/** In turn they exchange: JWTs and opaque tokens, for different resources. */
let hops: RegisteredClient[];
let [web, robot, bystanders]: RegisteredClient[] = [];
let [ann, bob, eve]: SignedIn[] = [];
const held: Held[] = [];

async function hold(name: string, text: string, ...parents: Held[]): Promise<Held> {
  const facts = await server.introspect(text);
  assert.equal(facts.active, true, `${name} lives`);
  const one = { name, text, facts, parents };
  held.push(one);
  return one;
}

/** Exchanges a token so many times in a row; at some levels somebody acts. */
async function chain(
  name: string,
  first: Held,
  clients: readonly RegisteredClient[],
  actors: Readonly<Record<number, Held>> = {},
): Promise<Held> {
  let last = first;
  for (const [index, client] of clients.entries()) {
    const actor = actors[index + 1];
    const more = actor === undefined ? {} : { actor_token: actor.text };
    const parents = actor === undefined ? [last] : [last, actor];
    last = await hold(`${name} ${index + 1}`, await exchanged(server, client, last.text, more), ...parents);
  }
  return last;
}

before(async () => {
  server = await startTestServer();
  people = await peopleOf(server);
  idp = await IdentityProvider.start();
  await idp.registerAt(server);
  const formats = ["jwt", "opaque", "jwt"];
  hops = await Promise.all(
    formats.map((access_token_format, index) =>
      exchanger(server, { access_token_format, audience: [resources[index]], scope: "read" }),
    ),
  );
  const audience = [resources[0]];
  [web, robot, bystanders] = [
    await people.client({ audience }),
    await server.registerClient({ audience }),
    await people.client({ audience }),
  ];
  [ann, bob, eve] = [await people.signIn(), await people.signIn(), await people.signIn()];
  const feed = await server.registerClient({ scope: "rescind:feed rescind:introspect", audience: resources });
  verifier = await createVerifier({
    ...{ issuer: server.issuer, audience: [...resources, server.issuer] },
    ...{ clientId: feed.client_id, clientSecret: feed.client_secret },
  });
  await fill();
});
after(async () => {
  await verifier.close();
  await people.close();
  await Promise.all([server.close(), idp.close()]);
});

async function tokenOf(
  client: RegisteredClient | undefined,
  person: SignedIn | undefined,
  more: string[] = [],
) {
  assert.ok(client !== undefined && person !== undefined);
  const [aud = ""] = resources;
  const facts = { scopes: ["openid", "read", ...more], audience: [aud] };
  return String((await people.tokens(client, person, facts)).access_token);
}

/** Nine hops in a circle, starting anywhere. */
const around = (start: number, count: number): RegisteredClient[] =>
  Array.from({ length: count }, (_, index) => hops[(start + index) % hops.length] ?? assert.fail());

async function fill(): Promise<void> {
  const anns = await hold("ann", await tokenOf(web, ann));
  const offline = await hold("ann offline", await tokenOf(web, ann, ["offline_access"]));
  const bobs = await hold("bob", await tokenOf(web, bob));
  const eves = await hold("eve", await tokenOf(bystanders, eve));
  assert.ok(robot !== undefined);
  const robots = await hold("robot", await server.clientToken(robot));
  const theirs = await hold(
    "foreign",
    await idp.sign({ aud: server.issuer, sub: "ann@idp", iat: hourAgo() }),
  );
  const bots = await hold(
    "foreign bot",
    await idp.sign({ aud: server.issuer, sub: "bot@idp", iat: hourAgo() }),
  );
  // Ann's token through eight exchanges; a robot acts at the third, another person at the fifth, a foreign bot at the last.
  const desk = await chain("bob, exchanged", bobs, around(1, 1));
  await chain("ann's", anns, around(0, 8), { 3: robots, 5: desk, 8: bots });
  await chain("ann's offline", offline, around(2, 3));
  await chain("robot's", robots, around(1, 4), { 2: anns });
  await chain("foreign's", theirs, around(0, 3), { 3: robots });
  await chain("eve's", eves, around(0, 2));
}

const hourAgo = (): number => Math.floor(Date.now() / 1000) - 200;

const isForeign = ({ facts }: Held): boolean => facts.iss !== server.issuer;
const isOwn = ({ facts }: Held): boolean => facts.sub === facts.client_id;
const isSubject = (one: Held, sub: unknown): boolean => !isOwn(one) && one.facts.sub === sub;

type Covers = (one: Held) => boolean;

/** Every unit that this token has, as an order selects it, and which tokens it covers by themselves. */
function unitsOf({ facts }: Held): [string, Record<string, unknown>, Covers][] {
  const ours =
    (name: string, covers: Covers): Covers =>
    (one) =>
      !isForeign(one) && one.facts[name] !== undefined && covers(one);
  const same = (name: string): Covers => ours(name, (one) => one.facts[name] === facts[name]);
  const { iss, jti, sub } = facts;
  if (iss !== server.issuer) {
    const theirs =
      (covers: Covers): Covers =>
      (one) =>
        one.facts.iss === iss && covers(one);
    return [
      ["issuer", { issuer: iss }, theirs(() => true)],
      ["issuer and subject", { issuer: iss, subject: sub }, theirs((one) => one.facts.sub === sub)],
      ["issuer and jti", { issuer: iss, jti }, theirs((one) => one.facts.jti === jti)],
    ];
  }
  const { client_id, grant_id, sid, key_id, kid } = facts;
  const units: [string, Record<string, unknown>, Covers][] = [
    ["token", { token_id: jti }, same("jti")],
    ["client", { client_id }, same("client_id")],
    [
      "subject and client",
      { subject: sub, client_id },
      ours("sub", (one) => one.facts.sub === sub && one.facts.client_id === client_id),
    ],
  ];
  if (sub !== client_id) units.push(["subject", { subject: sub }, ours("sub", (one) => isSubject(one, sub))]);
  if (grant_id !== undefined) units.push(["grant", { grant_id }, same("grant_id")]);
  if (sid !== undefined) units.push(["session", { session_id: sid }, same("sid")]);
  if (key_id !== undefined) units.push(["consumer key", { key_id }, same("key_id")]);
  if (kid !== undefined) units.push(["signing key", { kid }, same("kid")]);
  return units;
}

const named = (name: string): Held => held.find((one) => one.name === name) ?? assert.fail(name);

const line = (one: Held): Held[] => [one, ...one.parents.flatMap(line)];

async function liveHere(): Promise<string[]> {
  const states = await Promise.all(held.map(async ({ text }) => (await server.introspect(text)).active));
  return held.filter((_, index) => states[index] === true).map(({ name }) => name);
}

/** What the verifier accepts once it has heard of everything up to a number; foreign tokens are not for it here. */
async function liveThere(seq: number): Promise<string[]> {
  await until(async () => verifier.status().position.seq >= seq && verifier.status().freshness === "fresh");
  const verdicts = await Promise.all(
    held.map(async ({ text }) =>
      verifier.verify(text).then(
        () => "accepted",
        (cause: unknown) => (cause instanceof TokenRejected ? cause.code : String(cause)),
      ),
    ),
  );
  for (const verdict of verdicts)
    assert.ok(["accepted", "revoked", "inactive", "issuer"].includes(verdict), verdict);
  return held.filter((_, index) => verdicts[index] === "accepted").map(({ name }) => name);
}

async function assertLive(expected: readonly Held[], seq: unknown, what: string): Promise<void> {
  assert.deepEqual(
    await liveHere(),
    expected.map(({ name }) => name),
    `here, after ${what}`,
  );
  assert.deepEqual(
    await liveThere(Number(seq)),
    expected.filter((one) => !isForeign(one)).map(({ name }) => name),
    `at the verifier, after ${what}`,
  );
}

async function order(select: object, more: object = {}): Promise<Record<string, unknown>> {
  const { status, json, text } = await server.admin("POST", "/admin/v1/revocations", { select, ...more });
  assert.equal(status, 201, text);
  return json;
}

async function lift(id: unknown): Promise<Record<string, unknown>> {
  const { status, json, text } = await server.admin("POST", `/admin/v1/revocations/${id}/lift`);
  assert.equal(status, 200, text);
  return json;
}

describe("every unit of every token, ordered and lifted", () => {
  test("C3 A6 exactly its tokens and all that came from them are dead, and come back", async () => {
    await assertLive(held, 0, "nothing");
    const tried = new Set<string>();
    const kinds = new Set<string>();
    for (const one of held)
      for (const [kind, select, covers] of unitsOf(one)) {
        const key = JSON.stringify(select);
        if (tried.has(key)) continue;
        tried.add(key);
        kinds.add(kind);
        const { id, seq, affected } = await order(select);
        const left = held.filter((other) => !line(other).some(covers));
        await assertLive(left, seq, `${kind} of ${one.name}`);
        assertCounted(affected, left, `${kind} of ${one.name}`);
        const lifted = await lift(id);
        await assertLive(held, lifted.seq, `lifting ${kind} of ${one.name}`);
      }
    assert.equal(kinds.size, 11);
  });

  /** Tokens of ours that died by it; of another issuer's own tokens nobody here knows how many there are. */
  function assertCounted(affected: unknown, left: readonly Held[], what: string): void {
    const dead = held.filter((one) => !isForeign(one) && !left.includes(one)).length;
    const { access_tokens: counted, exact } = affected as Record<string, unknown>;
    // The administrator's and the verifier's own tokens are signed with the same key.
    if (what.startsWith("signing key")) assert.ok(Number(counted) >= dead, `counted after ${what}`);
    else if (exact === true) assert.equal(counted, dead, `counted after ${what}`);
    else assert.ok(Number(counted) <= dead, `counted after ${what}`);
  }

  test("before spares what was authorised later, by the earliest of the line; within the tolerance for foreign ones", async () => {
    const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
    const authorised = (one: Held): number =>
      Math.min(
        ...line(one).map((each) =>
          isForeign(each) ? Number(each.facts.iat) - 10 : Number(each.facts.grant_iat ?? each.facts.iat),
        ),
      );
    const [ann1, robot1, foreign1] = ["ann", "robot", "foreign"].map(named);
    for (const [kind, select, covers] of [ann1, robot1, foreign1].flatMap((one) =>
      unitsOf(one ?? assert.fail()),
    )) {
      if (!wide.includes(kind)) continue;
      const ages = held.filter((one) => line(one).some(covers)).map(authorised);
      for (const before of [Math.min(...ages) - 1, Math.min(...ages), Math.max(...ages) - 1]) {
        const { id, seq } = await order(select, { before: at(before) });
        const left = held.filter((one) => !line(one).some(covers) || authorised(one) > before);
        await assertLive(left, seq, `${kind} before ${before}`);
        await lift(id);
      }
    }
  });

  const wide = [
    ...["issuer", "issuer and subject", "subject", "client"],
    ...["session", "subject and client", "consumer key"],
  ];
});

describe("suspensions", () => {
  test("a suspended client or key of any ancestor: nothing that came through it lives, until it is approved", async () => {
    const suspendable: [string, unknown, Covers][] = [
      ...[web, robot, ...hops].map((client): [string, unknown, Covers] => [
        `/admin/v1/clients/${client?.client_id}`,
        client?.client_id,
        (one) => !isForeign(one) && one.facts.client_id === client?.client_id,
      ]),
      ...hops.map(({ keys }): [string, unknown, Covers] => [
        `/admin/v1/keys/${keys[0]?.key_id}`,
        keys[0]?.key_id,
        (one) => one.facts.key_id === keys[0]?.key_id,
      ]),
    ];
    for (const [path, id, covers] of suspendable) {
      const suspended = await server.admin("POST", `${path}/revoke`);
      assert.equal(suspended.status, 200, suspended.text);
      const left = held.filter((one) => !line(one).some(covers));
      await assertLive(left, suspended.headers.get("rescind-seq"), `suspending ${id}`);
      const approved = await server.admin("POST", `${path}/approve`);
      assert.equal(approved.status, 200, approved.text);
      const head = Number((await server.introspect(held[0]?.text ?? "")).head);
      await assertLive(held, head, `approving ${id}`);
    }
  });
});

describe("what cannot be taken back", () => {
  /** The order is made once; from then on `dead` stay dead. */
  const dead = new Set<Held>();
  async function endedBy(covers: Covers, act: () => Promise<unknown>, what: string): Promise<void> {
    const seq = await act();
    for (const one of held) if (line(one).some(covers)) dead.add(one);
    await assertLive(
      held.filter((one) => !dead.has(one)),
      seq,
      what,
    );
  }
  const revoke = (one: Held, client: RegisteredClient | undefined, cascade: string) => async () => {
    const { status, headers } = await server.form("/oauth2/revoke", { token: one.text, cascade }, client);
    assert.equal(status, 200);
    return headers.get("rescind-seq");
  };

  test("an exchanged token by its client (RFC 7009), as a token and as all the subject has there", async () => {
    const [last, third] = [named("ann's 8"), named("ann's 3")];
    await endedBy((one) => one === last, revoke(last, around(0, 8)[7], "token"), "the last of the chain");
    const fourth = named("ann's 4");
    await endedBy((one) => one === fourth, revoke(fourth, around(0, 4)[3], "grant"), "cascade=grant");
    assert.ok(!dead.has(third), "an exchanged token has no grant: its parents' are not its client's to end");
    await endedBy(
      ({ facts }) => facts.sub === third.facts.sub && facts.client_id === third.facts.client_id,
      revoke(third, around(0, 3)[2], "subject_client"),
      "cascade=subject_client",
    );
  });

  test("signing out ends what came from tokens of the session, but for offline_access", async () => {
    assert.ok(bob !== undefined && web !== undefined);
    const { id_token } = await people.tokens(web, bob);
    const signOut = async () => {
      const answer = await server.request(
        `/oauth2/logout?${new URLSearchParams({ id_token_hint: String(id_token) })}`,
        {
          headers: { cookie: `rescind_session=${bob?.cookie}` },
        },
      );
      return answer.headers.get("rescind-seq");
    };
    await endedBy(
      ({ facts }) => facts.sid === bob?.sessionId && facts.offline !== true,
      signOut,
      "bob signs out",
    );
  });

  test("a disabled person, everything at once", async () => {
    const disable = async () => {
      const { status, headers } = await server.admin("PATCH", `/admin/v1/users/${ann?.subject}`, {
        status: "disabled",
      });
      assert.equal(status, 200);
      return headers.get("rescind-seq");
    };
    await endedBy((one) => isSubject(one, ann?.subject), disable, "ann is disabled");
    const everything = async () => (await order({ all: true })).seq;
    await endedBy((one) => !isForeign(one), everything, "all");
  });
});
