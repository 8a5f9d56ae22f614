// Verifiers: GET /admin/v1/verifiers. Which of them this node has met within a day, and what each has applied.

import { formatTimeMs, type VerifierItem } from "@rescind/admin-api";
import type { Dependencies } from "../dependencies.ts";
import { isFresh, type Verifier } from "../feed/fleet.ts";
import { lagBehind } from "../feed/lag.ts";
import type { Answer } from "../http/answer.ts";
import { heldList } from "./list-page.ts";
import type { AdminRequest } from "./request.ts";

export async function listVerifiers(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { position } = await deps.store.head();
  const all = deps.fleet.list();
  const lags = new Map<number, number>();
  for (const seq of new Set(all.map(({ applied }) => applied.seq)))
    lags.set(seq, await lagBehind(position.seq, seq, deps.store));
  const nowMs = deps.now();
  const shown = (verifier: Verifier) => verifierItem(verifier, lags.get(verifier.applied.seq) ?? 0, nowMs);
  return heldList({ all, keyOf, shown }, request.query as object); // checked against the contract's schema
}

function keyOf({ clientId, verifier }: Verifier): string {
  return `${clientId}\n${verifier}`;
}

function verifierItem(verifier: Verifier, lag: number, nowMs: number): VerifierItem {
  const { checks, refusals, revokedUses } = verifier.counts;
  return {
    verifier: verifier.verifier,
    ...(verifier.name === undefined ? {} : { name: verifier.name }),
    client_id: verifier.clientId,
    applied: { ...verifier.applied },
    lag,
    fresh: isFresh(verifier, nowMs),
    max_staleness: verifier.maxStaleness,
    last_lease_at: formatTimeMs(verifier.lastLeaseAtMs),
    counts: { checks, refusals, revoked_uses: revokedUses },
  };
}
