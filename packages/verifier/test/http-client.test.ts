// The two ways to the server, Node's own client and `fetch`: the same answers, streams and failures by either.

import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { clientFor, fetchClient, type HttpClient, type HttpRequest } from "../src/http-client.ts";
import { nativeHttp } from "../src/native-http.ts";
import { until } from "./until.ts";

assert.ok(nativeHttp !== undefined);
const clients: readonly [string, HttpClient][] = [
  ["node:http", nativeHttp],
  ["fetch", fetchClient(fetch)],
];

function get(signal = new AbortController().signal): HttpRequest {
  return { method: "GET", headers: {}, redirect: "manual", signal };
}

/** A server that answers so; its URL. */
async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`; // it listens on a port
}

for (const [name, client] of clients) {
  test(`${name}: an exchange, by its status and text; a redirect is not followed`, async (t) => {
    const url = await serve(t, (request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/" }).end("moved");
      else request.pipe(response.writeHead(200));
    });
    const sent = {
      ...get(),
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "häh?",
    } as const;
    const answer = await client.ask(url, sent);
    assert.deepEqual([answer.status, await answer.text()], [200, "häh?"]);
    const moved = await client.ask(`${url}moved`, get());
    assert.deepEqual([moved.status, await moved.text()], [302, "moved"]);
  });

  test(`${name}: an answer is read whole where what lies between compresses whatever it may`, async (t) => {
    const url = await serve(t, (request, response) => {
      const accepted = request.headers["accept-encoding"] ?? "gzip";
      if (accepted.includes("gzip")) response.setHeader("content-encoding", "gzip").end(gzipSync("whole"));
      else response.end("whole");
    });
    const answer = await client.ask(url, get());
    assert.equal(await answer.text(), "whole");
  });

  test(`${name}: a stream comes piece by piece, the next one when the one before was dealt with`, async (t) => {
    const url = await serve(t, (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("1");
      let at = 1;
      const more = setInterval(() => (at < 20 ? response.write(String(++at)) : response.end()), 1);
      response.on("close", () => clearInterval(more));
    });
    const answer = await client.open(url, get());
    assert.deepEqual([answer.status, answer.contentType], [200, "text/event-stream"]);
    let text = "";
    let busy = 0;
    await answer.read(async (piece) => {
      busy += 1;
      assert.equal(busy, 1);
      await new Promise((resolve) => setImmediate(resolve));
      text += Buffer.from(piece).toString();
      busy -= 1;
    });
    assert.equal(text, Array.from({ length: 20 }, (_, index) => index + 1).join(""));
  });

  test(`${name}: what breaks a stream is told: the connection, the reader, the caller who ends it`, async (t) => {
    let open = 0;
    const url = await serve(t, (request, response) => {
      open += 1;
      response.on("close", () => {
        open -= 1;
      });
      response.writeHead(200, { "content-length": 100 }).write("1");
      if (request.url === "/cut") setImmediate(() => response.destroy());
    });
    const cut = await client.open(`${url}cut`, get());
    await assert.rejects(cut.read(() => undefined));
    const abort = new AbortController();
    const ended = await client.open(url, get(abort.signal));
    const reading = ended.read(() => undefined);
    abort.abort();
    await assert.rejects(reading);
    const over = new AbortController();
    const unreadable = await client.open(url, get(over.signal));
    await assert.rejects(
      unreadable.read(() => {
        throw new RangeError("too long");
      }),
      RangeError,
    );
    over.abort();
    await until("nothing of them is left", () => open === 0);
    await assert.rejects(client.open(url, get(abort.signal)));
  });
}

test("Node's own client is used where it reaches the server, and fetch where that alone does", async (t) => {
  const url = await serve(t, (request, response) =>
    response.writeHead(request.url === "/" ? 200 : 404).end(),
  );
  // It has a second, which a busy machine may not give it.
  await until("Node's own is chosen", async () => (await clientFor(url, fetch)) === nativeHttp);
  const mock: typeof fetch = async () => new Response("by fetch");
  for (const elsewhere of [`${url}other`, "http://127.0.0.1:1/"]) {
    const client = await clientFor(elsewhere, mock);
    assert.equal(await (await client.ask(elsewhere, get())).text(), "by fetch");
  }
});
