// The orders that follow from what happens to a person, to be applied in the transaction of the change itself. All are
// final: a lift would bring back the sessions of somebody who is gone, or of whoever stole the old password.

import type { Unit } from "@rescind/core";
import type { Actor, Order, RevocationReason } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { orderOf } from "../revocation/order.ts";
import { selectOf } from "../revocation/select.ts";

type Parts = Pick<Dependencies, "hashing" | "issuer" | "now" | "store">;

/** Ends every session, token and link of a person. */
export function subjectOrder(
  subject: string,
  reason: Extract<RevocationReason, "password_changed" | "user_deleted" | "user_disabled">,
  actor: Actor,
  parts: Parts,
): Order {
  return finalOrder({ name: "subject", issuer: parts.issuer, value: subject }, reason, actor, parts);
}

/** Ends what a client holds for a person whose roles no longer allow all of it. */
export function rolesTakenOrder(subject: string, clientId: string, actor: Actor, parts: Parts): Order {
  const unit = { name: "subject+client", issuer: parts.issuer, value: subject, client: clientId } as const;
  return finalOrder(unit, "administrator", actor, parts);
}

function finalOrder(unit: Unit, reason: RevocationReason, actor: Actor, parts: Parts): Order {
  const about = { subject: unit.value, clientId: unit.client };
  return orderOf({ unit, actor, reason, final: true, select: selectOf(unit), about }, parts);
}
