// Carries out what a person orders about their own things. Nobody can lift it: who took something back for themselves
// must be able to rely on it.

import type { RevocationReason, Unit } from "@rescind/core";
import type { About, Receipt } from "@rescind/store";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import { commitAll, commitOrder } from "../revocation/commit.ts";
import { type OrderRequest, orderOf } from "../revocation/order.ts";
import { recordRefusedAttempt } from "../revocation/refused-attempt.ts";
import { selectOf } from "../revocation/select.ts";

export interface OwnOrder {
  readonly unit: Unit;
  readonly reason: Extract<RevocationReason, "consent_withdrawn" | "user_request">;
  /** Of the stored consent only this one is forgotten. */
  readonly scope?: string | undefined;
  /** Beside the person. */
  readonly about?: About | undefined;
}

/** The subject of the token that a request came with: the only one it is about. */
export function subjectOf(request: AdminRequest): string {
  return request.caller.token.subject;
}

/**
 * Somebody else's was asked for: the person is told that there is none, the audit log who tried. Where there is none, what
 * was asked for takes the same way (`passThrough`), so that time does not tell.
 */
export function recordRefusal(
  content: Readonly<Record<string, string>>,
  request: AdminRequest,
  deps: Dependencies,
): Promise<void> {
  const actor = { kind: "user", id: subjectOf(request) } as const;
  return recordRefusedAttempt({ action: "revocation.refused", actor, content }, deps);
}

/** @throws StoreUnavailable if the commit is not certain */
export function commitOwn(order: OwnOrder, request: AdminRequest, deps: Dependencies): Promise<Receipt> {
  return commitOrder({ ...asked(order, request), idempotency: request.idempotency }, deps);
}

/** Several at once, in one transaction; at most 1,000. */
export function commitAllOwn(
  orders: readonly OwnOrder[],
  request: AdminRequest,
  deps: Dependencies,
): Promise<readonly Receipt[]> {
  const made = orders.map((order) => orderOf(asked(order, request), deps));
  return commitAll(made, deps);
}

function asked({ unit, scope, reason, about }: OwnOrder, request: AdminRequest): OrderRequest {
  const subject = subjectOf(request);
  return {
    unit,
    scope,
    reason,
    actor: { kind: "user", id: subject },
    final: true,
    select: { ...selectOf(unit), ...(scope === undefined ? {} : { scope }) },
    about: { ...about, subject },
  };
}
