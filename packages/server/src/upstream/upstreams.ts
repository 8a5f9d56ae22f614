// Upstream providers under way: what they are asked, and the loops that follow the log to the tokens of sign-ins and
// revoke at the provider what nothing hangs on any more. An order never waits for any of it. Several nodes may do this at
// once: the store hands each token to one of them.

import { setTimeout } from "node:timers/promises";
import type { Dependencies } from "../dependencies.ts";
import { type Loop, startLoop } from "../webhooks/loop.ts";
import { type Providers, providers } from "./provider.ts";
import { revokeThere } from "./revoker.ts";
import { type UpstreamSchedule, upstreamSchedule } from "./schedule.ts";
import { tokenWatch } from "./watch.ts";

export interface Upstreams {
  readonly providers: Providers;
  start(): void;
  /** A token may have to be revoked: look now. */
  wake(): void;
  /** A token hangs on this session now: whatever ended it a moment before is found by looking at it once more. */
  attached(sessionId: string): void;
  /** Finishes what is under way; the rest is done after the next start. */
  stop(): Promise<void>;
  /** Tokens still to be revoked; a few seconds old. */
  pending(): number;
}

type Parts = Pick<Dependencies, "store" | "seal" | "log" | "now" | "metrics" | "standing" | "turns"> & {
  readonly allowPrivate: boolean;
};

/** Does nothing before `start`. */
export function upstreams(parts: Parts, schedule: UpstreamSchedule = upstreamSchedule): Upstreams {
  const asked = providers(parts);
  const stopping = new AbortController();
  const watch = tokenWatch({ ...parts, stopping: stopping.signal });
  const underWay = new Set<Promise<void>>();
  let loops: { readonly following: Loop; readonly sending: Loop; readonly sweeping: Loop } | undefined;
  let unsubscribe: (() => void) | undefined;
  let pending = 0;
  const wake = (): void => {
    loops?.following.wake();
    loops?.sending.wake();
  };
  const send = async (again: () => void): Promise<void> => {
    pending = await parts.store.pendingUpstreamTokens();
    const room = schedule.atOnce - underWay.size;
    if (pending === 0 || room <= 0) return;
    const nowMs = parts.now();
    const claimed = await parts.store.claimUpstreamTokens(nowMs, nowMs + schedule.claimMs, room);
    for (const token of claimed) {
      const revoking = revokeThere(token, { ...parts, providers: asked, schedule, chance: Math.random })
        .then((outcome) => parts.metrics.upstreamRevocation(outcome))
        .catch((cause: unknown) => parts.log.warn({ cause: String(cause) }, "upstream revocation not noted"))
        .finally(() => {
          underWay.delete(revoking);
          again();
        });
      underWay.add(revoking);
    }
  };
  return {
    providers: asked,
    start() {
      const sending = startLoop(() => send(() => sending.wake()), schedule.pollMs, parts.log);
      const next = async (work: () => Promise<boolean>): Promise<void> => {
        if (await work()) sending.wake();
      };
      const following = startLoop(() => next(watch.follow), schedule.pollMs, parts.log);
      const sweep = async (): Promise<boolean> =>
        (await parts.turns.isMine("upstream tokens", 2 * schedule.sweepMs)) && watch.look({ kind: "all" });
      const sweeping = startLoop(() => next(sweep), schedule.sweepMs, parts.log);
      loops = { following, sending, sweeping };
      unsubscribe = parts.standing.subscribe(() => {
        if (watch.serves) following.wake();
      });
    },
    wake,
    attached(sessionId) {
      watch
        .look({ kind: "session", sessionId })
        .then((ended) => (ended ? wake() : undefined))
        .catch((cause: unknown) => parts.log.warn({ cause: String(cause) }, "upstream token not looked at"));
    },
    async stop() {
      unsubscribe?.();
      stopping.abort();
      await Promise.all([loops?.following.stop(), loops?.sending.stop(), loops?.sweeping.stop()]);
      // A provider that does not answer is asked again after the next start: what is claimed here is free by then.
      await Promise.race([Promise.all(underWay), setTimeout(schedule.stopMs, undefined, { ref: false })]);
    },
    pending: () => pending,
  };
}
