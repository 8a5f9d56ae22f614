// /login: the page and its form. Belongs to a transaction; without one it can only say who is signed in.

import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { loginPage, type ShownProvider } from "../pages/login-page.ts";
import { stillSignedInPage } from "../pages/sign-out-page.ts";
import { enabledProviders } from "../upstream/enabled-providers.ts";
import { decide, loadAuthorization, servedClient, unknownClient } from "./load.ts";
import { openSession } from "./open-session.ts";
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
  const known = decision.kind === "login" && (decision.why === "prompt" || decision.why === "max-age");
  const person = known && !isSwitching ? loaded.signedIn?.user.username : undefined;
  const username = isSwitching ? "" : (hint ?? person ?? "");
  const again = person !== undefined && person === username;
  const fields = { transaction: request.parameters.get("transaction") ?? "" };
  const providers = await shownProviders(head, deps);
  return loginPage({ fields, client: loaded.client.name, username, again, providers }, frameOf(deps));
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
  const providers = await shownProviders(head, deps);
  const refused = (problem: string, status: number, headers: Record<string, string> = {}): Answer => {
    const fields = { transaction: request.parameters.get("transaction") ?? "" };
    const view = { fields, client: opened.client, username: username.slice(0, 255), again: false, providers };
    return loginPage({ ...view, problem, status, headers }, frameOf(deps));
  };
  if (username.trim() === "" || password === "")
    return refused("Enter both your username and your password.", 400);
  const attempt = await attemptPassword({ username, password, address: request.address }, deps);
  switch (attempt.kind) {
    case "too-many":
      return refused(tooMany(attempt.retryAfter), 429, { "retry-after": String(attempt.retryAfter) });
    case "wrong":
      deps.log.info({ reqId: request.id, address: request.address }, "sign-in refused");
      return refused("The username or the password is wrong.", 400);
    case "person": {
      const cookie = await openSession({ ...attempt, amr: ["pwd"] }, request, deps);
      deps.log.info({ reqId: request.id, subject: attempt.user.subject }, "signed in");
      return seeOther(resumeAt("/oauth2/authorize", opened.transaction, deps), [cookie]);
    }
  }
}

/** Upstream providers that people may sign in through at this moment. */
async function shownProviders(head: Head, deps: Dependencies): Promise<readonly ShownProvider[]> {
  return enabledProviders(await deps.catalog.upstreams(head)).map(({ upstream }) => upstream);
}

interface Opened {
  readonly transaction: Transaction;
  /** The application's name. */
  readonly client: string;
}

async function openForLogin(request: PageRequest, head: Head, deps: Dependencies): Promise<Opened | Answer> {
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

function tooMany(seconds: number): string {
  return `Too many attempts have failed. Try again in ${seconds === 1 ? "a second" : `${seconds} seconds`}.`;
}
