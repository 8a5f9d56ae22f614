// Recognises one plain request in the bytes of one read: a POST to a known path with a form of known length, whole and
// alone. RFC 9112, of which it takes a small part only. No parser: for whatever is not that it says nothing at all, and
// node:http reads the same bytes from the beginning. What is accepted here node:http would have read the same.

/** As browsers, libraries and people write it; any other spelling is Fastify's to read. */
export const formTypes: ReadonlySet<string | undefined> = new Set(
  ["", ";charset=UTF-8", ";charset=utf-8", "; charset=UTF-8", "; charset=utf-8"].map(
    (charset) => `application/x-www-form-urlencoded${charset}`,
  ),
);

/** Bytes of everything before the body. */
const mostHead = 8 * 1024;
const mostHeaders = 50;

/** About the connection, or about how the body is framed, or they need more than an answer: never plain, whatever they say. */
const neverPlain: ReadonlySet<string> = new Set([
  "transfer-encoding",
  "te",
  "trailer",
  "expect",
  "upgrade",
  "keep-alive",
  "http2-settings",
  "prefer",
]);

export interface PlainRequest<Way> {
  readonly way: Way;
  /** By lower-case name; none came twice. */
  readonly headers: Readonly<Record<string, string>>;
  /** Everything before the body. */
  readonly head: string;
  /** Bytes of the body. */
  readonly length: number;
}

/** What the bytes ask for; undefined where they are anything but one plain request. `ways` are by request line. */
export function plainRequest<Way>(
  bytes: Buffer,
  ways: ReadonlyMap<string, Way>,
): PlainRequest<Way> | undefined {
  const end = bytes.indexOf("\r\n\r\n", 0, "latin1");
  if (end < 0 || end > mostHead) return undefined;
  const head = bytes.toString("latin1", 0, end + 4);
  const lineEnd = head.indexOf("\r\n");
  const way = ways.get(head.slice(0, lineEnd));
  const headers = way === undefined ? undefined : plainHeaders(head.slice(lineEnd + 2, end));
  const length = bytes.length - head.length;
  // Only the one spelling of the number: no sign, no zero in front.
  if (way === undefined || headers?.["content-length"] !== String(length)) return undefined;
  return { way, headers, head, length };
}

/** Whether the bytes are the same request but for its body: the head is the very same, so it is plain as well. */
export function hasSameHead(bytes: Buffer, { head, length }: PlainRequest<unknown>): boolean {
  return bytes.length === head.length + length && bytes.toString("latin1", 0, head.length) === head;
}

function plainHeaders(text: string): Readonly<Record<string, string>> | undefined {
  const lines = text.split("\r\n");
  if (lines.length > mostHeaders) return undefined;
  // Without a prototype, so that no name is there before it came.
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    // Not every token and not every value that RFC 9110 allows (section 5): nothing that two readers could see differently.
    const [, spelt = "", value] = /^([A-Za-z0-9-]+): ?([!-~](?:[ -~]*[!-~])?)$/.exec(line) ?? [];
    const name = spelt.toLowerCase();
    if (value === undefined || headers[name] !== undefined) return undefined;
    if (neverPlain.has(name) || name.startsWith("proxy-")) return undefined;
    headers[name] = value;
  }
  if (headers.host === undefined || !formTypes.has(headers["content-type"])) return undefined;
  const { connection = "keep-alive" } = headers;
  return connection === "keep-alive" || connection === "Keep-Alive" ? headers : undefined;
}
