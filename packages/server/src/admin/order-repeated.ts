// Whether a receipt belongs to another order under the same Idempotency-Key. The store answers by the key alone.

import { isDeepStrictEqual } from "node:util";
import type { Receipt } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { OrderRequest } from "../revocation/order.ts";

/** True where the key was used before for an order of something else; nothing was changed then. */
export async function isOfAnotherRequest(
  order: OrderRequest,
  receipt: Receipt,
  deps: Pick<Dependencies, "store">,
): Promise<boolean> {
  if (receipt.appended || order.idempotency === undefined) return false;
  const first = await deps.store.findOrder(receipt.orderId);
  if (first === undefined) return false;
  const same =
    first.unit === order.unit.name &&
    first.before === order.before &&
    first.suspend === (order.suspend === true) &&
    isDeepStrictEqual({ ...first.select }, { ...order.select });
  return !same;
}
