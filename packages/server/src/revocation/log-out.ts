// Ends a login session as its person asked: the session and what hangs on it, but for tokens of `offline_access`.

import type { Session } from "@rescind/core";
import type { Receipt } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { orderOf } from "./order.ts";
import { selectOf } from "./select.ts";

/** Commits the order. Does not touch the browser's cookie. */
export async function logOut(session: Session, deps: Dependencies): Promise<Receipt> {
  const unit = { name: "logout", issuer: deps.issuer, value: session.sessionId } as const;
  const receipt = await deps.store.revoke(
    orderOf(
      {
        unit,
        actor: { kind: "user", id: session.subject },
        reason: "logout",
        final: true,
        select: selectOf(unit),
        about: { subject: session.subject },
      },
      deps,
    ),
  );
  if (receipt.appended) deps.metrics.revoked("logout", "logout");
  deps.standing.wake();
  return receipt;
}
