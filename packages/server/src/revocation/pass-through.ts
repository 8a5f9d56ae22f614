// The way of a revocation that finds nothing to revoke: as long as that of one that finds it revoked already, so that the
// time it takes does not tell what is known here. RFC 7009 section 2.2, THREATS RV-06.

import { formatId, type Unit } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { orderOf } from "./order.ts";
import { selectOf } from "./select.ts";

/** Appends nothing; the head's number. @throws StoreUnavailable as an order would */
export function passThrough(deps: Dependencies): Promise<number> {
  const unit: Unit = { name: "token", issuer: deps.issuer, value: formatId("token", "0") };
  const order = orderOf(
    {
      unit,
      actor: { kind: "client", id: "" },
      reason: "client_request",
      final: true,
      select: selectOf(unit),
      about: {},
    },
    deps,
  );
  return deps.store.passThrough(order);
}
