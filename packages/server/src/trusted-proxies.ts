// The addresses of the proxies whose X-Forwarded-* headers count: --trusted-proxies, as Fastify takes them.

import { isIP } from "node:net";
import { ConfigurationError } from "./configuration-error.ts";

/** Names of whole networks that Fastify knows. */
const named = ["loopback", "linklocal", "uniquelocal"];

/**
 * @param list by commas: addresses, networks as `10.0.0.0/8`, names of networks
 * @throws ConfigurationError that names the one that is none
 */
export function readTrustedProxies(list: string): readonly string[] {
  const addresses = list
    .split(",")
    .map((address) => address.trim())
    .filter((address) => address !== "");
  for (const address of addresses)
    if (!named.includes(address) && !isNetwork(address))
      throw new ConfigurationError(
        `--trusted-proxies must hold IP addresses or networks such as 10.0.0.0/8, by commas; ${JSON.stringify(address)} is neither.`,
      );
  return addresses;
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const isMask = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= most);
  return more.length === 0 && most > 0 && (isMask || (most === 32 && isIP(bits) === 4));
}
