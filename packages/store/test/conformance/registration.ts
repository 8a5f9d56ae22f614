// Clients, keys, resources, signing keys: stored whole; every change raises the catalog, longer lives the maxima.

import assert from "node:assert/strict";
import { type ConsumerKey, lifetimes, type Resource } from "@rescind/core";
import type { SigningKeyRecord, Store } from "@rescind/store";
import { client } from "./facts.ts";
import { type Opener, promise } from "./suite.ts";

export function registration(open: Opener): void {
  promise("a client is found with its keys, as it was stored", open, async (store) => {
    const stored = client("client", {
      jwks: { keys: [{ kty: "EC" }] },
      accessTokenTtl: 600,
      customClaims: { a: [1, null] },
    });
    assert.equal(await store.createClient(stored, [key("key_1"), key("key_2")], 5000), true);
    const found = await store.findClient("client");
    assert.deepEqual(found.client, stored);
    assert.equal(found.createdAtMs, 5000);
    assert.deepEqual(
      found.keys.map(({ keyId }) => keyId),
      ["key_1", "key_2"],
    );
    assert.deepEqual(Buffer.from(found.keys[0]?.digest ?? []), Buffer.from(key("key_1").digest));
    const none = await store.findClient("nobody");
    assert.deepEqual([none.client, none.keys, none.createdAtMs], [undefined, [], undefined]);
  });

  promise("a client id is taken once; nothing changes for the others", open, async (store) => {
    const clients = Array.from({ length: 8 }, (_, index) =>
      client("client", {
        name: `${index}`,
        accessTokenTtl: 1000 + index,
        allowedOrigins: [`https://${index}.example`],
      }),
    );
    const outcomes = await Promise.all(
      clients.map((one, index) => store.createClient(one, [key(`key_${index + 1}`)], 0)),
    );
    assert.equal(outcomes.filter(Boolean).length, 1);
    const winner = outcomes.indexOf(true);
    const found = await store.findClient("client");
    assert.deepEqual(found.client, clients[winner]);
    assert.deepEqual(
      found.keys.map(({ keyId }) => keyId),
      [`key_${winner + 1}`],
    );
    assert.equal(found.head.longest.accessToken, 1000 + winner);
    assert.equal(found.head.catalog, 1);
    for (const index of clients.keys())
      assert.equal(await store.knowsOrigin(`https://${index}.example`), index === winner);
  });

  promise(
    "an update replaces the client and its origins, and an unknown one changes nothing",
    open,
    async (store) => {
      await store.createClient(
        client("client", { allowedOrigins: ["https://a.example"] }),
        [key("key_1")],
        0,
      );
      const changed = client("client", { name: "changed", allowedOrigins: ["https://b.example"] });
      assert.equal(await store.updateClient(changed, 1), true);
      const found = await store.findClient("client");
      assert.deepEqual([found.client, found.keys.length], [changed, 1]);
      assert.equal(await store.knowsOrigin("https://a.example"), false);
      assert.equal(await store.knowsOrigin("https://b.example"), true);
      const { catalog, longest } = await store.head();
      assert.equal(await store.updateClient(client("nobody", { accessTokenTtl: 80_000 }), 1), false);
      assert.deepEqual((await store.head()).longest, longest);
      assert.equal((await store.findClient("nobody")).client, undefined);
      assert.ok((await store.head()).catalog >= catalog);
    },
  );

  promise("keys are added to a client that is there, each id once", open, async (store) => {
    await store.createClient(client("client"), [], 0);
    assert.equal(await store.addConsumerKey(key("key_1"), 1), true);
    assert.equal(await store.addConsumerKey(key("key_1"), 2), false);
    assert.equal(await store.addConsumerKey({ ...key("key_2"), clientId: "nobody" }, 2), false);
    assert.equal((await store.findConsumerKey("key_1"))?.clientId, "client");
    assert.equal(await store.findConsumerKey("key_2"), undefined);
    assert.equal((await store.findClient("client")).keys.length, 1);
  });

  promise("clients are listed newest first, with their keys, by cursor", open, async (store) => {
    for (let index = 0; index < 5; index += 1)
      await store.createClient(
        client(`client_${index}`),
        [key(`key_${index + 1}`, `client_${index}`)],
        index,
      );
    const ids: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await store.listClients({ limit: 2, cursor });
      for (const { client: one, keys } of page.items) {
        ids.push(one.clientId);
        assert.equal(keys[0]?.clientId, one.clientId);
      }
      cursor = page.next;
    } while (cursor !== undefined);
    assert.deepEqual(ids, ["client_4", "client_3", "client_2", "client_1", "client_0"]);
  });

  promise("every change of a registration raises the catalog", open, async (store) => {
    await raises(store, () => store.createClient(client("client"), [], 0));
    await raises(store, () => store.updateClient(client("client"), 0));
    await raises(store, () => store.addConsumerKey(key("key_1"), 0));
    await raises(store, () => store.putResource(resource({}), 0));
    await raises(store, () => store.addSigningKey(signingKey("kid-1")));
    await raises(store, () => store.retireSigningKey("kid-1", 0));
  });

  promise("the longest lives begin at the defaults and only rise", open, async (store) => {
    const longest = async () => (await store.head()).longest;
    assert.deepEqual(await longest(), { accessToken: lifetimes.accessToken, grant: lifetimes.grant });
    await store.createClient(client("a", { accessTokenTtl: 3600 }), [], 0);
    await store.createClient(
      client("b", { accessTokenTtl: 60, refreshTokenTtl: lifetimes.grant + 1 }),
      [],
      0,
    );
    assert.deepEqual(await longest(), { accessToken: 3600, grant: lifetimes.grant + 1 });
    await store.updateClient(client("a", { accessTokenTtl: 60 }), 0);
    await store.putResource(resource({ accessTokenTtl: 7200 }), 0);
    assert.deepEqual(await longest(), { accessToken: 7200, grant: lifetimes.grant + 1 });
    await store.raiseLongest({ accessToken: 1, grant: 1 });
    assert.deepEqual(await longest(), { accessToken: 7200, grant: lifetimes.grant + 1 });
    await store.raiseLongest({ accessToken: 7201, grant: 1 });
    assert.deepEqual(await longest(), { accessToken: 7201, grant: lifetimes.grant + 1 });
  });

  promise("a resource is put, replaced and listed whole", open, async (store) => {
    await store.putResource(resource({ name: "first", scopes: ["a"] }), 0);
    const replaced = resource({ accessTokenFormat: "opaque" });
    await store.putResource(replaced, 1);
    const other = resource({ resource: "https://other.example" });
    await store.putResource(other, 1);
    assert.deepEqual(await store.listResources(), [replaced, other]);
  });

  promise("a signing key is listed whole, and once retired keeps its time", open, async (store) => {
    const stored = [
      signingKey("kid-1"),
      { ...signingKey("kid-2"), use: "feed", alg: "EdDSA", createdAtMs: 9 } as const,
    ];
    for (const one of stored) await store.addSigningKey(one);
    const listed = async () =>
      (await store.listSigningKeys()).map((one) => ({ ...one, sealed: new Uint8Array(one.sealed) }));
    assert.deepEqual(await listed(), stored);
    assert.equal(await store.retireSigningKey("kid-1", 100), true);
    assert.equal(await store.retireSigningKey("kid-1", 200), true);
    assert.equal(await store.retireSigningKey("nobody", 200), false);
    assert.deepEqual(
      (await listed()).map(({ retiredAtMs }) => retiredAtMs),
      [100, undefined],
    );
    await assert.rejects(store.addSigningKey(signingKey("kid-1")), { name: "StoreUnavailable" });
  });

  promise("foreign issuers are stored whole, by name, and replaced", open, async (store) => {
    const { longest, catalog } = await store.head();
    const first = { issuer: "https://b.example", jwksUri: "https://b.example/jwks", maxTokenTtl: 60 };
    const second = { ...first, issuer: "https://a.example", maxTokenTtl: longest.accessToken + 100 };
    await store.putIssuer(first, 1000);
    assert.deepEqual((await store.head()).longest, longest, "a shorter life raises nothing");
    await store.putIssuer(second, 2000);
    assert.equal((await store.head()).longest.accessToken, longest.accessToken + 100);
    await store.putIssuer({ ...first, jwksUri: "https://b.example/new" }, 3000);
    assert.deepEqual(await store.listIssuers(), [
      { ...second, createdAtMs: 2000 },
      { ...first, jwksUri: "https://b.example/new", createdAtMs: 1000 },
    ]);
    assert.equal((await store.head()).catalog, catalog + 3);
  });

  promise("the same secret gets another digest, if the one it had is still stored", open, async (store) => {
    await store.createClient(client("client"), [key("key_1")], 0);
    const { catalog } = await store.head();
    const [to, other] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)];
    const from = key("key_1").digest;
    const outcomes = await Promise.all([
      store.replaceKeyDigest("key_1", { from, to }),
      store.replaceKeyDigest("key_1", { from, to: other }),
    ]);
    assert.equal(outcomes.filter(Boolean).length, 1);
    const expected = outcomes[0] ? to : other;
    const stored = await store.findConsumerKey("key_1");
    assert.deepEqual([...(stored?.digest ?? [])], [...expected]);
    assert.ok((await store.head()).catalog > catalog);
    assert.equal(await store.replaceKeyDigest("key_9", { from, to }), false);
    assert.deepEqual((await store.findConsumerKey("key_1"))?.digest, stored?.digest);
  });

  promise("the longest staleness a lease was given for only rises", open, async (store) => {
    assert.equal(await store.longestStaleness(), 0);
    await Promise.all([5, 60, 10].map((seconds) => store.raiseLongestStaleness(seconds)));
    assert.equal(await store.longestStaleness(), 60);
    await store.raiseLongestStaleness(30);
    assert.equal(await store.longestStaleness(), 60);
  });
}

async function raises(store: Store, change: () => Promise<unknown>): Promise<void> {
  const { catalog } = await store.head();
  await change();
  assert.ok((await store.head()).catalog > catalog);
}

function key(keyId: string, clientId = "client"): ConsumerKey {
  return { keyId, clientId, digest: Buffer.from(keyId) };
}

function resource(facts: Partial<Resource>): Resource {
  return {
    resource: "https://api.example",
    name: undefined,
    scopes: [],
    accessTokenFormat: undefined,
    accessTokenTtl: undefined,
    accessTokenTyp: "at+jwt",
    signingAlg: "ES256",
    ...facts,
  };
}

function signingKey(kid: string): SigningKeyRecord {
  return {
    kid,
    use: "access",
    alg: "ES256",
    publicJwk: { kty: "EC", kid },
    sealed: new Uint8Array([1, 2, 3]),
    createdAtMs: 5,
    signsFromMs: 7,
    retiredAtMs: undefined,
  };
}
