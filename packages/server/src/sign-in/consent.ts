// /consent: what the client asks for is shown, and allowed or denied. An answer counts for the person and the scopes
// that were shown, and for nothing else.

import type { ReturnAddress } from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { consentPage, type DescribedScope, type Destination } from "../pages/consent-page.ts";
import { frameOf } from "../pages/frame.ts";
import { scopeInWords } from "../pages/scope-words.ts";
import { advance } from "./advance.ts";
import { denyDevice } from "./device-request.ts";
import { decide, type Loaded, loadAuthorization } from "./load.ts";
import { openBoundTransaction } from "./login.ts";
import { returnError } from "./return-to-client.ts";
import { shownPerson } from "./signed-in.ts";
import { resumeAt } from "./transaction.ts";

/** GET /consent */
export async function showConsent(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const transaction = await openBoundTransaction(request, head, deps);
  if ("status" in transaction) return transaction;
  const loaded = await loadAuthorization(transaction, request, head, deps);
  if ("status" in loaded) return loaded;
  const decision = decide(loaded, transaction, { justConsented: false }, deps);
  if (decision.kind !== "consent" || loaded.signedIn === undefined)
    return seeOther(resumeAt("/oauth2/authorize", transaction, deps));
  const described = await describedScopes(loaded, head, deps);
  // Where nothing is new, or everything, there is nothing to tell apart.
  const isKnown = ({ scope }: DescribedScope) =>
    decision.missing.length > 0 && !decision.missing.includes(scope);
  return consentPage(
    {
      fields: { transaction: request.parameters.get("transaction") ?? "", shown: shownBy(loaded) },
      client: loaded.client.name,
      person: shownPerson(loaded.signedIn.user),
      scopes: described.filter((scope) => !isKnown(scope)),
      known: described.filter(isKnown),
      destination: destinationOf(loaded.asked.to),
      switchAccount: `${resumeAt("/login", transaction, deps)}&switch=1`,
    },
    frameOf(deps),
  );
}

async function describedScopes({ client, target }: Loaded, head: Head, deps: Dependencies) {
  const resources = await deps.catalog.resources(head);
  const asked = target.audience.flatMap((uri) => resources.get(uri) ?? []);
  return target.scopes.map((scope) => ({ scope, description: scopeInWords(scope, client, asked) }));
}

/** POST /consent */
export async function consent(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const transaction = await openBoundTransaction(request, head, deps);
  if ("status" in transaction) return transaction;
  const loaded = await loadAuthorization(transaction, request, head, deps);
  if ("status" in loaded) return loaded;
  if (request.parameters.get("answer") === "deny") {
    const { to } = loaded.asked;
    if (to.responseMode === "device") return denyDevice(to.id, loaded.client, deps);
    return returnError({ ...denied, to }, loaded.client, deps);
  }
  const isAsShown =
    request.parameters.get("answer") === "allow" && request.parameters.get("shown") === shownBy(loaded);
  if (!isAsShown) return seeOther(resumeAt("/oauth2/authorize", transaction, deps));
  const decision = decide(loaded, transaction, { justConsented: true }, deps);
  return advance({ transaction, loaded, decision, head, consent: loaded.target.scopes }, deps);
}

const denied = {
  kind: "error",
  error: "access_denied",
  description: "The person did not allow this.",
} as const;

/** Whom and what the page named: if another has signed in since, or less can be had, it is shown anew. */
function shownBy({ signedIn, target }: Loaded): string {
  return [signedIn?.user.subject ?? "", ...target.scopes].join(" ");
}

/** The host of a web address, else the scheme that opens an application on this device; or another device. */
function destinationOf(to: ReturnAddress): Destination {
  if (to.responseMode === "device") return { kind: "device", userCode: to.userCode };
  const { protocol, host } = new URL(to.redirectUri);
  const name = /^https?:$/.test(protocol) ? host : `an application on this device (${protocol})`;
  return { kind: "redirect", name };
}
