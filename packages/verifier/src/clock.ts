// The two clocks a verifier reads, together. Staleness goes by the monotonic one alone; the wall clock serves only
// to notice that the monotonic one stood still (a suspended machine). DESIGN.md section 5.

/** One reading of both clocks, in milliseconds. */
export interface Instant {
  readonly mono: number;
  /** Since 1970. */
  readonly wall: number;
}

export type Clock = () => Instant;

export const systemClock: Clock = () => ({ mono: performance.now(), wall: Date.now() });

/** Milliseconds by which the wall clock moved against the monotonic one between two readings. */
export function drift(from: Instant, to: Instant): number {
  return Math.abs(to.wall - to.mono - (from.wall - from.mono));
}
