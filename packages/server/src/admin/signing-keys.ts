// Signing keys as administrators see them: GET /admin/v1/signing-keys. Public data only.

import { formatTimeMs, type SigningKeyItem } from "@rescind/admin-api";
import type { SigningKeyRecord } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { catchUp } from "./commit-order.ts";
import { heldList } from "./list-page.ts";
import type { AdminRequest } from "./request.ts";

export async function listSigningKeys(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const all = await deps.store.listSigningKeys();
  await catchUp(deps);
  const shown = (key: SigningKeyRecord) => signingKeyItem(key, deps);
  return heldList({ all, keyOf: ({ kid }) => kid, shown }, request.query as object); // checked against the contract's schema
}

function signingKeyItem(key: SigningKeyRecord, deps: Dependencies): SigningKeyItem {
  const retired = key.retiredAtMs === undefined ? "signing" : "retired";
  return {
    kid: key.kid,
    use: key.use,
    alg: key.alg,
    status: isRevoked(key.kid, deps) ? "revoked" : retired,
    created_at: formatTimeMs(key.createdAtMs),
    ...(key.retiredAtMs === undefined ? {} : { retired_at: formatTimeMs(key.retiredAtMs) }),
  };
}

function isRevoked(kid: string, deps: Pick<Dependencies, "standing" | "issuer">): boolean {
  return deps.standing.isOrdered({ name: "signing-key", issuer: deps.issuer, value: kid });
}
