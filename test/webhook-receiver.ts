// A real receiver of webhooks: a web server of this machine that checks every signature as Standard Webhooks says, keeps
// what it got in the order in which it came, and answers as the test wants it.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { text } from "node:stream/consumers";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

export interface Received {
  /** `webhook-id`. */
  readonly id: string;
  readonly path: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  /** What it was answered. */
  readonly status: number;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Receiver {
  readonly url: string;
  /** Everything that came, refused attempts included. */
  readonly received: readonly Received[];
  /** What was answered with success, each id once. */
  readonly events: readonly Received[];
  /** Decides the answers from now on; it may take its time. */
  answer(reply: (request: Omit<Received, "status">) => Reply | Promise<Reply>): void;
  /** Waits until so many events have arrived, and returns their types. */
  types(atLeast: number): Promise<string[]>;
  /** From now on connections are refused. */
  goDown(): Promise<void>;
  /** On the same port. */
  comeUp(): Promise<void>;
}

/** @param secrets signing secrets by path; a path without one is not checked */
export async function startReceiver(
  release: (end: () => Promise<void>) => void,
  secrets: ReadonlyMap<string, string> = new Map(),
): Promise<Receiver> {
  const received: Received[] = [];
  let reply: (request: Omit<Received, "status">) => Reply | Promise<Reply> = () => ({});
  const listen = async (port: number): Promise<Server> => {
    const server = createServer(async (request, response) => {
      const body = await text(request);
      const path = request.url ?? "";
      const { type = "", data = {} } = JSON.parse(body);
      const id = String(request.headers["webhook-id"]);
      const got = { id, path, type, data, body, headers: request.headers };
      const secret = secrets.get(path);
      const genuine = secret === undefined || isSigned(got, secret);
      const { status = genuine ? 204 : 401, headers = {}, body: said = "" } = await reply(got);
      received.push({ ...got, status });
      response.writeHead(status, headers).end(said);
    });
    await new Promise<void>((resolve, reject) =>
      server.once("error", reject).listen(port, "127.0.0.1", resolve),
    );
    return server;
  };
  // One that nobody is given while it is down.
  const port = await freePort();
  let server: Server | undefined = await listen(port);
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}`,
    received,
    get events() {
      const accepted = received.filter(({ status }) => status >= 200 && status < 300);
      return accepted.filter(({ id }, index) => accepted.findIndex((one) => one.id === id) === index);
    },
    answer(next) {
      reply = next;
    },
    async types(atLeast) {
      await until(async () => receiver.events.length >= atLeast);
      return receiver.events.map(({ type }) => type);
    },
    async goDown() {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      closing.closeAllConnections();
      await new Promise((resolve) => closing.close(resolve));
    },
    async comeUp() {
      server ??= await listen(port);
    },
  };
  release(() => receiver.goDown());
  return receiver;
}

function isSigned({ id, headers, body }: Omit<Received, "status">, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = `${id}.${headers["webhook-timestamp"]}.${body}`;
  const expected = Buffer.from(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`);
  const given = Buffer.from(String(headers["webhook-signature"]));
  return given.length === expected.length && timingSafeEqual(given, expected);
}
