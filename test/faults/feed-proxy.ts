// An HTTP proxy that understands the feed: it passes everything on and lets a test lose, repeat, disorder and alter the
// records of the stream, and answer with what it has seen before.

import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** Blocks of the stream, each with its empty line; gets those that came together and returns what is sent instead. */
export type Mangle = (blocks: readonly string[]) => readonly string[];

export interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface FeedProxy {
  readonly url: string;
  /** Answers so far, by `METHOD path`, without the stream's. */
  readonly seen: ReadonlyMap<string, readonly Seen[]>;
  leadTo(port: number): void;
  mangle(how: Mangle | undefined): void;
  /** What is answered instead of asking the server; undefined asks. `dead` never answers. */
  instead(how: ((call: string, isStream: boolean) => Seen | "dead" | undefined) | undefined): void;
  /** Ends every stream. */
  endStreams(): void;
  close(): Promise<void>;
}

export async function startFeedProxy(): Promise<FeedProxy> {
  const seen = new Map<string, Seen[]>();
  const streams = new Set<ServerResponse>();
  let target = 0;
  let mangle: Mangle | undefined;
  let instead: ((call: string, isStream: boolean) => Seen | "dead" | undefined) | undefined;

  const server = createServer((incoming, outgoing) => {
    const call = `${incoming.method} ${(incoming.url ?? "").split("?")[0]}`;
    const wantsStream = incoming.headers.accept?.includes("text/event-stream") === true;
    const other = instead?.(call, wantsStream);
    if (other === "dead") return;
    if (other !== undefined) {
      incoming.resume();
      answer(outgoing, other);
      return;
    }
    forward(incoming, outgoing, call);
  });
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse, call: string): void => {
    const { method, url: path, headers } = incoming;
    const asked = request({ host: "127.0.0.1", port: target, method, path, headers }, (response) => {
      if (response.headers["content-type"]?.startsWith("text/event-stream") === true) {
        streams.add(outgoing);
        outgoing.on("close", () => streams.delete(outgoing));
        passStream(response, outgoing);
        return;
      }
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () => {
        const whole = {
          status: response.statusCode ?? 502,
          headers: response.headers,
          body: Buffer.concat(pieces),
        };
        seen.set(call, [...(seen.get(call) ?? []), whole]);
        answer(outgoing, whole);
      });
    });
    asked.on("error", () => outgoing.destroy());
    outgoing.on("close", () => asked.destroy());
    incoming.pipe(asked);
  };
  const passStream = (response: IncomingMessage, outgoing: ServerResponse): void => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers);
    outgoing.flushHeaders();
    let text = "";
    response.on("error", () => outgoing.destroy());
    response.on("end", () => outgoing.end());
    response.on("data", (piece: Buffer) => {
      const blocks = `${text}${piece}`.split("\n\n");
      text = blocks.pop() ?? "";
      const whole = blocks.map((block) => `${block}\n\n`);
      const isEntry = (block: string): boolean => block.startsWith("event:");
      const sent =
        mangle === undefined
          ? whole
          : [...whole.filter((b) => !isEntry(b)), ...mangle(whole.filter(isEntry))];
      if (sent.length > 0) outgoing.write(sent.join(""));
    });
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    leadTo(port) {
      target = port;
    },
    mangle(how) {
      mangle = how;
    },
    instead(how) {
      instead = how;
    },
    endStreams() {
      for (const stream of streams) stream.destroy();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(outgoing: ServerResponse, { status, headers, body }: Seen): void {
  const { "transfer-encoding": _, ...kept } = headers;
  outgoing.writeHead(status, { ...kept, "content-length": body.length }).end(body);
}
