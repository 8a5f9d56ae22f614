// Verifiers: GET /admin/v1/verifiers. Which of them were met within a day, at any node, and what each has applied.

import { formatTimeMs, type VerifierItem } from "@rescind/admin-api";
import type { Dependencies } from "../dependencies.ts";
import { keyOf, type Verifier } from "../feed/fleet.ts";
import { lagBehind } from "../feed/lag.ts";
import type { Answer } from "../http/answer.ts";
import { heldList } from "./list-page.ts";
import type { AdminRequest } from "./request.ts";

export async function listVerifiers(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { position } = await deps.store.head();
  const all = await deps.fleet.list();
  const lags = new Map<number, number>();
  for (const seq of new Set(all.map(({ verifier }) => verifier.applied.seq)))
    lags.set(seq, await lagBehind(position.seq, seq, deps.store));
  const shown = ({ verifier, fresh }: Known) =>
    verifierItem(verifier, lags.get(verifier.applied.seq) ?? 0, fresh);
  return heldList({ all, keyOf: ({ verifier }: Known) => keyOf(verifier), shown }, request.query as object); // checked against the contract's schema
}

interface Known {
  readonly verifier: Verifier;
  readonly fresh: boolean;
}

function verifierItem(verifier: Verifier, lag: number, fresh: boolean): VerifierItem {
  const { checks, refusals, revokedUses } = verifier.counts;
  return {
    verifier: verifier.verifier,
    ...(verifier.name === undefined ? {} : { name: verifier.name }),
    client_id: verifier.clientId,
    applied: { ...verifier.applied },
    lag,
    fresh,
    max_staleness: verifier.maxStaleness,
    last_lease_at: formatTimeMs(verifier.lastLeaseAtMs),
    counts: { checks, refusals, revoked_uses: revokedUses },
  };
}
