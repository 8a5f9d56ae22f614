// When a delivery that failed is tried again, and when it is given up: the numbers of webhooks in one place.

export interface WebhookSchedule {
  /** Milliseconds from the first attempt to the second, on average. */
  readonly firstMs: number;
  /** Each wait is so many times the one before … */
  readonly factor: number;
  /** … up to this many milliseconds. */
  readonly mostMs: number;
  /** Attempts in all; after the last the delivery is dead. */
  readonly attempts: number;
  /** The part of a wait that is left to chance, to both sides, so that what failed together is not repeated together. */
  readonly jitter: number;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  /** Milliseconds after which somebody else may make an attempt that was begun here: greater than `timeoutMs`. */
  readonly claimMs: number;
  /** Attempts under way at once. */
  readonly atOnce: number;
  /** Bytes of a receiver's answer that are read. */
  readonly mostAnswerBytes: number;
  /** Milliseconds after which deliveries and audit records are looked for, if nothing said that there are any. */
  readonly pollMs: number;
  /** Milliseconds for what is under way when the server stops. */
  readonly stopMs: number;
}

/** 5 s, 15 s, 45 s … 9 h, then every 12 h: fifteen attempts in about three days. */
export const webhookSchedule: WebhookSchedule = {
  firstMs: 5_000,
  factor: 3,
  mostMs: 12 * 3_600_000,
  attempts: 15,
  jitter: 0.2,
  timeoutMs: 10_000,
  claimMs: 20_000,
  atOnce: 128,
  mostAnswerBytes: 4096,
  pollMs: 2_000,
  stopMs: 4_000,
};

/**
 * Milliseconds to wait after so many failed attempts (one or more); undefined: give up. What the receiver asks for by
 * `Retry-After` counts where it is longer, up to the longest wait.
 * @param chance from 0 up to 1
 */
export function waitAfter(
  attempts: number,
  schedule: WebhookSchedule,
  chance: number,
  retryAfterMs = 0,
): number | undefined {
  if (attempts >= schedule.attempts) return undefined;
  const wait = Math.min(schedule.firstMs * schedule.factor ** (attempts - 1), schedule.mostMs);
  const jittered = wait * (1 + schedule.jitter * (2 * chance - 1));
  return Math.round(Math.max(jittered, Math.min(retryAfterMs, schedule.mostMs)));
}

/** Milliseconds that a `Retry-After` (RFC 9110 section 10.2.3: seconds or a date) asks for; 0 where it says nothing. */
export function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMs);
}
