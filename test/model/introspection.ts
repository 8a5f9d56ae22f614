// Introspection of many tokens after every step: over a few connections that are kept, by Node's own client, which takes a
// third of the time that `fetch` does.

import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { basic, type TestServer } from "../running-server.ts";

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** What the administrator's client is told of each of these, in order. */
export function introspectAll(
  server: TestServer,
  tokens: readonly string[],
): Promise<Record<string, unknown>[]> {
  const headers = {
    authorization: basic("admin", server.adminSecret),
    "content-type": "application/x-www-form-urlencoded",
  };
  const ask = (token: string) =>
    new Promise<Record<string, unknown>>((resolve, reject) => {
      const asked = request(`${server.base}/oauth2/introspect`, { method: "POST", agent, headers });
      asked.on("error", reject);
      asked.on("response", (response) => {
        text(response).then((body) => resolve(JSON.parse(body)), reject);
      });
      asked.end(`token=${encodeURIComponent(token)}`);
    });
  return Promise.all(tokens.map(ask));
}
