// Exchanging while what is exchanged is revoked: nothing that came of it is live once both have answered, whatever the
// order on which the requests met. THREATS RV-14, FAULTS B4; 64 at a time.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { exchange, exchanged, exchanger } from "../exchanges.ts";
import { IdentityProvider } from "../identity-provider.ts";
import { type Answered, type RegisteredClient, startTestServer } from "../running-server.ts";
import { randomFrom, rounds, seed } from "../seed.ts";

const server = await startTestServer();
const idp = await IdentityProvider.start();
await idp.registerAt(server);
after(() => Promise.all([server.close(), idp.close()]));

const atOnce = 64;
const exchangers = await Promise.all(
  ["jwt", "opaque"].map((access_token_format) => exchanger(server, { access_token_format })),
);

async function isLive(token: unknown): Promise<boolean> {
  return (await server.introspect(String(token))).active === true;
}

interface Scene {
  readonly client: RegisteredClient;
  readonly subject: string;
  /** What is exchanged, and the actor's token. */
  readonly token: string;
  readonly actorToken: string;
  readonly refreshToken: string | undefined;
}

async function ownScene(round: number): Promise<Scene> {
  const access_token_format = round % 2 === 0 ? "jwt" : "opaque";
  const client = await server.registerClient({ access_token_format });
  const subject = `usr_race_${round}`;
  const { access_token = "", refresh_token } = await server.openGrant(client, subject);
  const actorToken = await server.clientToken(client);
  return { client, subject, token: access_token, actorToken, refreshToken: refresh_token };
}

async function foreignScene(round: number): Promise<Scene> {
  const subject = crypto.randomUUID();
  const iat = Math.floor(Date.now() / 1000) - (round % 3);
  const token = await idp.sign({ sub: subject, jti: subject, iat, aud: server.issuer });
  const client = await server.registerClient();
  return { client, subject, token, actorToken: await server.clientToken(client), refreshToken: undefined };
}

type Order = (scene: Scene) => Promise<Answered>;

const byAdmin = (select: (scene: Scene) => object | Promise<object>): Order => {
  return async (scene) => server.admin("POST", "/admin/v1/revocations", { select: await select(scene) });
};

const ownOrders: Readonly<Record<string, Order>> = {
  "the subject token": ({ client, token }) => server.form("/oauth2/revoke", { token }, client),
  "the actor token": ({ client, actorToken: token }) => server.form("/oauth2/revoke", { token }, client),
  "its grant": ({ client, refreshToken: token = "" }) => server.form("/oauth2/revoke", { token }, client),
  "its subject": byAdmin(({ subject }) => ({ subject })),
  "its client": byAdmin(({ client }) => ({ client_id: client.client_id })),
  "its subject and client": byAdmin(({ subject, client }) => ({ subject, client_id: client.client_id })),
  "the actor's key": byAdmin(({ client }) => ({ key_id: client.keys[0]?.key_id })),
  "its client, by suspending it": ({ client }) =>
    server.admin("POST", `/admin/v1/clients/${client.client_id}/revoke`),
};
const foreignOrders: Readonly<Record<string, Order>> = {
  "the foreign token": byAdmin(({ subject }) => ({ issuer: idp.issuer, jti: subject })),
  "the foreign subject": byAdmin(({ subject }) => ({ issuer: idp.issuer, subject })),
  "the foreign issuer": byAdmin(() => ({ issuer: idp.issuer })),
};

for (const [what, order] of Object.entries({ ...ownOrders, ...foreignOrders }))
  test(`RV-14 whatever exchanges in flight mint while ${what} is revoked is dead once all have answered`, async () => {
    const random = randomFrom(seed);
    for (let round = 0; round < rounds(1, 400); round++) {
      const scene = await (what in ownOrders ? ownScene(round) : foreignScene(round));
      const again = exchangers[round % 2] ?? assert.fail();
      const actor = { actor_token: scene.actorToken };
      const first = await exchange(server, again, scene.token, actor);
      const asked = [further(first)];
      let revoked: Promise<Answered> | undefined;
      const when = Math.floor(random() * atOnce);
      for (let index = 0; index < atOnce; index++) {
        if (index === when) revoked = order(scene);
        const by = exchangers[index % 2] ?? assert.fail();
        asked.push(exchange(server, by, scene.token, actor).then(further));
        for (let turns = Math.floor(random() * 3); turns > 0; turns--) await new Promise(setImmediate);
      }
      const answers = await Promise.all(asked);
      const ordered = (await revoked) ?? assert.fail();
      assert.ok([200, 201].includes(ordered.status), ordered.text);
      for (const { status, json, text } of answers)
        assert.ok(status === 200 || json.error === "invalid_request", text);
      const minted = [first, ...answers].map(({ json }) => json.access_token);
      const texts = minted.filter((text) => text !== undefined);
      const states = await Promise.all([...texts, scene.token, scene.actorToken].map(isLive));
      const live = states.slice(0, texts.length).filter(Boolean).length;
      assert.equal(live, 0, `${live} of ${texts.length} live: seed ${seed}, round ${round}`);
      const late = await exchange(server, again, scene.token, actor);
      assert.equal(late.json.error, "invalid_request");
      // An order of a whole issuer also covers, within the tolerance, what the next round would begin with.
      if (what in foreignOrders) await server.admin("POST", `/admin/v1/revocations/${ordered.json.id}/lift`);

      /** What was minted is exchanged again at once, by another client. */
      async function further(answer: Answered): Promise<Answered> {
        return answer.status === 200 ? exchange(server, again, answer.json.access_token) : answer;
      }
    }
  });

test("RV-14 an order that was answered before is seen by every exchange that begins after it", async () => {
  for (let round = 0; round < rounds(8, 4000); round++) {
    const scene = await ownScene(round);
    const [order] = [ownOrders["its subject"], ownOrders["its grant"]].slice(round % 2);
    const child = await exchanged(server, exchangers[0] ?? assert.fail(), scene.token);
    await order?.(scene);
    const answers = await Promise.all(
      exchangers.flatMap((by) => [exchange(server, by, scene.token), exchange(server, by, child)]),
    );
    for (const { json } of answers) assert.equal(json.error, "invalid_request", `round ${round}`);
  }
});

test("A6 what came from other tokens of the same people and clients lives through a storm of orders", async () => {
  const client = await server.registerClient();
  const [kept, ...ended] = await Promise.all(
    Array.from({ length: 17 }, () => server.openGrant(client, "usr_storm")),
  );
  const by = exchangers[0] ?? assert.fail();
  const children = await Promise.all(
    Array.from({ length: 16 }, () => exchanged(server, by, kept?.access_token)),
  );
  await Promise.all(
    ended.map(async ({ access_token, refresh_token = "" }) => {
      const child = await exchanged(server, by, access_token);
      await server.form("/oauth2/revoke", { token: refresh_token }, client);
      assert.equal(await isLive(child), false);
    }),
  );
  assert.ok(!(await Promise.all(children.map(isLive))).includes(false));
});
