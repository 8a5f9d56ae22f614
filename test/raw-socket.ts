// Requests that no HTTP client would send, byte by byte, and everything the server answers until it closes.

import { connect } from "node:net";

export interface RawAnswer {
  /** All bytes received, as Latin-1. */
  readonly text: string;
  /** The status codes of the answers in it, in order. */
  readonly statuses: readonly number[];
  /** False: the connection was still open when the time was over. */
  readonly closed: boolean;
}

/** Sends bytes to a server of this machine and gathers what comes back, for `milliseconds` at most. */
export function exchange(
  issuer: string,
  bytes: string | Uint8Array,
  milliseconds = 30_000,
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(issuer).port), "127.0.0.1");
    const chunks: Buffer[] = [];
    const finish = (closed: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      const text = Buffer.concat(chunks).toString("latin1");
      const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map((match) => Number(match[1]));
      resolve({ text, statuses, closed });
    };
    const timer = setTimeout(() => finish(false), milliseconds);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("close", () => finish(true));
    socket.on("error", () => undefined); // `close` follows
    socket.on("connect", () =>
      socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes),
    );
  });
}
