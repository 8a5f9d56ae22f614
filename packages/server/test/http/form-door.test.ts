// Which requests are taken before Fastify sees them, and what becomes of those that end badly there. That the answers are
// the same either way is test/threats/form-ways.test.ts.

import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { pino } from "pino";
import { availability } from "../../src/availability.ts";
import { readConfiguration } from "../../src/configuration.ts";
import type { Answer } from "../../src/http/answer.ts";
import type { FormMessage } from "../../src/http/form-answer.ts";
import { formDoor } from "../../src/http/form-door.ts";
import { exchangeForm } from "../../src/http/form-exchange.ts";
import { metrics } from "../../src/metrics.ts";

const formType = "application/x-www-form-urlencoded";
const bodyLimit = 32;
const parts = {
  availability: availability(() => 0),
  configuration: readConfiguration(["--trusted-proxies", "10.0.0.0/8"], {}),
  log: pino({ enabled: false }),
  metrics: metrics(),
};
let taken: FormMessage[] = [];
let answer: () => Promise<Answer> = async () => ({ status: 200, body: "taken" });
const route = { path: "/oauth2/token", handle: async () => ({ status: 500 }), summary: "" };
const door = {
  routes: [route],
  root: "/tenant",
  bodyLimit,
  answer: (_route: unknown, message: FormMessage) => {
    taken.push(message);
    return answer();
  },
};
const server = createServer(formDoor(door, (_request, response) => response.end("left"), parts));
before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => server.close());

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly pieces?: readonly string[];
  /** In chunks, without a length said beforehand. */
  readonly chunked?: boolean;
}

function ask({ method = "POST", path = "/tenant/oauth2/token", headers, pieces = ["a=b"], chunked }: Asked) {
  taken = [];
  const { port } = server.address() as AddressInfo; // it listens on TCP
  const length = chunked === true ? {} : { "content-length": Buffer.byteLength(pieces.join("")) };
  return new Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const asking = request(
        {
          port,
          method,
          path,
          agent: false,
          headers: { "content-type": formType, ...length, ...headers },
        },
        async (response) => {
          const text = Buffer.concat(await response.toArray()).toString();
          resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
        },
      );
      asking.on("error", reject);
      for (const piece of pieces) asking.write(piece);
      asking.end();
    },
  );
}

test("a plain form on a path of ours is taken whole, however many pieces it comes in", async () => {
  for (const headers of [
    {},
    { "content-type": `${formType};charset=UTF-8` },
    { origin: "https://app.example" },
  ]) {
    const { text, headers: answered } = await ask({ headers, pieces: ["a=b&c=", "ä", "&d=e"] });
    assert.equal(text, "taken");
    assert.equal(taken[0]?.body, "a=b&c=ä&d=e");
    assert.equal(taken[0]?.address, "127.0.0.1");
    assert.equal(answered["x-request-id"], taken[0]?.id);
    assert.equal(answered["x-content-type-options"], "nosniff");
  }
  assert.equal((await ask({ pieces: [] })).text, "taken");
  assert.equal(taken[0]?.body, "");
});

test("whatever is not plain is left", async () => {
  const unusual: readonly Asked[] = [
    { method: "PUT" },
    { method: "GET", pieces: [] },
    { path: "/oauth2/token" },
    { path: "/tenant/oauth2/token?x=y" },
    { path: "/tenant/oauth2/token/" },
    { path: "/tenant/oauth2/%74oken" },
    { headers: { "content-type": "application/json" } },
    { headers: { "content-type": `${formType}; charset=latin1` } },
    { chunked: true },
    { headers: { prefer: "wait=1" } },
    { headers: { "x-forwarded-for": "192.0.2.7" } },
    { pieces: ["a".repeat(bodyLimit + 1)] },
  ];
  for (const asked of unusual) {
    assert.equal((await ask(asked)).text, "left", JSON.stringify(asked));
    assert.equal(taken.length, 0);
  }
});

test("an answer that cannot be made or written is a 500 and no more", async () => {
  const plain = answer;
  for (const broken of [
    () => Promise.reject(new Error("a defect")),
    async () => ({ status: 200, headers: { "x-broken": "a\r\nb" }, body: "" }),
  ]) {
    answer = broken;
    const { status, text } = await ask({});
    assert.equal(status, 500);
    assert.equal(JSON.parse(text).error, "server_error");
  }
  answer = plain;
  assert.equal((await ask({})).text, "taken");
});

test("WEB-09 what fails after an answer was written brings no second one, which would be taken for that to the next request", async () => {
  const statuses: number[] = [];
  const exchange = {
    door,
    way: { route, path: route.path },
    message: { id: "id", headers: {}, body: "", address: "" },
    beganAt: 0,
    write: ({ status }: Answer) => void statuses.push(status),
  };
  const answered = (): never => {
    throw new RangeError("not noted");
  };
  await assert.rejects(
    exchangeForm(exchange, { ...parts, metrics: { ...parts.metrics, answered } }),
    RangeError,
  );
  assert.deepEqual(statuses, [200]);
});
