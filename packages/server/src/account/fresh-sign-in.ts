// Whoever changes how they sign in must have signed in just now: a browser that was left open is not enough. The answer to
// others asks for a new sign-in (RFC 9470).

import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { needsNewSignIn } from "../http/respond.ts";

/** Seconds since the sign-in behind a token. */
const freshFor = 300;

/** What is answered to a token whose sign-in is older; undefined where it is not. */
export function refuseStale(
  { caller }: Pick<AdminRequest, "caller">,
  { now }: Pick<Dependencies, "now">,
): Answer | undefined {
  const { authTime } = caller.token;
  const isFresh = authTime !== undefined && Math.floor(now() / 1000) - authTime <= freshFor;
  return isFresh ? undefined : needsNewSignIn(freshFor);
}
