// Limits failures, never successes: so many per window and name, in bounded memory. CONTRACT.md section 3. Nodes that
// share a database count together: a failure is written there, and what comes back says how many there are on all of
// them. So a node lets one attempt too many through at most, and an attempt that succeeds writes nothing.

import { isIPv6 } from "node:net";
import type { Store } from "@rescind/store";

export interface FailureLimit {
  /** Seconds until the next try is allowed, as far as this node knows; undefined if it is allowed now. */
  blockedFor(name: string, atMs: number): number | undefined;
  /** Rejects with StoreUnavailable where it could not be counted. */
  failed(name: string, atMs: number): Promise<void>;
}

/** How failures are counted for all nodes; undefined where there is only this one. */
type Tally = Pick<Store, "countFailure"> | undefined;

interface Window {
  readonly endsAtMs: number;
  readonly failures: number;
}

export interface Limit {
  /** What is limited, by a name of its own. */
  readonly of: string;
  /** Failures that are allowed in a window. */
  readonly most: number;
  /** Milliseconds. */
  readonly windowMs: number;
}

/** Names remembered at most; the oldest go first. */
const mostNames = 100_000;

/** So many failures for each name. */
export function failureLimit({ of, most, windowMs }: Limit, tally: Tally): FailureLimit {
  const windows = new Map<string, Window>();
  const remember = (name: string, window: Window): void => {
    windows.delete(name);
    windows.set(name, window);
    const oldest = windows.size > mostNames ? windows.keys().next().value : undefined;
    if (oldest !== undefined) windows.delete(oldest);
  };
  return {
    blockedFor(name, atMs) {
      const window = windows.get(name);
      if (window === undefined || window.endsAtMs <= atMs || window.failures < most) return undefined;
      return Math.ceil((window.endsAtMs - atMs) / 1000);
    },
    async failed(name, atMs) {
      if (tally === undefined) {
        const window = windows.get(name);
        const open = window !== undefined && window.endsAtMs > atMs;
        const endsAtMs = open ? window.endsAtMs : atMs + windowMs;
        remember(name, { endsAtMs, failures: (open ? window.failures : 0) + 1 });
      } else {
        const { failures, endsInMs } = await tally.countFailure(`${of}\n${name}`, windowMs);
        remember(name, { endsAtMs: atMs + endsInMs, failures });
      }
    },
  };
}

/** As `failureLimit`, by address: whoever has one of IPv6 has all of its network of 64 bits. */
export function addressLimit(limited: Limit, tally: Tally): FailureLimit {
  const limit = failureLimit(limited, tally);
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
