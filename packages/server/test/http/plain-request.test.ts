// What is recognised as plain without node:http is read the same by node:http, whatever it is.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { rounds, seed } from "../../../../test/seed.ts";
import { hasSameHead, type PlainRequest, plainRequest } from "../../src/http/plain-request.ts";
import { changedRequest, path, requestBytes } from "./request-corpus.ts";

const ways = new Map([[`POST ${path} HTTP/1.1`, path]]);

interface Read {
  readonly request: IncomingMessage;
  body: string | undefined;
}

/** What node:http reads of requests that come one after the other over one connection. */
async function readByNode(requests: readonly Buffer[]): Promise<readonly Read[]> {
  const seen: Read[] = [];
  const server = createServer({ maxHeaderSize: 16 * 1024 }, async (request, response) => {
    const read: Read = { request, body: undefined };
    seen.push(read);
    read.body = Buffer.concat(await request.toArray()).toString();
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1"); // it listens on TCP
  const closed = new Promise((resolve) => socket.on("close", resolve));
  socket.on("error", () => undefined).resume();
  socket.end(Buffer.concat(requests));
  await closed;
  server.close();
  return seen;
}

test("WEB-09 every request that is taken for plain, node:http reads the same: path, headers, body and where it ends", async () => {
  const asked = fc.sample(changedRequest, { numRuns: rounds(4_000, 100_000), seed });
  const taken: { bytes: Buffer; request: PlainRequest<string> }[] = [];
  for (const bytes of asked) {
    const request = plainRequest(bytes, ways);
    if (request !== undefined) taken.push({ bytes, request });
  }
  assert.ok(taken.length > asked.length / 20, `${taken.length} of ${asked.length} taken, seed ${seed}`);
  assert.ok(taken.length < asked.length / 2, `${taken.length} of ${asked.length} taken, seed ${seed}`);
  const seen = await readByNode(taken.map(({ bytes }) => bytes));
  for (const [index, { bytes, request }] of taken.entries()) {
    const { request: read, body } = seen[index] ?? {};
    const what = `${JSON.stringify(bytes.toString("latin1"))}, seed ${seed}`;
    assert.equal(read?.method, "POST", what);
    assert.equal(read?.url, request.way, what);
    assert.equal(read?.httpVersion, "1.1", what);
    assert.deepEqual({ ...request.headers }, { ...read?.headers }, what);
    assert.equal(bytes.toString("utf8", request.head.length), body, what);
    assert.equal(bytes.length - request.head.length, request.length, what);
  }
  assert.equal(seen.length, taken.length);
});

test("a request is known by the head of the one before only if it is the same and the length is right", () => {
  const bytes = requestBytes({ body: "token=aaaa" });
  const before = plainRequest(bytes, ways);
  assert.ok(before !== undefined);
  const other = (said: Parameters<typeof requestBytes>[0]): boolean =>
    hasSameHead(requestBytes(said), before);
  assert.equal(other({ body: "token=bbbb" }), true);
  assert.equal(other({ body: "token=bbbbb" }), false);
  assert.equal(other({ body: "token=bbbbb", length: "10" }), false);
  assert.equal(other({ body: "token=bbb", length: "10" }), false);
  assert.equal(other({ body: "token=bbbb", headers: ["A: b"] }), false);
  for (let at = 0; at < before.head.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(hasSameHead(changed, before), false);
  }
});

test("WEB-06 a head that is too long or has too many headers is not plain", () => {
  const withHeaders = (count: number, value: string) =>
    plainRequest(
      requestBytes({ headers: Array.from({ length: count }, (_, at) => `X-${at}: ${value}`) }),
      ways,
    );
  assert.ok(withHeaders(47, "a") !== undefined);
  assert.equal(withHeaders(48, "a"), undefined);
  assert.ok(withHeaders(1, "a".repeat(7_000)) !== undefined);
  assert.equal(withHeaders(1, "a".repeat(8_192)), undefined);
});
