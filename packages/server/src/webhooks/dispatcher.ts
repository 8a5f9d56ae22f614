// Webhooks under way: one loop reads the audit records for subscriptions, one sends what is due. Deliveries of one
// subscription go one after the other, those of different ones at the same time, so that a receiver that is slow or
// dead delays nobody else. Several nodes may do this at once: the store hands each delivery to one of them.

import type { Dependencies } from "../dependencies.ts";
import { type Loop, startLoop } from "./loop.ts";
import { type AuditReader, auditReader } from "./reader.ts";
import { type WebhookSchedule, webhookSchedule } from "./schedule.ts";
import { attempt } from "./sender.ts";

/** Milliseconds between looks at how old the oldest pending delivery is. */
const lookMs = 10_000;

export interface WebhookDispatcher {
  start(): void;
  /** A subscription was made, changed or ended, or a delivery is to be sent again. */
  wake(): void;
  /** Finishes what is under way, for a few seconds at most; the rest is sent after the next start, under the same ids. */
  stop(): Promise<void>;
  /** Age in seconds of the oldest delivery that has not arrived; 0 where there is none. A few seconds old itself. */
  oldestPending(): number;
}

type Parts = Pick<Dependencies, "store" | "seal" | "log" | "now" | "metrics" | "standing"> & {
  readonly allowPrivate: boolean;
};

/** Does nothing before `start`. */
export function webhookDispatcher(
  parts: Parts,
  schedule: WebhookSchedule = webhookSchedule,
): WebhookDispatcher {
  const running = {
    parts,
    schedule,
    underWay: new Map<string, Promise<void>>(),
    aborting: new AbortController(),
  };
  let loops: { readonly reading: Loop; readonly sending: Loop; readonly looking: Loop } | undefined;
  let unsubscribe: (() => void) | undefined;
  let oldestMs: number | undefined;
  return {
    start() {
      const reader = auditReader(parts);
      const sending = startLoop(() => send(running, () => sending.wake()), schedule.pollMs, parts.log);
      const reading = startLoop(() => read(reader, sending), schedule.pollMs, parts.log);
      const look = async (): Promise<void> => {
        oldestMs = await parts.store.oldestPendingMs();
      };
      loops = { reading, sending, looking: startLoop(look, lookMs, parts.log) };
      unsubscribe = parts.standing.subscribe(() => {
        // Where nobody has subscribed, an order costs nothing here; the poll finds the first one.
        if (reader.serves) reading.wake();
      });
    },
    wake() {
      loops?.reading.wake();
      loops?.sending.wake();
    },
    async stop() {
      unsubscribe?.();
      await Promise.all([loops?.reading.stop(), loops?.sending.stop(), loops?.looking.stop()]);
      const cut = setTimeout(() => running.aborting.abort(), schedule.stopMs);
      await Promise.all(running.underWay.values());
      clearTimeout(cut);
    },
    oldestPending: () => (oldestMs === undefined ? 0 : Math.max(0, parts.now() - oldestMs) / 1000),
  };
}

async function read(reader: AuditReader, sending: Loop): Promise<void> {
  if (await reader.read()) sending.wake();
}

interface Running {
  readonly parts: Parts;
  readonly schedule: WebhookSchedule;
  /** Attempts by the delivery's id. */
  readonly underWay: Map<string, Promise<void>>;
  readonly aborting: AbortController;
}

/** Begins as many attempts as there is room for. */
async function send(running: Running, again: () => void): Promise<void> {
  const { parts, schedule, underWay } = running;
  const room = schedule.atOnce - underWay.size;
  if (room <= 0) return;
  const nowMs = parts.now();
  const claimed = await parts.store.claimDeliveries(nowMs, nowMs + schedule.claimMs, room);
  const sender = { ...parts, schedule, chance: Math.random, stopping: running.aborting.signal };
  for (const delivery of claimed) {
    if (underWay.has(delivery.id)) continue;
    const ended = attempt(delivery, sender)
      .then((outcome) => parts.metrics.webhook(outcome))
      .catch((cause: unknown) => parts.log.warn({ cause: String(cause) }, "webhook attempt not noted"))
      .finally(() => {
        underWay.delete(delivery.id);
        again();
      });
    underWay.set(delivery.id, ended);
  }
}
