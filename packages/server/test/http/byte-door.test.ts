// The door before node:http, side by side with node:http alone: the same bytes in, the same bytes out, however they are cut;
// and what becomes of a connection that is early, silent, slow to read, or open while the server stops.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { after, test } from "node:test";
import fc from "fast-check";
import { pino } from "pino";
import { rounds, seed } from "../../../../test/seed.ts";
import { until } from "../../../../test/until.ts";
import { availability } from "../../src/availability.ts";
import { readConfiguration } from "../../src/configuration.ts";
import type { Answer } from "../../src/http/answer.ts";
import { byteDoor } from "../../src/http/byte-door.ts";
import type { FormMessage } from "../../src/http/form-answer.ts";
import { formDoor } from "../../src/http/form-door.ts";
import { metrics } from "../../src/metrics.ts";
import { changedRequest, plainRequests, requestBytes } from "./request-corpus.ts";

const parts = {
  availability: availability(() => 0),
  log: pino({ enabled: false }),
  metrics: metrics(),
};

interface World {
  readonly port: number;
  readonly server: Server;
  /** Requests that node:http saw. */
  seenByNode: number;
  /** Connections as the server sees them, in order. */
  readonly sockets: Socket[];
  /** Bodies of the forms that were taken, at either door. */
  readonly taken: string[];
  /** Who asked, by the same. */
  readonly askedBy: string[];
  answer: (body: string) => Promise<Answer>;
}

/** Times in milliseconds. */
interface Told {
  readonly proxies?: string;
  readonly idle?: number;
  readonly keepAlive?: number;
  readonly headers?: number;
}

/** A server with both doors, or with that behind node:http only. */
async function world(doors: "both" | "node", told: Told = {}): Promise<World> {
  const { idle = 60_000, keepAlive = 72_000, headers = 15_000, proxies = "10.0.0.0/8" } = told;
  const configuration = readConfiguration(["--trusted-proxies", proxies], {});
  const door = {
    routes: [{ path: "/oauth2/token", handle: async () => ({ status: 500 }), summary: "" }],
    root: "/tenant",
    bodyLimit: 32 * 1024,
    answer: (_route: unknown, { headers, body, address }: FormMessage): Promise<Answer> => {
      const { authorization, accept, origin } = headers;
      made.taken.push(body);
      made.askedBy.push(address);
      return made.answer(JSON.stringify({ authorization, accept, origin, body }));
    },
  };
  const server = createServer(
    { keepAliveTimeout: keepAlive, keepAliveTimeoutBuffer: 0, headersTimeout: headers },
    formDoor(door, (_request, response) => response.end("left"), { ...parts, configuration }),
  ).setTimeout(idle);
  if (doors === "both") byteDoor(server, door, { ...parts, configuration });
  const made: World = {
    port: 0,
    server,
    seenByNode: 0,
    sockets: [],
    taken: [],
    askedBy: [],
    answer: async (body) => ({ status: 200, headers: { "cache-control": "no-store" }, body: { said: body } }),
  };
  server.on("request", () => made.seenByNode++);
  server.on("connection", (socket) => made.sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  return Object.assign(made, { port: (server.address() as AddressInfo).port }); // it listens on TCP
}

interface Client {
  readonly socket: Socket;
  /** Everything received, ids and hours left out. */
  readonly text: () => string;
  /** Answers received, by their first lines. */
  readonly answers: () => number;
  readonly closed: Promise<string>;
}

function client({ port }: World): Client {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  const text = (): string =>
    Buffer.concat(chunks)
      .toString("latin1")
      .replaceAll(/(?<=x-request-id: )\S+|(?<=Date: )[^\r]+/g, "…");
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => undefined); // `close` follows
  const closed = new Promise<string>((resolve) => {
    socket.on("end", () => socket.end());
    socket.on("close", () => resolve(text()));
  });
  const answers = (): number => text().match(/HTTP\/1\.1 \d/g)?.length ?? 0;
  return { socket, text, answers, closed };
}

/** What a server answers until it closes: to plain requests before, one after the other, and then to these pieces. */
async function answered(
  place: World,
  pieces: readonly Buffer[],
  before: readonly Buffer[] = [],
): Promise<string> {
  const { socket, closed, answers } = client(place);
  for (const [index, bytes] of before.entries()) {
    socket.write(bytes);
    await until(async () => answers() > index);
  }
  for (const piece of pieces) {
    await new Promise((resolve) => socket.write(piece, resolve));
    // So that it gets there by itself, as far as that can be had.
    await new Promise(setImmediate);
  }
  socket.end();
  return closed;
}

const both = await world("both");
const node = await world("node");

/**
 * Where a good request and a bad one come in one piece, node:http itself refuses the bad one or just closes, by whether it
 * got the bytes from the system or from a socket that they were put back into.
 */
function withoutLast400(text: string): string {
  return text.replace(/(?<=.)HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/s, "");
}

