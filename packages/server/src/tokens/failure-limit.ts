// Limits failures, never successes: so many per window and name, in bounded memory. CONTRACT.md section 3.

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
