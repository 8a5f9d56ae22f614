// Whether a receipt belongs to another order under the same Idempotency-Key. The store answers by the key alone.

import { isDeepStrictEqual } from "node:util";
import type { Receipt } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type OrderRequest, ownTime } from "../revocation/order.ts";

/** True where the key was used before for an order of something else; nothing was changed then. */
export async function isOfAnotherRequest(
  order: OrderRequest,
  receipt: Receipt,
  deps: Pick<Dependencies, "issuer" | "store">,
): Promise<boolean> {
  if (receipt.appended || order.idempotency === undefined) return false;
  const first = await deps.store.findOrder(receipt.orderId);
  if (first === undefined) return false;
  const same =
    first.unit === order.unit.name &&
    // Where no time was asked for, the first one took its own, if it took any.
    first.before === (order.before ?? ownTime(order.unit, deps.issuer, first.atMs)) &&
    first.suspend === (order.suspend === true) &&
    first.final === order.final &&
    isDeepStrictEqual({ ...first.select }, { ...order.select });
  return !same;
}