async function sameFromBoth(pieces: readonly Buffer[], before: readonly Buffer[] = []): Promise<string> {
  const [one, other] = await Promise.all([answered(both, pieces, before), answered(node, pieces, before)]);
  const what = `${JSON.stringify([...before, ...pieces].map((piece) => piece.toString("latin1")))}, seed ${seed}`;
  assert.equal(withoutLast400(one), withoutLast400(other), what);
  return one;
}

test("WEB-09 with the door and without it a request is answered by the same bytes, whatever was changed in it", async () => {
  const before = fc.array(plainRequests, { maxLength: 2 });
  const statuses = new Set<string>();
  for (const [first, changed] of fc.sample(fc.tuple(before, changedRequest), {
    numRuns: rounds(150, 5_000),
    seed,
  }))
    for (const [, status = ""] of (await sameFromBoth([changed], first)).matchAll(/HTTP\/1\.1 (\d+) /g))
      statuses.add(status);
  assert.ok(statuses.has("200") && statuses.has("400"), `${[...statuses]}, seed ${seed}`);
  assert.ok(both.seenByNode < node.seenByNode, "plain requests did not reach node:http");
});

test("WEB-09 a request that is cut at any byte is answered like a whole one", async () => {
  const bytes = requestBytes({ headers: ["Origin: https://app.example"], body: "a=ä&c=d" });
  const whole = await sameFromBoth([bytes]);
  assert.match(whole, /^HTTP\/1\.1 200 OK\r\nx-request-id: …\r\n.*\r\nKeep-Alive: timeout=72\r\n\r\n\{/s);
  for (let at = 1; at < bytes.length; at += rounds(3, 1))
    assert.equal(await answered(both, [bytes.subarray(0, at), bytes.subarray(at)]), whole, `cut at ${at}`);
});

test("plain requests stay here, whatever is not goes to node:http with its connection, for good", async () => {
  const { socket, answers } = client(both);
  const asked = async (bytes: Buffer, count: number): Promise<void> => {
    socket.write(bytes);
    await until(async () => answers() === count);
  };
  both.seenByNode = 0;
  for (const [index, body] of ["a=b", "a=c", "other=d", ""].entries())
    await asked(requestBytes({ body }), index + 1);
  assert.equal(both.seenByNode, 0);
  await asked(requestBytes({ line: "GET /tenant/oauth2/token HTTP/1.1" }), 5);
  assert.equal(both.seenByNode, 1);
  await asked(requestBytes(), 6);
  assert.equal(both.seenByNode, 2, "node:http keeps it");
  socket.destroy();
  for (const header of [
    "Prefer: wait=1",
    "X-Forwarded-For: 192.0.2.7",
    "Connection: close",
    "Expect: 100-continue",
  ]) {
    both.seenByNode = 0;
    await sameFromBoth([requestBytes({ headers: [header] })]);
    assert.equal(both.seenByNode, 1, header);
  }
});

test("who asks is the one address that a trusted proxy names; more than one, or none, is read by node:http", async () => {
  const behind = await world("both", { proxies: "loopback" });
  const asked = async (header: string): Promise<string | undefined> => {
    const text = await answered(behind, [requestBytes({ headers: [header] })]);
    return text.endsWith("left") ? undefined : behind.askedBy.at(-1);
  };
  assert.equal(await asked("X-Forwarded-For: 192.0.2.7"), "192.0.2.7");
  assert.equal(await asked("X-Forwarded-For: 2001:db8::7"), "2001:db8::7");
  assert.equal(await asked("X-Note: a"), "127.0.0.1");
  for (const several of ["192.0.2.7, 192.0.2.8", "unknown", "192.0.2.7:80", "192.0.2"])
    assert.equal(await asked(`X-Forwarded-For: ${several}`), undefined, several);
});

test("WEB-09 requests that come before the answer of the one before are answered in their order, none is lost", async () => {
  const slow = await world("both");
  const gates: (() => void)[] = [];
  slow.answer = async (body) => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return { status: 200, body };
  };
  const { socket, text, answers } = client(slow);
  socket.write(requestBytes({ body: "n=1" }));
  await until(async () => gates.length === 1);
  socket.write(requestBytes({ body: "n=2" }));
  socket.write(requestBytes({ body: "n=3" }));
  await until(async () => (slow.sockets[0]?.bytesRead ?? 0) >= 3 * requestBytes({ body: "n=1" }).length);
  assert.deepEqual(slow.taken, ["n=1"]);
  for (let at = 0; at < 3; at++) {
    await until(async () => gates.length > at);
    gates[at]?.();
  }
  await until(async () => answers() === 3);
  assert.deepEqual(text().match(/n=\d/g)?.join(), "n=1,n=2,n=3");
  socket.destroy();
});

