// Limits failures, never successes: so many per window and name, in bounded memory. CONTRACT.md section 3.

import { isIPv6 } from "node:net";

export interface FailureLimit {
  /** Seconds until the next try is allowed; undefined if it is allowed now. */
  blockedFor(name: string, atMs: number): number | undefined;
  failed(name: string, atMs: number): void;
}

interface Window {
  readonly endsAtMs: number;
  readonly failures: number;
}

/** `most` failures per `windowMs` milliseconds for each name; `names` are remembered at most, the oldest go first. */
export function failureLimit(most: number, windowMs: number, names = 100_000): FailureLimit {
  const windows = new Map<string, Window>();
  return {
    blockedFor(name, atMs) {
      const window = windows.get(name);
      if (window === undefined || window.endsAtMs <= atMs || window.failures < most) return undefined;
      return Math.ceil((window.endsAtMs - atMs) / 1000);
    },
    failed(name, atMs) {
      const window = windows.get(name);
      const open = window !== undefined && window.endsAtMs > atMs;
      windows.delete(name);
      windows.set(name, {
        endsAtMs: open ? window.endsAtMs : atMs + windowMs,
        failures: (open ? window.failures : 0) + 1,
      });
      const oldest = windows.size > names ? windows.keys().next().value : undefined;
      if (oldest !== undefined) windows.delete(oldest);
    },
  };
}

/** As `failureLimit`, by address: whoever has one of IPv6 has all of its network of 64 bits. */
export function addressLimit(most: number, windowMs: number): FailureLimit {
  const limit = failureLimit(most, windowMs);
  return {
    blockedFor: (address, atMs) => limit.blockedFor(networkOf(address), atMs),
    failed: (address, atMs) => limit.failed(networkOf(address), atMs),
  };
}

/** The first 64 bits of an IPv6 address in one spelling; any other address as it is, an embedded IPv4 one alone. */
function networkOf(address: string): string {
  const bare = address.replace(/^::ffff:(?=[\d.]+$)/i, "");
  if (!isIPv6(bare)) return bare;
  const [left = "", right] = bare.split("::");
  const groups = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const after = groups(right ?? "");
  const skipped = right === undefined ? 0 : Math.max(0, 8 - groups(left).length - after.length);
  const all = [...groups(left), ...Array.from({ length: skipped }, () => "0"), ...after];
  const network = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(":")}::/64`;
}
