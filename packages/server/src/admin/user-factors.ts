// How a user signs in, and the way out for whoever has lost their device: an administrator removes authenticator app and
// recovery codes (and passkeys, where asked), so that the password alone is enough again.

import type { FactorsQuery } from "@rescind/admin-api";
import { signInMeans } from "../account/sign-in.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { removeFactors } from "../people/factors.ts";
import { administrator } from "./administrator.ts";
import { refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";

export async function readUserSignIn(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const subject = request.params.sub ?? "";
  const { user } = await deps.store.findUser(subject);
  return user === undefined ? unknown : ok(await signInMeans(subject, deps));
}

export async function resetFactors(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { passkeys = false } = request.query as FactorsQuery; // checked against the contract's schema
  const subject = request.params.sub ?? "";
  const { user } = await deps.store.findUser(subject);
  if (user === undefined) return unknown;
  const actor = administrator(request);
  const removed = { totp: true, recoveryCodes: true, passkeys: passkeys ? ("all" as const) : undefined };
  const headers = await removeFactors(subject, removed, { actor, reason: "administrator" }, deps);
  const content = { sub: subject, passkeys };
  await deps.store.recordAudit({ action: "second-factors.reset", actor, atMs: deps.now(), content });
  return { status: 204, headers };
}

const unknown = refused("not-found", "There is no user with this sub.");
