// An attempt at somebody else's token, grant or session that was refused: one audit record, whatever the way in. What it
// was aimed at is named by id, never by text.

import type { Actor } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";

export interface RefusedAttempt {
  /** It would have ended something; got tokens; told about a grant. */
  readonly action: "revocation.refused" | "refresh.refused" | "grant.refused";
  readonly actor: Actor;
  /** Ids, and whose it is. */
  readonly content: Readonly<Record<string, string | undefined>>;
}

export function recordRefusedAttempt(
  { action, actor, content }: RefusedAttempt,
  deps: Pick<Dependencies, "now" | "store">,
): Promise<void> {
  return deps.store.recordAudit({ action, actor, atMs: deps.now(), content });
}
