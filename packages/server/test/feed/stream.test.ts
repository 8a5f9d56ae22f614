// The live stream over real sockets and a real log: who does not read is let go and costs nothing, who reads misses
// nothing, and a stream ends with the token it was opened with. THREATS FD-07, FD-09.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, get, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type AccessToken, formatId, type Unit } from "@rescind/core";
import { openStore, type Store } from "@rescind/store";
import { until } from "../../../../test/until.ts";
import { type FeedStream, feedStream } from "../../src/feed/stream.ts";
import { type Subscriber, subscriber } from "../../src/feed/subscriber.ts";
import { tokenHashing } from "../../src/keys/digest.ts";
import { orderOf } from "../../src/revocation/order.ts";
import { StandingEntries } from "../../src/tokens/standing.ts";

const issuer = "https://issuer.example";
const hashing = tokenHashing(undefined, new Uint8Array(32));

interface World {
  readonly url: string;
  readonly stream: FeedStream;
  readonly standing: StandingEntries;
  readonly store: Store;
  /** Seconds by which the server's clock is ahead. */
  ahead: number;
  /** Orders these units in one transaction and tells the subscribers. */
  order(units: readonly Unit[]): Promise<void>;
}

async function openWorld(t: TestContext): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "rescind-test-"));
  const store = await openStore(`sqlite:${join(folder, "rescind.db")}`);
  const standing = new StandingEntries(store, hashing.fingerprint);
  await standing.load();
  const now = (): number => Date.now() + world.ahead * 1000;
  const stream = feedStream({ standing, issuer }, now);
  // The path names the subscriber's client.
  const server = createServer((request, response) => {
    stream.add(subscriber(response, tokenOf(store, (request.url ?? "").slice(1))), standing.seq);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  t.after(async () => {
    stream.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const actor = { kind: "admin", id: "admin" } as const;
  const world: World = {
    url: `http://127.0.0.1:${port}`,
    stream,
    standing,
    store,
    ahead: 0,
    async order(units) {
      const facts = { actor, reason: "administrator", final: false, select: {} } as const;
      await store.revokeMany(
        units.map((unit) => orderOf({ unit, ...facts }, { hashing, now, store, issuer })),
      );
      await standing.reach(await store.head());
    },
  };
  return world;
}

function tokenOf(store: Store, clientId: string): AccessToken {
  const issuedAt = Math.floor(Date.now() / 1000);
  return {
    id: store.nextId(),
    clientId,
    subject: clientId,
    ...{ grantId: undefined, sessionId: undefined, keyId: undefined, kid: undefined },
    scopes: ["rescind:feed"],
    audience: [issuer],
    rev: 0,
    issuedAt,
    expiresAt: issuedAt + 900,
    ...{ grantIat: undefined, authTime: undefined, offline: false, lineage: [], claims: {} },
  };
}

function tokens(store: Store, count: number): Unit[] {
  return Array.from({ length: count }, () => ({
    name: "token",
    issuer,
    value: formatId("token", store.nextId()),
  }));
}

/** A subscriber that reads; the numbers it got, and how its stream ended. */
async function read(url: string): Promise<{ seqs: number[]; ended: Promise<void> }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(url, resolve).on("error", reject),
  );
  const seqs: number[] = [];
  let text = "";
  response.on("data", (piece) => {
    const lines = `${text}${piece}`.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("id: ")) seqs.push(Number.parseInt(line.slice(4), 10));
  });
  return {
    seqs,
    ended: new Promise((resolve) => response.on("close", resolve).on("error", () => undefined)),
  };
}

/** A subscriber that asks and does not read. */
async function sleep(t: TestContext, url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).pause();
  socket.on("error", () => undefined);
  t.after(() => socket.destroy());
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(`GET /asleep HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
  return socket;
}

test("FD-07 FAULTS 18 ten subscribers that do not read are let go; the others miss nothing, memory stays", async (t) => {
  const world = await openWorld(t);
  const awake = await Promise.all([1, 2, 3].map((n) => read(`${world.url}/reader-${n}`)));
  const asleep = await Promise.all(Array.from({ length: 10 }, () => sleep(t, world.url)));
  await until(async () => world.stream.subscribers === 13);
  const before = process.memoryUsage();
  let most = 0;
  let ordered = 0;
  while (world.stream.subscribers > 3) {
    await world.order(tokens(world.store, 1000));
    ordered += 1000;
    const { external, arrayBuffers } = process.memoryUsage();
    most = Math.max(most, external + arrayBuffers - before.external - before.arrayBuffers);
    assert.ok(ordered < 200_000, "they are never let go");
  }
  t.diagnostic(`let go after ${ordered} entries; buffers grew by ${(most / 2 ** 20).toFixed(1)} MiB at most`);
  await until(async () => awake.every(({ seqs }) => seqs.length === ordered));
  for (const { seqs } of awake)
    assert.deepEqual(
      seqs,
      Array.from({ length: ordered }, (_, index) => index + 1),
    );
  // Ten times a megabyte, if they shared nothing, and what the readers had not taken yet.
  assert.ok(most < 64 * 2 ** 20);
  let last = "";
  const [first] = asleep;
  assert.ok(first !== undefined);
  first.on("data", (piece) => {
    last = `${last}${piece}`.slice(-200);
  });
  const ended = new Promise((resolve) => first.once("close", resolve));
  first.resume();
  await ended;
  assert.match(last, /: dropped: too much was left unread; come back with Last-Event-ID\n\n$/);
});

test("D1 a thousand subscribers, whose turns others come between, get everything once and in order, also one that joins", async (t) => {
  const world = await openWorld(t);
  const texts: string[] = [];
  const listener = (name: string): Subscriber => {
    const at = texts.push("") - 1;
    return {
      token: tokenOf(world.store, name),
      isOpen: true,
      send: (bytes) => {
        texts[at] += String(bytes instanceof Uint8Array ? Buffer.from(bytes) : bytes);
      },
      readable: async () => undefined,
      end: () => undefined,
    };
  };
  for (let n = 0; n < 1000; n++) world.stream.add(listener(`reader-${n}`), world.standing.seq);
  for (let n = 0; n < 5; n++) {
    await world.order(tokens(world.store, 2));
    world.stream.add(listener(`late-${n}`), world.standing.seq);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seqsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)/gm)].map(([, seq]) => Number(seq));
  const all = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  // All but the last, who joined when nothing was to come.
  await until(async () => texts.slice(0, -1).every((text) => seqsOf(text).at(-1) === 10));
  for (const [at, text] of texts.entries())
    assert.deepEqual(seqsOf(text), at < 1000 ? all : all.slice(2 * (at - 999)));
});

test("FD-09 whoever is subscribed by a token of a revoked client ends with the entry that says so, nobody else", async (t) => {
  const world = await openWorld(t);
  const [ended, other] = [await read(`${world.url}/ended`), await read(`${world.url}/other`)];
  await until(async () => world.stream.subscribers === 2);
  await world.order([{ name: "client", issuer, value: "ended" }]);
  await ended.ended;
  assert.deepEqual(ended.seqs, [1], "the entry itself is the last thing it is told");
  await world.order(tokens(world.store, 2));
  await until(async () => other.seqs.length === 3);
  assert.equal(world.stream.subscribers, 1);
});

test("FD-09 a subscriber whose token expires is ended by the next comment", async (t) => {
  const world = await openWorld(t);
  const { ended, seqs } = await read(`${world.url}/expiring`);
  await until(async () => world.stream.subscribers === 1);
  world.ahead = 901;
  await ended;
  assert.deepEqual([seqs, world.stream.subscribers], [[], 0]);
});
