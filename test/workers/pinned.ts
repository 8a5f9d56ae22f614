// The workers of one server told apart: each is asked over connections that lead to it. Which worker a new connection
// leads to is the kernel's choice, so one is made after the other until it is the right one.

import { Agent, type ClientRequestArgs, type IncomingMessage, request } from "node:http";
import { connect, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type AskedServer, askedServer } from "../running-server.ts";

/** A form to a worker and the body of its answer, without what `fetch` takes for it; 200 or it throws. */
export type Form = (path: string, body: string, authorization: string) => Promise<string>;

export interface PinnedWorkers {
  /** By number, from 1. */
  readonly workers: readonly AskedServer[];
  readonly forms: readonly Form[];
  close(): void;
}

/** @param count as its `--workers` says */
export function pinnedWorkers(server: AskedServer, count: number): PinnedWorkers {
  const agents = Array.from({ length: count }, (_, index) => new PinnedAgent(index + 1));
  return {
    workers: agents.map((agent) => askedServer(server, fetchBy(agent))),
    forms: agents.map((agent) => formBy(agent, new URL(server.base))),
    close() {
      for (const agent of agents) agent.destroy();
    },
  };
}

/** Over two workers every second connection fits. */
const mostTries = 200;

class PinnedAgent extends Agent {
  readonly #worker: number;

  constructor(worker: number) {
    super({ keepAlive: true });
    this.#worker = worker;
  }

  // The type leaves out that the socket may be given later, which the documentation says.
  override createConnection(
    { host, port }: ClientRequestArgs,
    done?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    this.#found(Number(port), host ?? "127.0.0.1").then(
      (socket) => done?.(null, socket),
      (error: Error) => done?.(error, new Socket()),
    );
  }

  async #found(port: number, host: string): Promise<Socket> {
    for (let tries = 0; tries < mostTries; tries++) {
      const socket = connect({ port, host, noDelay: true });
      if ((await workerOf(socket)) === this.#worker) return socket;
      socket.destroy();
    }
    throw new Error(`no connection leads to worker ${this.#worker}`);
  }
}

/** Which worker a connection leads to, as it says itself; undefined where it does not. */
function workerOf(socket: Socket): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let read = "";
    const onData = (chunk: Buffer): void => {
      read += chunk.toString("latin1");
      if (!read.endsWith("}")) return;
      socket.off("data", onData).off("error", reject);
      const worker = /"worker":(\d+)/.exec(read)?.[1];
      resolve(worker === undefined ? undefined : Number(worker));
    };
    socket.on("data", onData).once("error", reject);
    socket.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  });
}

function formBy(agent: Agent, { hostname, port }: URL): Form {
  return (path, body, authorization) =>
    new Promise((resolve, reject) => {
      const headers = { authorization, "content-type": "application/x-www-form-urlencoded" };
      const asked = request({ hostname, port, method: "POST", path, agent, headers }, (answer) => {
        let read = "";
        answer.setEncoding("latin1").on("data", (chunk: string) => {
          read += chunk;
        });
        answer.on("end", () =>
          answer.statusCode === 200
            ? resolve(read)
            : reject(new Error(`${path}: ${answer.statusCode} ${read}`)),
        );
      });
      asked.once("error", reject).end(body);
    });
}

/** As much of `fetch` as the tests' servers are asked by. */
function fetchBy(agent: Agent): typeof fetch {
  return async (url, { method = "GET", headers, body } = {}) => {
    const form =
      body instanceof URLSearchParams ? { "content-type": "application/x-www-form-urlencoded" } : {};
    const sent = { ...form, ...Object.fromEntries(new Headers(headers)) };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const asked = request(String(url), { method, agent, headers: sent }, resolve).once("error", reject);
      asked.end(body === undefined || body === null ? undefined : String(body));
    });
    const { statusCode = 0, headersDistinct } = answer;
    const pairs = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
      values.map((value): [string, string] => [name, value]),
    );
    const content = await buffer(answer);
    return new Response(statusCode === 204 || statusCode === 304 ? null : new Uint8Array(content), {
      status: statusCode,
      headers: pairs,
    });
  };
}
