// Signing keys as administrators see and replace them: /admin/v1/signing-keys. Public data only.

import { formatTimeMs, type KeyRotation, type SigningKeyItem } from "@rescind/admin-api";
import type { SigningKeyRecord } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { rotateSigningKeys as rotate } from "../keys/rotation.ts";
import { catchUp } from "../revocation/commit.ts";
import { administrator } from "./administrator.ts";
import { heldList } from "./list-page.ts";
import type { AdminRequest } from "./request.ts";

export async function listSigningKeys(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const all = await deps.store.listSigningKeys();
  await catchUp(deps);
  const shown = (key: SigningKeyRecord) => signingKeyItem(key, deps);
  return heldList({ all, keyOf: ({ kid }) => kid, shown }, request.query as object); // checked against the contract's schema
}

/** New keys are published now and sign when nobody can hold an older key set; repeating it before then changes nothing. */
export async function rotateSigningKeys(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { use, alg } = request.body as KeyRotation; // checked against the contract's schema
  const nowMs = deps.now();
  const uses = use === undefined ? undefined : [use];
  const made = await deps.turns.inTurn("signing-keys", () => rotate({ uses, alg, nowMs }, deps));
  const content = { made, use, alg };
  await deps.store.recordAudit({
    action: "signing-keys.rotated",
    actor: administrator(request),
    atMs: nowMs,
    content,
  });
  const keys = await deps.store.listSigningKeys();
  await catchUp(deps);
  return ok({ items: keys.map((key) => signingKeyItem(key, deps)) });
}

function signingKeyItem(key: SigningKeyRecord, deps: Dependencies): SigningKeyItem {
  return {
    kid: key.kid,
    use: key.use,
    alg: key.alg,
    status: isRevoked(key.kid, deps) ? "revoked" : statusOf(key, deps.now()),
    created_at: formatTimeMs(key.createdAtMs),
    signs_from: formatTimeMs(key.signsFromMs),
    ...(key.retiredAtMs === undefined ? {} : { retired_at: formatTimeMs(key.retiredAtMs) }),
  };
}

function statusOf(key: SigningKeyRecord, nowMs: number): "waiting" | "signing" | "retired" {
  if (key.signsFromMs > nowMs) return "waiting";
  return nowMs < (key.retiredAtMs ?? Number.POSITIVE_INFINITY) ? "signing" : "retired";
}

function isRevoked(kid: string, deps: Pick<Dependencies, "standing" | "issuer">): boolean {
  return deps.standing.isOrdered({ name: "signing-key", issuer: deps.issuer, value: kid });
}
