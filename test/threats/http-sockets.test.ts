// THREATS.md WEB-07 to WEB-09: bytes that are not quite HTTP, sockets that are slow, and no request hidden in another.

import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { after, test } from "node:test";
import { exchange } from "../raw-socket.ts";
import { startTestServer } from "../running-server.ts";
import { rounds } from "../seed.ts";
import { until } from "../until.ts";

const server = await startTestServer();
after(() => server.close());

const host = new URL(server.base).host;
const hidden = `GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const chunkedHidden = `0\r\n\r\n${hidden}`;

function post(headers: string, body: string): string {
  return `POST /oauth2/introspect HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/x-www-form-urlencoded\r\n${headers}\r\n${body}`;
}

/** Requests that two servers could take apart differently, with a second request where it would hide. */
const smuggled: Record<string, string> = {
  "length and chunked": post(
    `Content-Length: ${chunkedHidden.length}\r\nTransfer-Encoding: chunked\r\n`,
    chunkedHidden,
  ),
  "chunked and length": post(`Transfer-Encoding: chunked\r\nContent-Length: 4\r\n`, chunkedHidden),
  "two lengths": post(`Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`, hidden),
  "a list of lengths": post(`Content-Length: 0, ${hidden.length}\r\n`, hidden),
  "a signed length": post(`Content-Length: +${hidden.length}\r\n`, hidden),
  "a negative length": post("Content-Length: -1\r\n", hidden),
  "a hexadecimal length": post("Content-Length: 0x0\r\n", hidden),
  "a length with a space inside": post("Content-Length: 1 0\r\n", hidden),
  "a space before the colon": post(`Content-Length : ${hidden.length}\r\n`, hidden),
  "a space before the chunked header's colon": post("Transfer-Encoding : chunked\r\n", chunkedHidden),
  "chunked not last": post("Transfer-Encoding: chunked, identity\r\n", chunkedHidden),
  "chunked twice": post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunkedHidden),
  "an unknown coding": post("Transfer-Encoding: xchunked\r\n", chunkedHidden),
  "a coding with a vertical tab": post("Transfer-Encoding: \x0bchunked\r\n", chunkedHidden),
  "a coding in quotes": post('Transfer-Encoding: "chunked"\r\n', chunkedHidden),
  "a folded header": post(`X: y\r\n Content-Length: ${hidden.length}\r\n`, hidden),
  "a folded coding": post("Transfer-Encoding:\r\n chunked\r\n", chunkedHidden),
  "a bare line feed between headers": post(`X: y\nContent-Length: ${hidden.length}\r\n`, hidden),
  "a bare carriage return in a header": post(`X: y\rContent-Length: ${hidden.length}\r\n`, hidden),
  "NUL in a header": post("X: a\x00b\r\n", hidden),
  "NUL in a header's name": post("X\x00: a\r\n", hidden),
  "a header without a colon": post("Content-Length\r\n", hidden),
  "a chunk of no hexadecimal size": post("Transfer-Encoding: chunked\r\n", `0x0\r\n\r\n${hidden}`),
  "a chunk size that overflows": post("Transfer-Encoding: chunked\r\n", `FFFFFFFFFFFFFFFFF\r\n${hidden}`),
  "a chunk that is longer than it says": post(
    "Transfer-Encoding: chunked\r\n",
    `1\r\nabc\r\n0\r\n\r\n${hidden}`,
  ),
  "a chunk that ends in a bare line feed": post(
    "Transfer-Encoding: chunked\r\n",
    `1\r\na\n0\r\n\r\n${hidden}`,
  ),
  "a bare line feed after the request line": `GET /healthz HTTP/1.1\nHost: ${host}\n\n${hidden}`,
  "no host": `GET /healthz HTTP/1.1\r\n\r\n${hidden}`,
  "a malformed version": `GET /healthz HTTP/1.11\r\nHost: ${host}\r\n\r\n${hidden}`,
  "HTTP/0.9": `GET /healthz\r\n\r\n${hidden}`,
  "a malformed method": `GE\x00T /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n${hidden}`,
  "spaces in the target": `GET /healthz HTTP/1.1 HTTP/1.1\r\nHost: ${host}\r\n\r\n${hidden}`,
};

for (const [what, bytes] of Object.entries(smuggled)) {
  test(`WEB-09 ${what}: refused with 400, the connection closed, the request hidden in it not answered`, async () => {
    const { statuses, closed, text } = await exchange(server.base, bytes);
    assert.deepEqual(statuses, [400], text);
    assert.equal(closed, true);
    assert.ok(!text.includes('{"status":"ok"}'));
  });
}

/** Everything answered on one connection to a plain request, and after its answer to other bytes. */
function answersAfterPlain(bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(server.base).port), "127.0.0.1");
    let text = "";
    socket.once("data", () => socket.write(Buffer.from(bytes, "latin1")));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    socket.on("error", () => undefined); // `close` follows
    socket.on("close", () => resolve(text));
    socket.write(post("Content-Length: 7\r\n", "token=x"));
  });
}

test("WEB-09 all of that is refused alike on a connection whose plain request was answered before node:http saw it", async () => {
  for (const [what, bytes] of Object.entries(smuggled)) {
    const text = await answersAfterPlain(bytes);
    const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]));
    assert.deepEqual(statuses, [401, 400], `${what}: ${text}`);
    assert.ok(!text.includes('{"status":"ok"}'), what);
  }
});

test("WEB-09 what is good is not refused: pipelined requests, chunks, a body and the next request", async () => {
  const body = "token=x";
  const chunked = `4\r\ntoke\r\n3\r\nn=x\r\n0\r\n\r\n`;
  const { statuses } = await exchange(
    server.base,
    hidden +
      post(`Content-Length: ${body.length}\r\n`, body) +
      post("Transfer-Encoding: chunked\r\n", chunked) +
      hidden.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"),
  );
  assert.deepEqual(statuses, [200, 401, 401, 200]);
});

test("WEB-09 a body that a handler did not wait for is never taken for the next request", async () => {
  const body = hidden;
  const get = `GET /admin/v1/clients HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const refused = await exchange(server.base, get);
  assert.equal(refused.statuses.length, 1);
  const tooLarge = await exchange(server.base, post("Content-Length: 100000\r\n", hidden + hidden));
  assert.ok(tooLarge.statuses.length === 1 && tooLarge.statuses[0] === 413, tooLarge.text);
  const wrongType = post(`Content-Length: ${body.length}\r\nConnection: close\r\n`, body).replace(
    "x-www-form-urlencoded",
    "json",
  );
  assert.deepEqual((await exchange(server.base, wrongType)).statuses, [415]);
});

