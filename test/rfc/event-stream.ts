// A reader of text/event-stream over a real connection: events as they come, by the rules of the HTML standard that
// this feed uses.

export interface ServerEvent {
  readonly event: string;
  readonly id: string;
  readonly data: string;
}

export interface OpenStream {
  readonly status: number;
  readonly headers: Headers;
  /** The next so many events; throws if the stream ends or stays silent for `milliseconds`. */
  take(count: number, milliseconds?: number): Promise<ServerEvent[]>;
  /** Resolves when the server closes the stream. */
  readonly ended: Promise<void>;
  close(): void;
}

/** Opens a stream; `headers` carry the credentials. */
export async function openStream(url: string, headers: Record<string, string>): Promise<OpenStream> {
  const stopping = new AbortController();
  const response = await fetch(url, {
    headers: { accept: "text/event-stream", ...headers },
    signal: stopping.signal,
  });
  const events: ServerEvent[] = [];
  let wake = (): void => undefined;
  let over = false;
  const ended = read(response, (event) => {
    events.push(event);
    wake();
  }).finally(() => {
    over = true;
    wake();
  });
  return {
    status: response.status,
    headers: response.headers,
    ended,
    close: () => stopping.abort(),
    async take(count, milliseconds = 60_000) {
      const giveUpAt = Date.now() + milliseconds;
      while (events.length < count) {
        const left = giveUpAt - Date.now();
        if (over || left <= 0) throw new Error(`${events.length} events of ${count}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, left);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return events.splice(0, count);
    },
  };
}

async function read(response: Response, found: (event: ServerEvent) => void): Promise<void> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields = new Map(block.split("\n").map((line) => splitOnce(line)));
        const data = fields.get("data");
        if (data !== undefined)
          found({ event: fields.get("event") ?? "message", id: fields.get("id") ?? "", data });
      }
    }
  } catch {
    // Closed by the test, or cut by the server: either way the stream has ended.
  }
}

function splitOnce(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}
