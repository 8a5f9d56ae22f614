// Names that change their address (DNS rebinding): what is checked is what is connected to, at every exchange anew.
// THREATS WEB-01.

import assert from "node:assert/strict";
import type { LookupAddress } from "node:dns";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { after, test } from "node:test";
import { fetchOutside, postOutside, type Resolve } from "../../src/http/outside-fetch.ts";

async function listen(server: Server, port = 0, host = "127.0.0.1"): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address.port;
}

/** Answers with the next of its lists at each asking, and with the last one from then on. */
function resolver(...lists: readonly (readonly string[])[]): { resolve: Resolve; asked: () => number } {
  let asked = 0;
  return {
    resolve(_hostname, _options, callback) {
      const list = lists[Math.min(asked++, lists.length - 1)] ?? [];
      const addresses: LookupAddress[] = list.map((address) => ({
        address,
        family: address.includes(":") ? 6 : 4,
      }));
      setImmediate(() => callback(null, addresses));
    },
    asked: () => asked,
  };
}

const limits = { timeoutMs: 5000, mostBytes: 1000 };

test("WEB-01 a name is resolved once for each exchange, and the address that was checked is the one connected to", async () => {
  const here = createHttpServer((request, response) => response.end(JSON.stringify(request.headers.host)));
  const port = await listen(here);
  let rebound = 0;
  const canary = createServer((socket) => {
    rebound += 1;
    socket.destroy();
  });
  await listen(canary, port, "127.0.0.2");
  for (const exchange of [
    (url: string, resolve: Resolve) => fetchOutside(url, { ...limits, allowPrivate: true, resolve }),
    (url: string, resolve: Resolve) =>
      postOutside(url, { headers: {}, body: "x" }, { ...limits, allowPrivate: true, resolve }),
  ]) {
    const { resolve, asked } = resolver(["127.0.0.1"], ["127.0.0.2"]);
    await exchange(`http://rebind.example:${port}/`, resolve);
    assert.deepEqual([asked(), rebound], [1, 0]);
  }
});

test("WEB-01 a name that led elsewhere before is checked again, and one private address among others refuses all", async () => {
  let connections = 0;
  const canary = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  const port = await listen(canary);
  const url = `https://rebind.example:${port}/`;
  for (const list of [
    ["127.0.0.1"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["10.0.0.1"],
    ["169.254.169.254"],
    ["fd00:ec2::254"],
    ["93.184.215.14", "127.0.0.1"],
    ["127.0.0.1", "93.184.215.14"],
    [],
  ]) {
    const { resolve, asked } = resolver(list);
    const options = { ...limits, allowPrivate: false, resolve };
    await assert.rejects(fetchOutside(url, options), /private address/, String(list));
    await assert.rejects(
      postOutside(url, { headers: {}, body: "x" }, options),
      /private address/,
      String(list),
    );
    assert.equal(asked(), 2);
  }
  assert.equal(connections, 0);
});
