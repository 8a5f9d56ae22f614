// Ends a login session as its person asked: the session and what hangs on it, but for tokens of `offline_access`.

import type { Session } from "@rescind/core";
import type { Receipt } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { commitAndWake } from "./commit.ts";
import { selectOf } from "./select.ts";

/** Commits the order. Does not touch the browser's cookie. */
export function logOut(session: Session, deps: Dependencies): Promise<Receipt> {
  const unit = { name: "logout", issuer: deps.issuer, value: session.sessionId } as const;
  return commitAndWake(
    {
      unit,
      actor: { kind: "user", id: session.subject },
      reason: "logout",
      final: true,
      select: selectOf(unit),
      about: { subject: session.subject },
    },
    deps,
  );
}
