// What follows when somebody has shown who they are, by password, passkey or another provider: a session, a second step, or
// the answer that the client asks for more than they can show. What they have shown so far travels sealed in the
// transaction and is judged by the log at the next step.

import { decideFactors, leastAcr, unmet } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { areTheirs, endSessionsWithout, secondFactorsOf } from "../people/factors.ts";
import { loadAuthorization } from "./load.ts";
import { type Authentication, openSession } from "./open-session.ts";
import { returnError } from "./return-to-client.ts";
import { resumeAt, type Transaction } from "./transaction.ts";

/** Goes on with whoever has authenticated like this. */
export async function goOn(
  authentication: Authentication,
  transaction: Transaction,
  request: PageRequest,
  deps: Dependencies,
): Promise<Answer> {
  const { user, head, amr, factors, upstreamToken } = authentication;
  const has = secondFactorsOf(await deps.store.findFactors(user.subject), deps);
  const decision = decideFactors({ amr, has, required: requiredOf(transaction) });
  switch (decision.kind) {
    case "done":
      return signIn(authentication, transaction, request, deps);
    case "second-factor": {
      const rev = head.position.seq;
      const passed = { subject: user.subject, rev, amr, atMs: deps.now(), factors, upstreamToken };
      return seeOther(resumeAt("/login/second-factor", { ...transaction, passed }, deps));
    }
    case "unmet":
      return returnUnmet(transaction, request, deps);
  }
}

/** A device cannot ask for it. */
export function requiredOf({ parameters, device }: Transaction) {
  return device === undefined ? leastAcr(parameters.acr_values) : undefined;
}

async function signIn(
  authentication: Authentication,
  transaction: Transaction,
  request: PageRequest,
  deps: Dependencies,
): Promise<Answer> {
  const { user, factors = [] } = authentication;
  const cookie = await openSession(authentication, request, deps);
  const next = { ...transaction, passed: undefined };
  // Whoever removed it meanwhile saw either the session or not yet; here it is the other way round.
  if (factors.length > 0 && !(await areTheirs(factors, user.subject, deps))) {
    const ending = { actor: { kind: "server", id: "sign-in" }, reason: "security_event" } as const;
    await endSessionsWithout(user.subject, ending, deps);
    return startOver("What you signed in with has just been removed from your account.", next, deps);
  }
  deps.log.info({ reqId: request.id, subject: user.subject, amr: authentication.amr }, "signed in");
  return seeOther(resumeAt("/oauth2/authorize", next, deps), [cookie]);
}

async function returnUnmet(
  transaction: Transaction,
  request: PageRequest,
  deps: Dependencies,
): Promise<Answer> {
  const loaded = await loadAuthorization(transaction, request, await deps.store.head(), deps);
  if ("status" in loaded) return loaded;
  return returnError({ ...unmet, kind: "error", to: loaded.asked.to }, loaded.client, deps);
}

/** Back to the first step, with the reason. */
export function startOver(why: string, transaction: Transaction, deps: Dependencies): Answer {
  const href = resumeAt("/login", { ...transaction, passed: undefined }, deps);
  const text = `${why} Nothing has been changed.`;
  const link = { href, text: "Sign in again" };
  return errorPage({ status: 400, title: "Please sign in again", text, link }, frameOf(deps));
}
