// THREATS RV-06 and RV-18 measured and printed, not judged: how much longer a revocation takes that has something to do,
// and how much longer one client's requests take while another revokes as fast as it can. Times on a shared machine prove
// nothing; that everything is answered and done is judged.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { formatToken, parseToken, randomBytesPerToken } from "@rescind/core";
import { basic, type RegisteredClient, startTestServer } from "../running-server.ts";
import { randomFrom, rounds, seed } from "../seed.ts";
import { until } from "../until.ts";

const server = await startTestServer();
after(() => server.close());

/** Posts over one connection; milliseconds until the answer was there. */
function connection(): (path: string, token: string, by: RegisteredClient) => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  after(() => agent.destroy());
  return (path, token, by) =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const headers = {
        authorization: basic(by.client_id, by.client_secret),
        "content-type": "application/x-www-form-urlencoded",
      };
      const asked = request(`${server.base}${path}`, { method: "POST", agent, headers }, (response) => {
        text(response).then(() => {
          if (response.statusCode === 200) resolve(performance.now() - began);
          else reject(new Error(`${response.statusCode}`));
        }, reject);
      });
      asked.on("error", reject);
      asked.end(`token=${encodeURIComponent(token)}`);
    });
}

function quantile(times: readonly number[], part: number): string {
  const sorted = times.toSorted((a, b) => a - b);
  return `${((sorted[Math.floor(part * (sorted.length - 1))] ?? 0) * 1000).toFixed(0)} µs`;
}

function report(times: readonly number[]): string {
  return `p50 ${quantile(times, 0.5)}, p99 ${quantile(times, 0.99)}`;
}

test("RV-06 what revoking takes: revoked already, never issued, expired and no token, in random order", async (t) => {
  const client = await server.registerClient({ access_token_format: "opaque" });
  const post = connection();
  const revoked = await server.clientToken(client);
  await post("/oauth2/revoke", revoked, client);
  const brief = await server.registerClient({ access_token_format: "opaque", access_token_ttl: 1 });
  const expired = await server.clientToken(brief);
  await until(async () => (await server.introspect(expired)).active === false);
  const rowId = parseToken(revoked)?.rowId ?? "0";
  const owner = (kind: string) => (kind === "expired" ? brief : client);
  const kinds: Record<string, string> = {
    "revoked already": revoked,
    "never issued, of a row that is there": formatToken("access", rowId, randomBytes(randomBytesPerToken)),
    "never issued, of no row": formatToken(
      "access",
      `${BigInt(rowId) + 1n}`,
      randomBytes(randomBytesPerToken),
    ),
    expired,
    "no token at all": "made-up",
  };
  const times = new Map(Object.keys(kinds).map((kind): [string, number[]] => [kind, []]));
  const random = randomFrom(seed);
  for (let pair = 0; pair < rounds(400, 10_000); pair++) {
    const order = Object.entries(kinds).toSorted(() => random() - 0.5);
    for (const [kind, token] of order)
      times.get(kind)?.push(await post("/oauth2/revoke", token, owner(kind)));
  }
  for (const [kind, taken] of times) t.diagnostic(`${kind}: ${report(taken)}`);
  const heads = await Promise.all(
    Object.entries(kinds).map(([kind, token]) => server.form("/oauth2/revoke", { token }, owner(kind))),
  );
  assert.equal(
    new Set(heads.map(({ headers }) => headers.get("rescind-seq"))).size,
    1,
    "nothing was appended",
  );
});

test("RV-18 while one client revokes thousands, another's requests are answered, and all of it is done", async (t) => {
  const loud = await server.registerClient({ access_token_format: "opaque" });
  const quiet = await server.registerClient({ access_token_format: "opaque" });
  const tokens: string[] = [];
  // Not all at once: that would be thousands of connections, which a busy machine does not get through in time.
  while (tokens.length < rounds(3000, 100_000))
    tokens.push(...(await Promise.all(Array.from({ length: 100 }, () => server.clientToken(loud)))));
  const watched = await server.clientToken(quiet);
  const post = connection();
  const measure = async (isOver: () => boolean): Promise<number[]> => {
    const times: number[] = [];
    while (!isOver() || times.length < 50) times.push(await post("/oauth2/introspect", watched, quiet));
    return times;
  };
  const idle = await measure(() => true);

  let left = tokens.length;
  const flood = Promise.all(
    Array.from({ length: 64 }, async (_, lane) => {
      const revoke = connection();
      for (let index = lane; index < tokens.length; index += 64) {
        await revoke("/oauth2/revoke", tokens[index] ?? "", loud);
        left -= 1;
      }
    }),
  );
  const busy = await measure(() => left === 0);
  await flood;
  t.diagnostic(`introspection alone: ${report(idle)}; beside ${tokens.length} revocations: ${report(busy)}`);
  const states = await Promise.all(tokens.slice(0, 300).map((token) => server.introspect(token)));
  assert.ok(states.every(({ active }) => active === false));
  assert.equal((await server.introspect(watched)).active, true);
});
