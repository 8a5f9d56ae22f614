// The addresses of the proxies whose X-Forwarded-* headers count: --trusted-proxies, as Fastify takes them.

import { BlockList, isIP } from "node:net";
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

/** What Fastify takes the names for. */
const networks: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  linklocal: ["169.254.0.0/16", "fe80::/10"],
  uniquelocal: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/**
 * Whether the other end of a connection is one of these, for who reads requests without Fastify. Whom it trusts, Fastify
 * trusts as well; what is spelt unusually is left to Fastify (masks, IPv4 within IPv6, zones).
 */
export function trustedPeers(proxies: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of proxies.flatMap((name) => networks[name] ?? [name])) {
    const [address = "", bits] = network.split("/");
    const isIPv6 = isIP(address) === 6;
    if (/^::ffff:|%/i.test(address) || (bits !== undefined && isIP(bits) !== 0)) continue;
    list.addSubnet(address, Number(bits ?? (isIPv6 ? 128 : 32)), isIPv6 ? "ipv6" : "ipv4");
  }
  return (address) => {
    const bare = address.replace(/^::ffff:(?=[\d.]+$)/i, "");
    const version = bare.includes("%") ? 0 : isIP(bare);
    return version !== 0 && list.check(bare, version === 6 ? "ipv6" : "ipv4");
  };
}

function isNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const isMask = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) > 0 && Number(bits) <= most);
  return more.length === 0 && most > 0 && (isMask || (most === 32 && isIP(bits) === 4));
}
