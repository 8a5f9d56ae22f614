// /setup: a one-time link, handed over by an administrator, with which a person sets a password and is signed in.

import { decideFactors, type User } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { setupPage } from "../pages/setup-page.ts";
import { secondFactorsOf } from "../people/factors.ts";
import { passwordLengths, passwordProblem, verifyPassword } from "../people/password.ts";
import { findUsableLink, setPasswordByLink } from "../people/setup-link.ts";
import { browserOf } from "./browser.ts";
import { openSession } from "./open-session.ts";
import { isProtected, protectedFields } from "./protected-form.ts";

/** GET /setup */
export async function showSetup(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const found = await findUsableLink(request.parameters.get("link") ?? "", deps);
  return found === undefined ? noLink(deps) : form(found.user, undefined, request, deps);
}

/** POST /setup */
export async function setup(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const found = await findUsableLink(request.parameters.get("link") ?? "", deps);
  if (found === undefined) return noLink(deps);
  const { user } = found;
  if (!isProtected("setup", request, deps))
    return form(user, "This form was not sent from here, or it is too old. Please try again.", request, deps);
  const password = request.parameters.get("password") ?? "";
  const isRepeated = password === request.parameters.get("again");
  const problem =
    passwordProblem(password, user.username) ?? (isRepeated ? undefined : "The two passwords differ.");
  if (problem !== undefined) return form(user, problem, request, deps);
  if (!(await setPasswordByLink(found, password, deps))) return noLink(deps);
  deps.log.info({ reqId: request.id, subject: user.subject }, "password set");
  const cookies = await signInWith(password, user.subject, request, deps);
  const page = user.roles.length > 0 ? "/console/" : "/account/";
  return seeOther(frameOf(deps).root + page, cookies);
}

/** By the digest as it is now, read with its head: if another was set meanwhile, this password opens nothing. */
async function signInWith(
  password: string,
  subject: string,
  request: PageRequest,
  deps: Dependencies,
): Promise<readonly string[]> {
  const { head, user, passwordHash } = await deps.store.findUser(subject);
  const { ok } = await verifyPassword(passwordHash, password);
  if (!ok || user?.status !== "active") return [];
  // Whoever has a second factor shows it at the sign-in page, where they come to next.
  const has = secondFactorsOf(await deps.store.findFactors(subject), deps);
  if (decideFactors({ amr: ["pwd"], has, required: undefined }).kind !== "done") return [];
  return [await openSession({ user, head, amr: ["pwd"] }, request, deps)];
}

function form(user: User, problem: string | undefined, request: PageRequest, deps: Dependencies): Answer {
  const browser = browserOf(request, deps.issuer);
  const fields = { link: request.parameters.get("link") ?? "", ...protectedFields("setup", browser, deps) };
  const view = { fields, username: user.username, leastLength: passwordLengths.least };
  return setupPage({ ...view, problem, cookies: browser.cookies }, frameOf(deps));
}

function noLink(deps: Dependencies): Answer {
  const text = "It has been used, has expired, or a newer one was made. Ask an administrator for another.";
  return errorPage({ status: 400, title: "This link does not work any more", text }, frameOf(deps));
}
