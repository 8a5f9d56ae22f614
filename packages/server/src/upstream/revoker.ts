// One attempt to revoke a token at its provider (RFC 7009), noted with what came of it; the end of each, whichever, is an
// audit record. Keeps nothing of the provider's answer but its status.

import type { ClaimedUpstreamToken, Store } from "@rescind/store";
import type { Seal } from "../keys/master-key.ts";
import { waitAfter } from "../webhooks/schedule.ts";
import type { Providers } from "./provider.ts";
import type { UpstreamSchedule } from "./schedule.ts";

export interface RevokerParts {
  readonly store: Store;
  readonly seal: Seal;
  readonly providers: Providers;
  readonly schedule: UpstreamSchedule;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly chance: () => number;
}

export type RevocationOutcome = "revoked" | "expired" | "left" | "dead" | "failed";

/** The purpose under which a token is sealed. */
export function upstreamTokenPurpose(id: ClaimedUpstreamToken["id"]): string {
  return `upstream-token/${id}`;
}

/** Makes the attempt and notes it. @throws StoreUnavailable: it will be made again */
export async function revokeThere(
  token: ClaimedUpstreamToken,
  parts: RevokerParts,
): Promise<RevocationOutcome> {
  const { store, now, schedule, chance } = parts;
  const { outcome, result } = await attempt(token, parts);
  const nowMs = now();
  const wait = outcome === "failed" ? waitAfter(token.attempts + 1, schedule, chance()) : undefined;
  const isPutOff = outcome === "failed" && wait !== undefined;
  const final = outcome === "failed" ? "dead" : outcome;
  await store.noteUpstreamAttempt({
    id: token.id,
    status: isPutOff ? "pending" : final,
    result,
    nextAttemptMs: nowMs + (wait ?? 0),
    atMs: nowMs,
    record: isPutOff ? undefined : recordOf(final, token, result),
  });
  return isPutOff ? "failed" : final;
}

async function attempt(
  token: ClaimedUpstreamToken,
  { seal, providers, now }: RevokerParts,
): Promise<{ readonly outcome: RevocationOutcome; readonly result: string }> {
  const { expiresAt, kind, provider } = token;
  if (expiresAt !== undefined && expiresAt <= now() / 1000)
    return { outcome: "expired", result: "it had expired by itself" };
  try {
    const text = Buffer.from(seal.open(upstreamTokenPurpose(token.id), token.sealed)).toString();
    const answer = await providers.revoke(provider, { kind, text });
    switch (answer.kind) {
      case "revoked":
        return { outcome: "revoked", result: "revoked" };
      case "no-endpoint":
        return { outcome: "left", result: "the provider has no revocation endpoint" };
      case "failed":
        return { outcome: answer.isHopeless ? "dead" : "failed", result: answer.why };
    }
  } catch {
    return { outcome: "dead", result: "it cannot be opened with this master key" };
  }
}

const actions = {
  revoked: "upstream.token-revoked",
  expired: "upstream.token-expired",
  left: "upstream.token-left",
  dead: "upstream.token-given-up",
} as const;

function recordOf(outcome: keyof typeof actions, token: ClaimedUpstreamToken, result: string) {
  const { subject, sessionId, provider, attempts, endedBy, kind } = token;
  const content = {
    upstream_id: provider.upstream.upstreamId,
    token_kind: kind,
    ended_by: endedBy,
    attempts: attempts + 1,
    result,
    ...(sessionId === undefined ? {} : { session_id: sessionId }),
    about: subject === "" ? {} : { subject },
  };
  return { action: actions[outcome], actor: { kind: "server", id: "upstream" }, content } as const;
}
