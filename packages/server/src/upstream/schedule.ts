// When a token that could not be revoked at its provider is tried again, and when it is given up: as webhooks, but at once
// more patiently, since nobody else will do it.

import { type WebhookSchedule, webhookSchedule } from "../webhooks/schedule.ts";

export interface UpstreamSchedule extends WebhookSchedule {
  /** Milliseconds between looks at all held tokens, by one node, for what ended by time alone. */
  readonly sweepMs: number;
}

/** Twenty attempts in about five days; sixteen providers' answers are awaited at once. */
export const upstreamSchedule: UpstreamSchedule = {
  ...webhookSchedule,
  attempts: 20,
  atOnce: 16,
  claimMs: 40_000,
  sweepMs: 600_000,
};
