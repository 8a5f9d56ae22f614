// What an order reaches, in numbers, for receipts, previews and caps.

import type { Affected as AffectedAnswer } from "@rescind/admin-api";
import { formatTimeMs } from "@rescind/admin-api";
import type { Unit } from "@rescind/core";
import type { Affected } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";

/** Milliseconds of counting at most: after an order, for a preview, and where a cap must be held exactly. */
export const countingLimits = { receipt: 200, preview: 700, cap: 20_000 } as const;

export interface Reach {
  readonly unit: Unit;
  /** Seconds, inclusive. */
  readonly before: number | undefined;
  readonly limitMs: number;
  readonly atMost?: number | undefined;
  /** The order's own entry, where it is counted after it. */
  readonly ignoring?: number | undefined;
}

export function countReach(
  reach: Reach,
  deps: Pick<Dependencies, "hashing" | "store" | "now">,
): Promise<Affected> {
  const fp = deps.hashing.fingerprint(reach.unit);
  return deps.store.countAffected({ ...reach, fp, at: deps.now() / 1000 });
}

export function affectedAnswer(affected: Affected): AffectedAnswer {
  return {
    grants: affected.grants,
    access_tokens: affected.accessTokens,
    refresh_tokens: affected.refreshTokens,
    sessions: affected.sessions,
    subscriptions: affected.subscriptions,
    exact: affected.exact,
  };
}

export function byClientAnswer(affected: Affected): object[] {
  return affected.byClient.map((share) => ({
    client_id: share.clientId,
    access_tokens: share.accessTokens,
    refresh_tokens: share.refreshTokens,
    ...(share.lastUsedAtMs === undefined ? {} : { last_used_at: formatTimeMs(share.lastUsedAtMs) }),
  }));
}
