// POST /account/v1/password: whoever knows the current one chooses another. Guessing here counts with guessing at the
// sign-in page. As with every other way to another password, all sessions and tokens of the person end, this one too.

import type { PasswordChange } from "@rescind/admin-api";
import { invalidField, refused } from "../admin/refusal.ts";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { problem } from "../http/respond.ts";
import { hashPassword, passwordProblem, verifyPassword } from "../people/password.ts";
import { tidyOffer } from "../people/setup-link.ts";
import { subjectOrder } from "../people/user-orders.ts";
import { catchUp } from "../revocation/commit.ts";
import { subjectOf } from "./own-order.ts";

export function changePassword(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  return deps.logins.inTurn(subjectOf(request), () => changeInTurn(request, deps));
}

async function changeInTurn(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { current_password: current, new_password: next } = request.body as PasswordChange; // checked against the schema
  const subject = subjectOf(request);
  const { user, passwordHash } = await deps.store.findUser(subject);
  if (user?.status !== "active" || passwordHash === undefined) return noPassword;
  const wrong = passwordProblem(next, user.username);
  if (wrong !== undefined) return invalidField("/new_password", wrong);
  if (next.normalize("NFC") === current.normalize("NFC"))
    return invalidField("/new_password", "It must not be the current one.");
  const blockedFor = blocked(request, deps);
  if (blockedFor !== undefined) return tooMany(blockedFor);
  if (!(await verifyPassword(passwordHash, current)).ok) {
    const { ofAccount, ofAddress } = deps.logins;
    const atMs = deps.now();
    await Promise.all([ofAccount.failed(subject, atMs), ofAddress.failed(request.address, atMs)]);
    return wrongPassword;
  }
  const actor = { kind: "user", id: subject } as const;
  const order = subjectOrder(subject, "password_changed", actor, deps);
  const hash = await hashPassword(next);
  // Only in the place of the one that was shown: an administrator may have set another meanwhile.
  if (!(await deps.store.setPassword(subject, hash, { instead: passwordHash, orders: [order] })))
    return wrongPassword;
  deps.metrics.revoked("subject", "password_changed");
  await catchUp(deps);
  const content = { sub: subject, by: "account" };
  await deps.store.recordAudit({ action: "user.password-set", actor, atMs: deps.now(), content });
  await tidyOffer(deps);
  const recorded = await deps.store.findOrder(order.id);
  return { status: 204, headers: recorded === undefined ? {} : { "rescind-seq": String(recorded.seq) } };
}

/** Seconds until the next try; undefined if it is allowed now. */
function blocked(request: AdminRequest, deps: Dependencies): number | undefined {
  const { ofAccount, ofAddress } = deps.logins;
  const nowMs = deps.now();
  return ofAccount.blockedFor(subjectOf(request), nowMs) ?? ofAddress.blockedFor(request.address, nowMs);
}

function tooMany(seconds: number): Answer {
  return problem({
    status: 429,
    detail: "Too many wrong passwords; try again later.",
    headers: { "retry-after": String(seconds) },
  });
}

const wrongPassword = invalidField("/current_password", "This is not your password.");
const noPassword = refused("conflict", "You have no password yet. Ask an administrator for a setup link.");
