// HTTP as the clients of a history send it: over connections that are kept, with an end to patience. What got no answer is
// told from what was refused.

import { Agent, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { basic } from "../running-server.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly inv: number;
  readonly ret: number;
}

/** Nobody answered, or with a 5xx: whether it happened is not known. */
export interface Unanswered {
  readonly status: undefined;
  readonly inv: number;
  readonly ret: number;
}

export interface Credentials {
  readonly client_id: string;
  readonly client_secret: string;
}

/** Milliseconds after which a client gives up. */
const patience = 5_000;

export class Requests {
  readonly #agent = new Agent({ keepAlive: true });
  /** Answers that are no answer, by status; 0 for none at all. */
  readonly unanswered = new Map<number, number>();
  readonly unexpected: string[] = [];

  async ask(
    url: string,
    method: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Answer | Unanswered> {
    const inv = performance.now();
    const asked = request(url, {
      method,
      headers,
      agent: this.#agent,
      signal: AbortSignal.timeout(patience),
    });
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        asked.once("response", resolve).once("error", reject).end(body);
      });
      const received = await text(response);
      const ret = performance.now();
      const status = response.statusCode ?? 0;
      if (status >= 500) {
        if (status !== 503) this.unexpected.push(`${method} ${url}: ${status} ${received}`);
        return this.#without(status, inv);
      }
      const isJson = /json/.test(response.headers["content-type"] ?? "");
      const json = isJson ? (JSON.parse(received) as Answer["json"]) : {}; // parsing boundary: the server's own JSON
      return { status, headers: response.headers, json, text: received, inv, ret };
    } catch {
      return this.#without(0, inv);
    } finally {
      asked.on("error", () => undefined);
    }
  }

  form(url: string, parameters: Record<string, string>, client?: Credentials): Promise<Answer | Unanswered> {
    const headers: Record<string, string> = { "content-type": "application/x-www-form-urlencoded" };
    if (client !== undefined) headers.authorization = basic(client.client_id, client.client_secret);
    return this.ask(url, "POST", headers, new URLSearchParams(parameters).toString());
  }

  close(): void {
    this.#agent.destroy();
  }

  #without(status: number, inv: number): Unanswered {
    this.unanswered.set(status, (this.unanswered.get(status) ?? 0) + 1);
    return { status: undefined, inv, ret: performance.now() };
  }
}
