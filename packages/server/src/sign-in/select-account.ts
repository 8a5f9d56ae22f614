// /select-account: whether to go on as the person who is signed in (`prompt=select_account`).

import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { accountPage } from "../pages/account-page.ts";
import { frameOf } from "../pages/frame.ts";
import { decide, loadAuthorization } from "./load.ts";
import { openBoundTransaction } from "./login.ts";
import { isLive, shownPerson, signedIn } from "./signed-in.ts";
import { resumeAt } from "./transaction.ts";

/** GET /select-account */
export async function showAccounts(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const transaction = await openBoundTransaction(request, head, deps);
  if ("status" in transaction) return transaction;
  const loaded = await loadAuthorization(transaction, request, head, deps);
  if ("status" in loaded) return loaded;
  const decision = decide(loaded, transaction, { justConsented: false }, deps);
  if (decision.kind !== "select-account" || loaded.signedIn === undefined)
    return seeOther(resumeAt("/oauth2/authorize", transaction, deps));
  const { user } = loaded.signedIn;
  const fields = {
    transaction: request.parameters.get("transaction") ?? "",
    subject: user.subject,
  };
  return accountPage({ fields, client: loaded.client.name, person: shownPerson(user) }, frameOf(deps));
}

/** POST /select-account */
export async function selectAccount(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const transaction = await openBoundTransaction(request, head, deps);
  if ("status" in transaction) return transaction;
  if (request.parameters.get("account") === "other")
    return seeOther(`${resumeAt("/login", transaction, deps)}&switch=1`);
  const found = await signedIn(request, deps);
  const isAsShown = isLive(found) && found.user.subject === request.parameters.get("subject");
  const selected = isAsShown ? found.user.subject : undefined;
  return seeOther(resumeAt("/oauth2/authorize", { ...transaction, selected }, deps));
}
