// The loopback redirect of an application on this machine: RFC 8252 section 7.3. Waits for one answer of the
// authorization endpoint on a free port; what does not belong to this login (another path, another state) is refused
// and does not end the waiting, since any page in the browser can ask a port of this machine.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { refused } from "./failure.ts";

export interface Loopback {
  readonly redirectUri: string;
  /** The answer's parameters. */
  readonly answer: Promise<URLSearchParams>;
  close(): void;
}

/** Listens until an answer with this state has come, or for so many milliseconds. */
export async function listenForAnswer(state: string, waitMs: number): Promise<Loopback> {
  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>();
  const server = createServer((request, response) => {
    const answer = answerIn(request, state);
    say(response, answer);
    if (answer !== undefined) resolve(answer);
  });
  const port = await listening(server);
  const timer = setTimeout(() => reject(refused("nobody signed in within ten minutes")), waitMs);
  return {
    redirectUri: `http://127.0.0.1:${port}/callback`,
    answer: promise,
    close() {
      clearTimeout(timer);
      server.close();
      server.closeIdleConnections();
    },
  };
}

function answerIn(request: IncomingMessage, state: string): URLSearchParams | undefined {
  const url = URL.parse(request.url ?? "", "http://127.0.0.1");
  if (request.method !== "GET" || url?.pathname !== "/callback") return undefined;
  return url.searchParams.get("state") === state ? url.searchParams : undefined;
}

function say(response: ServerResponse, answer: URLSearchParams | undefined): void {
  const text =
    answer === undefined
      ? "There is nothing here."
      : "Rescind's command line has its answer. You can close this window.";
  response.writeHead(answer === undefined ? 404 : 200, {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    connection: "close",
  });
  response.end(`${text}\n`);
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return address.port;
}