test("WEB-09 requests of every kind, one behind the other and cut anywhere, are answered once each and in their order", async () => {
  const places = [await world("both"), await world("node")];
  for (const place of places) {
    const plain = place.answer;
    place.answer = async (body) => {
      for (let turns = body.length % 4; turns > 0; turns--) await new Promise(setImmediate);
      return plain(body);
    };
  }
  const chunked = requestBytes({ headers: ["Transfer-Encoding: chunked"], body: "3\r\na=b\r\n0\r\n\r\n" });
  const others = fc.constantFrom(
    requestBytes({ line: "GET / HTTP/1.1", body: "" }),
    Buffer.from(chunked.toString("latin1").replace(/Content-Length: \d+\r\n/, ""), "latin1"),
  );
  const requests = fc.array(
    fc.oneof({ weight: 4, arbitrary: plainRequests }, { weight: 1, arbitrary: others }),
    { minLength: 2, maxLength: 6 },
  );
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 });
  for (const [asked, shares] of fc.sample(fc.tuple(requests, cuts), { numRuns: rounds(40, 2_000), seed })) {
    const all = Buffer.concat(asked);
    const ends = [...shares.map((share) => Math.floor(share * all.length)).sort((a, b) => a - b), all.length];
    const [one, other] = await Promise.all(
      places.map(async (place) => {
        const { socket, answers, closed } = client(place);
        for (const [index, end] of ends.entries()) {
          await new Promise((resolve) => socket.write(all.subarray(ends[index - 1] ?? 0, end), resolve));
          await new Promise(setImmediate);
        }
        await until(async () => answers() === asked.length);
        socket.end();
        return closed;
      }),
    );
    assert.equal(one, other, `${JSON.stringify(all.toString("latin1"))} cut at ${ends}, seed ${seed}`);
  }
});

test("an answer that cannot be made or written is a 500 and no more, and one to nobody is none", async () => {
  const broken = await world("both");
  const plain = broken.answer;
  for (const answer of [
    () => Promise.reject(new Error("a defect")),
    async () => ({ status: 200, headers: { "x-broken": "a\r\nb" }, body: "" }),
  ]) {
    broken.answer = answer;
    assert.match(await answered(broken, [requestBytes()]), /^HTTP\/1\.1 500 [\s\S]*"server_error"/);
  }
  const gone = Promise.withResolvers<Answer>();
  broken.answer = () => gone.promise;
  const { socket } = client(broken);
  socket.write(requestBytes({ body: "gone=1" }));
  await until(async () => broken.taken.includes("gone=1"));
  socket.resetAndDestroy();
  await until(async () => broken.sockets.at(-1)?.destroyed === true);
  gone.resolve({ status: 200, body: "to nobody" });
  broken.answer = plain;
  assert.match(await answered(broken, [requestBytes()]), /^HTTP\/1\.1 200 /);
});

test("WEB-07 a client that does not read its answers is not read either, and gets them all once it reads", async () => {
  const large = await world("both");
  large.answer = async () => ({ status: 200, body: "x".repeat(256 * 1024) });
  const { socket, answers } = client(large);
  socket.pause();
  const stands = (): boolean => large.sockets[0]?.writableNeedDrain === true;
  let sent = 0;
  while (!stands()) {
    socket.write(requestBytes());
    sent++;
    await until(async () => large.taken.length === sent && (large.sockets[0]?.writableLength ?? 0) >= 0);
    await new Promise(setImmediate);
    assert.ok(sent < 1_000, "it stops long before");
  }
  socket.write(requestBytes());
  assert.ok((large.sockets[0]?.writableLength ?? 0) < 1024 * 1024, "one answer or two wait in memory");
  assert.equal(large.taken.length, sent, "no more was taken");
  socket.resume();
  await until(async () => answers() === sent + 1);
  socket.destroy();
});

test("WEB-07 silent, idle and unanswered connections are closed after the times of node:http", async () => {
  const silent = await world("both", { headers: 50, idle: 60_000 });
  assert.equal(await client(silent).closed, "");
  const idle = await world("both", { idle: 50, keepAlive: 100 });
  const { socket, closed } = client(idle);
  socket.write(requestBytes());
  assert.match(await closed, /^HTTP\/1\.1 200 /);
  const stuck = await world("both", { idle: 50, keepAlive: 60_000 });
  stuck.answer = () => new Promise<Answer>(() => undefined);
  const waiting = client(stuck);
  waiting.socket.write(requestBytes());
  assert.equal(await waiting.closed, "");
  assert.deepEqual(stuck.taken.length, 1);
});

test("a server that stops closes idle connections at once, answers what it has begun, and closes that after it", async () => {
  const stopping = await world("both");
  const gate = Promise.withResolvers<void>();
  const [idle, busy] = [client(stopping), client(stopping)];
  idle.socket.write(requestBytes());
  await until(async () => idle.text().includes("200 OK"));
  stopping.answer = async (body) => {
    await gate.promise;
    return { status: 200, body };
  };
  busy.socket.write(requestBytes());
  await until(async () => stopping.taken.length === 2);
  const closing = new Promise((resolve) => stopping.server.close(resolve));
  await idle.closed;
  gate.resolve();
  assert.match(await busy.closed, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nconnection: close\r\n/);
  await closing;
});
