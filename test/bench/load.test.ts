// The load process's own code: a benchmark that does not notice wrong answers measures nothing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import type { Round } from "../../bench/load/round.ts";
import { runRound } from "../../bench/load/run-round.ts";
import { TokenQueue } from "../../bench/load/token-queue.ts";

const noQueues = { take: undefined, give: undefined };

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port; // a TCP server's address
}

async function answering(t: TestContext, listener: RequestListener): Promise<number> {
  return listening(t, createServer(listener));
}

function roundAt(port: number, more: Partial<Round> = {}): Round {
  return {
    exchange: {
      ports: [port],
      path: "/here",
      authorization: "Basic eA==",
      contentType: "application/x-www-form-urlencoded",
      body: { before: "token=", after: "&x=1" },
      status: 200,
      members: { active: "true", name: "text" },
    },
    connections: 4,
    requests: 200,
    ...more,
  };
}

const good = JSON.stringify({ active: true, name: "n" });

test("a round sends each token once, with method, headers and body, and keeps the members it is told to", async (t) => {
  const seen: string[] = [];
  const port = await answering(t, (request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { authorization, "content-type": type } = request.headers;
      seen.push(`${request.method} ${request.url} ${authorization} ${type} ${body}`);
      response.end(JSON.stringify({ active: true, name: `after ${body}` }));
    });
  });
  const take = new TokenQueue(Array.from({ length: 200 }, (_, number) => `t${number}`));
  const give = new TokenQueue([]);
  const queues = { take: { queue: "a", keep: false }, give: { queue: "b", member: "name" } };
  const result = await runRound(roundAt(port, queues), { take, give });
  assert.equal(result.failures, 0);
  assert.equal(result.requests, 200);
  assert.ok(result.checked >= 3);
  assert.equal(new Set(seen).size, 200);
  assert.ok(seen.includes("POST /here Basic eA== application/x-www-form-urlencoded token=t17&x=1"));
  assert.equal(take.take(), undefined);
  const kept = Array.from({ length: 200 }, () => give.take());
  assert.ok(kept.includes("after token=t17&x=1"));
  assert.equal(give.take(), undefined);
});

test("a kept token comes back behind all others", async (t) => {
  const port = await answering(t, (request, response) =>
    request.resume().on("end", () => response.end(good)),
  );
  const take = new TokenQueue(["a", "b", "c"]);
  const queue = { take: { queue: "a", keep: true }, requests: 7 };
  await runRound(roundAt(port, queue), { take, give: undefined });
  assert.equal(take.take(), "b");
});

test("every status is checked", async (t) => {
  let number = 0;
  const port = await answering(t, (request, response) => {
    request.resume();
    response.statusCode = number++ === 101 ? 503 : 200;
    response.end(good);
  });
  const { failures, failed } = await runRound(roundAt(port), noQueues);
  assert.equal(failures, 1);
  assert.match(failed[0] ?? "", /^status 503/);
});

test("bodies are checked by sample: a missing member and no JSON are failures", async (t) => {
  for (const body of [JSON.stringify({ active: false, name: "n" }), "{}", "no json"]) {
    const port = await answering(t, (request, response) => {
      request.resume();
      response.end(body);
    });
    const { failures, checked } = await runRound(roundAt(port), noQueues);
    assert.equal(failures, checked, body);
    assert.ok(failures > 0, body);
  }
});

test("a round fails when its queue runs dry", async (t) => {
  const port = await answering(t, (request, response) =>
    request.resume().on("end", () => response.end(good)),
  );
  const round = roundAt(port, { take: { queue: "a", keep: false } });
  await assert.rejects(runRound(round, { take: new TokenQueue(["a"]), give: undefined }), /no token left/);
});

test("a round fails when the server closes a connection, and when nobody listens", async (t) => {
  const port = await answering(t, (request) => request.socket.destroy());
  await assert.rejects(runRound(roundAt(port), noQueues), /closed a connection|ECONNRESET/);
  const free = createServer();
  const freePort = await new Promise<number>((resolve) =>
    free.listen(0, "127.0.0.1", () => resolve((free.address() as AddressInfo).port)),
  );
  await new Promise((resolve) => free.close(resolve));
  await assert.rejects(runRound(roundAt(freePort), noQueues), /ECONNREFUSED/);
});

test("an answer may come in any number of pieces", async (t) => {
  const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${good.length}\r\n\r\n${good}`;
  const port = await listening(
    t,
    createTcpServer((socket) => {
      socket.setNoDelay(true);
      socket.on("error", () => undefined);
      socket.on("data", () => {
        const pieces = [...answer];
        const next = (): void => {
          const piece = pieces.splice(0, 7).join("");
          if (piece !== "") socket.write(piece, () => setImmediate(next));
        };
        next();
      });
    }),
  );
  const { failures, requests } = await runRound(roundAt(port, { requests: 20 }), noQueues);
  assert.deepEqual([failures, requests], [0, 20]);
});

test("an answer without Content-Length ends the round, since it is not understood", async (t) => {
  const port = await answering(t, (request, response) => {
    request.resume();
    response.write(good);
    response.end();
  });
  await assert.rejects(runRound(roundAt(port), noQueues), /without Content-Length/);
});
