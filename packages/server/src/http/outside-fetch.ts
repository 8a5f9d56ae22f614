// Fetches small JSON documents from other people's servers: keys of clients. https only, no redirects, no private
// addresses, bounded in time and size, connected to the very address that was checked (THREATS WEB-01).

import { lookup as resolve } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";

export interface OutsideFetch {
  /** Milliseconds for the whole exchange. */
  readonly timeoutMs: number;
  readonly mostBytes: number;
  /** Also http and private addresses: an issuer that is itself http on loopback, or `--allow-private-networks`. */
  readonly allowPrivate: boolean;
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
export function fetchOutside(url: string, options: OutsideFetch): Promise<unknown> {
  const target = new URL(url);
  const secure = target.protocol === "https:";
  if (!secure && !(options.allowPrivate && target.protocol === "http:"))
    return Promise.reject(new Error("only https URLs are fetched"));
  const host = target.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !options.allowPrivate && isPrivateAddress(host))
    return Promise.reject(new Error("the URL names a private address"));
  const { promise, resolve: done, reject } = Promise.withResolvers<unknown>();
  const ask = secure ? requestHttps : requestHttp;
  const request = ask(
    target,
    {
      lookup: checkedLookup(options.allowPrivate),
      headers: { accept: "application/json" },
      agent: false,
      signal: AbortSignal.timeout(options.timeoutMs),
    },
    (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        reject(new Error(`the answer has status ${response.statusCode}`));
        return;
      }
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        if (text.length > options.mostBytes) response.destroy(new Error("the answer is too large"));
      });
      response.on("error", reject);
      response.on("end", () => {
        try {
          done(JSON.parse(text));
        } catch (cause) {
          reject(new Error("the answer is not JSON", { cause }));
        }
      });
    },
  );
  request.on("error", reject);
  request.end();
  return promise;
}

function checkedLookup(allowPrivate: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
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
