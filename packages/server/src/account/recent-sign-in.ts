// Whether a person has signed in a moment ago, in the session that their token hangs on: what changes how they sign in
// wants that, so that an open browser or a stolen token is not enough (RFC 9470).

import { parseId } from "@rescind/core";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { needsNewSignIn } from "../http/respond.ts";

/** Seconds. */
export const recentSignIn = 300;

/** The challenge where the sign-in is too long ago, or the token comes from none; undefined where it is recent. */
export async function challengeUnlessRecent(
  request: AdminRequest,
  { store, now }: Pick<Dependencies, "now" | "store">,
): Promise<Answer | undefined> {
  const row = parseId("session", request.caller.token.sessionId ?? "");
  const { session } = row === undefined ? {} : await store.findSession(row);
  const age = now() - (session?.authenticatedAtMs ?? Number.NEGATIVE_INFINITY);
  return age <= recentSignIn * 1000 ? undefined : needsNewSignIn(recentSignIn);
}
