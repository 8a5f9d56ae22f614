// Requests as bytes: plain ones, and what becomes of them by small changes that readers of HTTP have disagreed about.

import fc from "fast-check";

export const path = "/tenant/oauth2/token";
const formType = "application/x-www-form-urlencoded";

interface Said {
  readonly line?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly length?: string;
}

/** One request; without anything said, a plain one. */
export function requestBytes(said: Said = {}): Buffer {
  const { line = `POST ${path} HTTP/1.1`, headers = [], body = "grant_type=client_credentials&a=b" } = said;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const { length = String(bytes.length) } = said;
  const lines = [
    line,
    "Host: auth.example",
    `Content-Type: ${formType}`,
    `Content-Length: ${length}`,
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), bytes]);
}

/** Header lines that are harmless, and such that change how a request is framed or routed. */
const harmless = [
  "Accept: */*",
  "Authorization: Basic YTpi",
  "Origin: https://app.example",
  "X-Note:a b",
  "DPoP: x.y.z",
];
const harmful = [
  ...["Transfer-Encoding: chunked", "Transfer-Encoding : chunked", "Content-Length: 3", "Content-Length: 0"],
  ...["Connection: close", "Connection: keep-alive, x", "Proxy-Connection: close", "Expect: 100-continue"],
  ...[
    "Upgrade: websocket",
    "TE: trailers",
    "Trailer: x",
    "Host: other.example",
    "Prefer: wait=1",
    "X-Empty:",
  ],
  ...[
    "X-Tab: a\tb",
    " X-Folded: a",
    "X-Note: a\r\n b",
    "X-Bare: a\nContent-Length: 1",
    "X-Return: a\rb",
    "X_Under: a",
  ],
  ...[
    "X-Nul: a\0b",
    "X-Beyond: \xe9",
    "__proto__: a",
    "constructor: a",
    "No-Colon",
    ": no-name",
    "X-Late: a ",
  ],
];
const bodies = [
  "",
  "a=b",
  "token=%C3%A4",
  "token=ä€😀",
  `a=${"b".repeat(2_000)}`,
  "a=b\r\n\r\nPOST / HTTP/1.1\r\n\r\n",
];

export const plainRequests: fc.Arbitrary<Buffer> = fc
  .record({
    headers: fc.subarray([...harmless, "Connection: keep-alive", "Connection: Keep-Alive", "Prefixed: x"]),
    body: fc.oneof(fc.constantFrom(...bodies), fc.uint8Array({ maxLength: 40 }).map(Buffer.from)),
  })
  .map(({ headers, body }) => requestBytes({ headers, body }));

type Change = (bytes: Buffer) => Buffer;

function lined(change: (lines: string[], at: number) => void, at: number): Change {
  return (bytes) => {
    const end = Math.max(bytes.indexOf("\r\n\r\n"), 0);
    const lines = bytes.toString("latin1", 0, end).split("\r\n");
    change(lines, at % lines.length);
    return Buffer.concat([Buffer.from(lines.join("\r\n"), "latin1"), bytes.subarray(end)]);
  };
}

function spliced(at: number, removed: number, added: string): Change {
  return (bytes) => {
    const from = at % (bytes.length + 1);
    const put = Buffer.from(added, "latin1");
    return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + removed)]);
  };
}

const anyPlace = fc.nat(700);
const odd = fc.constantFrom(..."\r\n\t\0\x0b\x7f\x80\xff :,;+-_01aA".split(""), "\r\n", "\n\n", "\r\n\r\n");
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(anyPlace, odd).map(([at, text]) => spliced(at, 1, text)),
  fc.tuple(anyPlace, odd).map(([at, text]) => spliced(at, 0, text)),
  fc.tuple(anyPlace, fc.integer({ min: 1, max: 4 })).map(([at, count]) => spliced(at, count, "")),
  anyPlace.map((place) => lined((lines, at) => lines.splice(at, 0, lines[at] ?? ""), place)),
  anyPlace.map((place) => lined((lines, at) => lines.splice(at, 1), place)),
  anyPlace.map((place) => lined((lines, at) => lines.push(...lines.splice(Math.max(at, 1), 1)), place)),
  anyPlace.map((place) => lined((lines, at) => lines.splice(at, 1, (lines[at] ?? "").toUpperCase()), place)),
  fc
    .tuple(anyPlace, fc.constantFrom(...harmful, ...harmless))
    .map(([place, line]) => lined((lines, at) => lines.splice(at + 1, 0, line), place)),
  fc.tuple(fc.constantFrom(-1, 1, 7), fc.constantFrom("", "0", "+", " ")).map(([more, before]) =>
    lined((lines) => {
      const at = lines.findIndex((line) => line.startsWith("Content-Length: "));
      if (at > 0)
        lines[at] = `Content-Length: ${before}${Number(lines[at]?.slice(16)) + (before === "" ? more : 0)}`;
    }, 0),
  ),
);

/** A plain request with up to three changes. */
export const changedRequest: fc.Arbitrary<Buffer> = fc
  .tuple(plainRequests, fc.array(change, { maxLength: 3 }))
  .map(([bytes, changes]) => changes.reduce((changed, one) => one(changed), bytes));
