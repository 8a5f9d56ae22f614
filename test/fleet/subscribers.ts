// Synthetic subscribers of the feed: connections that read the stream and come back when it ends, as a verifier does,
// without sets, checks and leases. So one process can be ten thousand of them.

import { Agent, get, type IncomingMessage } from "node:http";

export interface Subscribers {
  /** How many have a stream now. */
  readonly open: number;
  /** How many have been sent this number or a later one. */
  at(seq: number): number;
  /** Answers other than a stream, by status, since the start. */
  readonly refusals: ReadonlyMap<number, number>;
  close(): void;
}

/** Milliseconds: the verifier's own waits between attempts. */
const firstRetry = 100;
const mostRetry = 2000;

/**
 * Subscribes so many times and keeps at it.
 * @param url `/revocations`
 * @param after the number from which on each one wants the log
 */
export function subscribe(url: string, authorization: string, count: number, after: number): Subscribers {
  const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  const reached = new Array<number>(count).fill(after);
  const positions = new Array<string>(count).fill(String(after));
  const refusals = new Map<number, number>();
  const streams = new Set<IncomingMessage>();
  let isClosed = false;

  const open = (index: number, failures: number): void => {
    if (isClosed) return;
    const again = (failed: number): void => {
      const wait = Math.min(mostRetry, firstRetry * 2 ** failed) * (0.5 + Math.random() / 2);
      setTimeout(() => open(index, failed + 1), wait);
    };
    const headers = { authorization, accept: "text/event-stream", "last-event-id": positions[index] ?? "0" };
    let isAnswered = false;
    const asked = get(url, { agent, headers }, (response) => {
      isAnswered = true;
      if (response.statusCode !== 200) {
        const status = response.statusCode ?? 0;
        refusals.set(status, (refusals.get(status) ?? 0) + 1);
        response.resume();
        again(failures);
        return;
      }
      streams.add(response);
      let text = "";
      response.on("data", (piece) => {
        const lines = `${text}${piece}`.split("\n");
        text = lines.pop() ?? "";
        for (const line of lines) {
          if (!line.startsWith("id: ")) continue;
          positions[index] = line.slice(4);
          reached[index] = Number.parseInt(line.slice(4), 10);
        }
      });
      response.on("error", () => undefined);
      response.on("close", () => {
        streams.delete(response);
        again(0);
      });
    });
    asked.on("error", () => {
      if (!isAnswered) again(failures);
    });
  };
  for (let index = 0; index < count; index++) setTimeout(() => open(index, 0), Math.random() * (count / 2));
  return {
    get open() {
      return streams.size;
    },
    at: (seq) => reached.filter((number) => number >= seq).length,
    refusals,
    close() {
      isClosed = true;
      agent.destroy();
      for (const stream of streams) stream.destroy();
    },
  };
}
