// How the fleet stood: GET /admin/v1/verifiers/history. Of the last day, since this node started; of one verifier where
// it is named.

import { formatTimeMs, type VerifierHistory, type VerifierHistoryQuery } from "@rescind/admin-api";
import type { Dependencies } from "../dependencies.ts";
import { keyOf } from "../feed/fleet.ts";
import { type Answer, ok } from "../http/answer.ts";
import { invalidField } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";

export async function readVerifierHistory(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { client_id: clientId, verifier } = request.query as VerifierHistoryQuery; // checked against the contract's schema
  if ((clientId === undefined) !== (verifier === undefined))
    return clientId === undefined
      ? invalidField("/client_id", "A verifier is named by its client_id and its own name, both.")
      : invalidField("/verifier", "A verifier is named by its client_id and its own name, both.");
  const key = clientId === undefined || verifier === undefined ? undefined : keyOf({ clientId, verifier });
  const points = await deps.fleetHistory.read(key);
  const history: VerifierHistory = {
    as_of: formatTimeMs(deps.now()),
    points: points.map(({ atMs, fresh, stale, lag }) => ({ at: formatTimeMs(atMs), fresh, stale, lag })),
  };
  return ok(history);
}
