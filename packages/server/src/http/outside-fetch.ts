// Requests to other people's servers: small JSON documents (keys of clients) and webhooks. https only, no redirects, no
// private addresses, bounded in time and size, connected to the very address that was checked (THREATS WEB-01, FD-13).

import { type LookupAddress, type LookupAllOptions, lookup } from "node:dns";
import {
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";

export interface OutsideFetch {
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  /** Of the answer. */
  readonly mostBytes: number;
  /** Also http and private addresses: an issuer that is itself http on loopback, or `--allow-private-networks`. */
  readonly allowPrivate: boolean;
  /** Who is asked for the addresses of a name; the system's resolver if absent. */
  readonly resolve?: Resolve | undefined;
  /** Ends the exchange early. */
  readonly signal?: AbortSignal | undefined;
}

/** As `dns.lookup` with `all`. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface OutsidePost {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What came back: the rest of the answer is not looked at. */
export interface OutsideAnswer {
  readonly status: number;
  /** `Retry-After` as it came. */
  readonly retryAfter: string | undefined;
}

const closed = new BlockList();
for (const [network, bits] of [
  ...([
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
  ] as const),
  ...([
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
  ] as const),
  ...([
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 4],
    ["240.0.0.0", 4],
  ] as const),
] as const)
  closed.addSubnet(network, bits, "ipv4");
for (const [network, bits] of [
  ...([
    ["::", 96],
    ["::ffff:0:0", 96],
    ["64:ff9b::", 96],
    ["64:ff9b:1::", 48],
    ["100::", 64],
    ["2001::", 23],
  ] as const),
  ...([
    ["2001:db8::", 32],
    ["2002::", 16],
    ["fc00::", 7],
    ["fe80::", 10],
    ["ff00::", 8],
  ] as const),
] as const)
  closed.addSubnet(network, bits, "ipv6");

/** True for an address of this machine, of a private network, of a cloud's metadata, or otherwise not public. */
export function isPrivateAddress(address: string): boolean {
  return closed.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}

/**
 * The parsed JSON at `url`.
 * @throws Error that says why: scheme, address, status, size, time, or not JSON
 */
export async function fetchOutside(url: string, options: OutsideFetch): Promise<unknown> {
  const request = requestOutside(url, { headers: { accept: "application/json" } }, options);
  const text = await answerTo(request, undefined, async (response) => {
    if (response.statusCode !== 200) throw new Error(`the answer has status ${response.statusCode}`);
    return textOf(response, options.mostBytes);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error("the answer is not JSON", { cause });
  }
}

/**
 * Posts a body to `url` and resolves with the answer's status, whatever it is; a redirect is an answer like others.
 * @throws Error that says why there was no answer: scheme, address, connection, time
 */
export async function postOutside(
  url: string,
  { headers, body }: OutsidePost,
  options: OutsideFetch,
): Promise<OutsideAnswer> {
  const length = String(Buffer.byteLength(body));
  const request = requestOutside(
    url,
    { method: "POST", headers: { ...headers, "content-length": length } },
    options,
  );
  return answerTo(request, body, async (response) => {
    // A receiver that is cut off while it writes takes that for our failure, so a little is read.
    await textOf(response, options.mostBytes).catch(() => response.destroy());
    return { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] };
  });
}

/** What came back of an exchange, whole. */
export interface OutsideExchange {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/**
 * Any request to `url`, with its answer whatever the status; redirects are answers like others.
 * @throws Error that says why there was no answer: scheme, address, connection, size, time
 */
export async function exchangeOutside(
  url: string,
  {
    method,
    headers,
    body,
  }: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string | undefined;
  },
  options: OutsideFetch,
): Promise<OutsideExchange> {
  const length: Record<string, string> =
    body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const request = requestOutside(url, { method, headers: { ...headers, ...length } }, options);
  return answerTo(request, body, async (response) => {
    const named = Object.entries(response.headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
    );
    return {
      status: response.statusCode ?? 0,
      headers: Object.fromEntries(named),
      body: await bytesOf(response, options.mostBytes),
    };
  });
}

/** A request that only goes where it may. @throws Error that says why it may not */
function requestOutside(url: string, more: RequestOptions, options: OutsideFetch): ClientRequest {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  if (!secure && !(options.allowPrivate && target.protocol === "http:"))
    throw new Error("only https URLs are asked");
  const host = target.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !options.allowPrivate && isPrivateAddress(host))
    throw new Error("the URL names a private address");
  const timeout = AbortSignal.timeout(options.timeoutMs);
  return (secure ? requestHttps : requestHttp)(target, {
    ...more,
    lookup: checkedLookup(options),
    agent: false,
    signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
  });
}

/** What `read` makes of the answer; the connection does not outlive it. */
async function answerTo<Result>(
  request: ClientRequest,
  body: string | undefined,
  read: (response: IncomingMessage) => Promise<Result>,
): Promise<Result> {
  const { promise, resolve: done, reject } = Promise.withResolvers<IncomingMessage>();
  request.on("response", done);
  request.on("error", reject);
  request.end(body);
  try {
    return await read(await promise);
  } finally {
    request.destroy();
  }
}

async function textOf(response: IncomingMessage, mostBytes: number): Promise<string> {
  return (await bytesOf(response, mostBytes)).toString();
}

async function bytesOf(response: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    // without an encoding set, chunks are buffers
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function checkedLookup({ allowPrivate, resolve: ask = lookup }: OutsideFetch): LookupFunction {
  return (hostname, options, callback) => {
    ask(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const refused = !allowPrivate && addresses.some(({ address }) => isPrivateAddress(address));
      const [first] = addresses;
      if (refused || first === undefined)
        return callback(new Error("the name resolves to a private address"), "", 0);
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}
