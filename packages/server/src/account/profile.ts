// GET /account/v1/profile: what is known of the person. Claims of theirs that only clients see are left out.

import { formatTimeMs, type Profile } from "@rescind/admin-api";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { subjectOf } from "./own-order.ts";

export async function readProfile(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const sub = subjectOf(request);
  const { user, passwordHash, createdAtMs = 0 } = await deps.store.findUser(sub);
  // An administrator opened a grant for somebody this server need not know.
  if (user === undefined) return ok({ sub } satisfies Profile);
  const profile: Profile = {
    sub,
    username: user.username,
    ...(user.name === undefined ? {} : { name: user.name }),
    ...(user.email === undefined ? {} : { email: user.email, email_verified: user.emailVerified }),
    groups: [...user.groups],
    roles: [...user.roles],
    has_password: passwordHash !== undefined,
    created_at: formatTimeMs(createdAtMs),
  };
  return ok(profile);
}