test("WEB-06 a large body is not read before who sends it may", async () => {
  const begun = post("Content-Length: 16000000\r\nConnection: close\r\n", "{")
    .replace("x-www-form-urlencoded", "json")
    .replace(/^POST \S+/, "POST /admin/v1/revocations/bulk");
  assert.deepEqual((await exchange(server.base, begun)).statuses, [401]);
});

test("WEB-08 HTTP/2 is not spoken: its preface is refused and an upgrade is not followed", async () => {
  const preface = await exchange(
    server.base,
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00",
  );
  assert.ok(preface.closed && preface.statuses.every((status) => status >= 400), preface.text);
  const upgrade = await exchange(
    server.base,
    `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n`,
    1_000,
  );
  assert.ok(!upgrade.statuses.includes(101), upgrade.text);
});

/** Opens so many connections, each of which sends the beginning of a request and then nothing. */
async function stall(count: number, beginning: string): Promise<Socket[]> {
  return Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<Socket>((resolve, reject) => {
          const socket = connect(Number(new URL(server.base).port), "127.0.0.1", () => {
            socket.write(beginning);
            resolve(socket);
          });
          socket.on("error", reject);
        }),
    ),
  );
}

test("WEB-07 sockets that never finish their request hold up nobody else's", async () => {
  const client = await server.registerClient();
  const count = rounds(150, 1000);
  const sockets = [
    ...(await stall(count, `POST /oauth2/token HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `)),
    ...(await stall(count, post("Content-Length: 1000\r\n", "token="))),
  ];
  try {
    const began = Date.now();
    for (let i = 0; i < 50; i++) {
      const token = await server.clientToken(client);
      assert.equal((await server.form("/oauth2/revoke", { token }, client)).status, 200);
      assert.deepEqual(await server.introspect(token), { active: false });
    }
    // Well before the slow ones are closed.
    assert.ok(Date.now() - began < 30_000, "150 requests of others, in seconds");
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

/** It takes 40 s, so it belongs to the long run. */
const closesSlow = rounds(0, 1) === 1;

if (closesSlow)
  test("WEB-07 sockets that never finish their request are closed", async () => {
    const sockets = [
      ...(await stall(20, `POST /oauth2/token HTTP/1.1\r\nHost: ${host}\r\nX-Slow: `)),
      ...(await stall(20, post("Content-Length: 1000\r\n", "token="))),
    ];
    for (const socket of sockets) socket.resume().on("error", () => undefined);
    await until(async () => sockets.every((socket) => socket.destroyed || socket.readableEnded), 60_000);
  });
