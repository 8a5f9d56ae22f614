// /login: the page and its form. Belongs to a transaction; without one it can only say who is signed in.

import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { stillSignedInPage } from "../pages/sign-out-page.ts";
import { type Problem, tooMany } from "./attempts.ts";
import { goOn } from "./first-factor.ts";
import { decide, loadAuthorization, servedClient, unknownClient } from "./load.ts";
import { loginForm } from "./login-form.ts";
import { attemptPassword } from "./password-attempt.ts";
import { isLive, shownPerson, signedIn } from "./signed-in.ts";
import { openTransaction, resumeAt, type Transaction } from "./transaction.ts";

/** GET /login */
export async function showLogin(request: PageRequest, deps: Dependencies): Promise<Answer> {
  if (!request.parameters.has("transaction")) return showSignedIn(request, deps);
  const head = await deps.store.head();
  const transaction = await openBoundTransaction(request, head, deps);
  if ("status" in transaction) return transaction;
  const loaded = await loadAuthorization(transaction, request, head, deps);
  if ("status" in loaded) return loaded;
  const decision = decide(loaded, transaction, { justConsented: false }, deps);
  const isSwitching = request.parameters.has("switch");
  // Signed in meanwhile, in another tab perhaps.
  if (decision.kind !== "login" && !isSwitching)
    return seeOther(resumeAt("/oauth2/authorize", transaction, deps));
  const hint = loaded.asked.loginHint?.slice(0, 255);
  const known = decision.kind === "login" && decision.why !== "none" && decision.why !== "hint";
  const person = known && !isSwitching ? loaded.signedIn?.user.username : undefined;
  const username = isSwitching ? "" : (hint ?? person ?? "");
  const again = person !== undefined && person === username;
  const shown = { transaction, client: loaded.client.name, username, again };
  return loginForm(shown, undefined, head, deps);
}

async function showSignedIn(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const found = await signedIn(request, deps);
  if (isLive(found)) return stillSignedInPage(shownPerson(found.user), frameOf(deps));
  const text =
    "Signing in begins at the application that you want to use. Go there and sign in; it brings you back here.";
  return errorPage({ status: 200, title: "Begin at an application", text }, frameOf(deps));
}

/** POST /login */
export async function login(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const opened = await openForLogin(request, head, deps);
  if ("status" in opened) return opened;
  const username = request.parameters.get("username") ?? "";
  const password = request.parameters.get("password") ?? "";
  const refused = (problem: Problem): Promise<Answer> =>
    loginForm({ ...opened, username: username.slice(0, 255), again: false }, problem, head, deps);
  if (username.trim() === "" || password === "")
    return refused({ problem: "Enter both your username and your password.", status: 400 });
  const attempt = await attemptPassword({ username, password, address: request.address }, deps);
  switch (attempt.kind) {
    case "too-many":
      return refused(tooMany(attempt.retryAfter));
    case "wrong":
      deps.log.info({ reqId: request.id, address: request.address }, "sign-in refused");
      return refused({ problem: "The username or the password is wrong.", status: 400 });
    case "person":
      return goOn({ ...attempt, amr: ["pwd"] }, opened.transaction, request, deps);
  }
}

export interface Opened {
  readonly transaction: Transaction;
  /** The application's name. */
  readonly client: string;
}

/** The transaction of a request that signs somebody in, with the name of its application. */
export async function openForLogin(
  request: PageRequest,
  head: Head,
  deps: Dependencies,
): Promise<Opened | Answer> {
  const transaction = await openBoundTransaction(request, head, deps);
  if ("status" in transaction) return transaction;
  const client = await servedClient(transaction.clientId, head, deps);
  return client === undefined ? unknownClient(deps) : { transaction, client: client.name };
}

/** A transaction that is known to be this browser's; one still on its way from another site is sent on to be bound. */
export async function openBoundTransaction(
  request: PageRequest,
  head: Head,
  deps: Dependencies,
): Promise<Transaction | Answer> {
  const transaction = await openTransaction(request, head, deps);
  if ("status" in transaction || transaction.browser !== undefined) return transaction;
  return seeOther(resumeAt("/oauth2/authorize", transaction, deps));
}
