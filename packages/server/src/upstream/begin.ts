// POST /login/upstream: somebody wants to sign in through a provider. The form carries the transaction, which is this
// browser's; the answer is the authorization request to the provider (OpenID Connect Core section 3.1.2.1, PKCE).

import type { StoredUpstream } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { browserOf } from "../sign-in/browser.ts";
import { decide, type Loaded, loadAuthorization } from "../sign-in/load.ts";
import { openBoundTransaction } from "../sign-in/login.ts";
import { resumeAt, type Transaction } from "../sign-in/transaction.ts";
import { enabledProviders } from "./enabled-providers.ts";
import { reasonOf } from "./provider.ts";
import { redirectUriOf } from "./redirect-uri.ts";
import { newTrip, stateOf, type Trip } from "./trip.ts";

/** Seconds: how new a proof must be where the application asks for a new one, whatever it allows. */
const newProof = 300;

/** POST /login/upstream */
export async function beginUpstream(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const transaction = await openBoundTransaction(request, head, deps);
  if ("status" in transaction) return transaction;
  const loaded = await loadAuthorization(transaction, request, head, deps);
  if ("status" in loaded) return loaded;
  const offered = enabledProviders(await deps.catalog.upstreams(head));
  const provider = offered.find(({ upstream }) => upstream.upstreamId === request.parameters.get("upstream"));
  const back = { href: resumeAt("/login", transaction, deps), text: "Choose another way" };
  if (provider === undefined) return notOffered(back, deps);
  const trip = newTrip(
    {
      upstreamRow: provider.row,
      browser: browserOf(request, deps.issuer).hash,
      errand: { kind: "sign-in", transaction },
      maxAge: mustProve(loaded, transaction, deps)
        ? Math.min(newProof, loaded.asked.maxAge ?? newProof)
        : undefined,
    },
    deps,
  );
  return sendTo(provider, trip, back, deps);
}

/**
 * Whether the provider must have the person prove who they are. Also where nobody is signed in here: whoever deletes this
 * server's cookie must not get out of it by the session that is open there.
 */
function mustProve(loaded: Loaded, transaction: Transaction, deps: Dependencies): boolean {
  const { maxAge, prompts } = loaded.asked;
  const decision = decide(loaded, transaction, { justConsented: false }, deps);
  const isStepUp = decision.kind === "login" && decision.why === "acr";
  return isStepUp || maxAge !== undefined || prompts.has("login");
}

/** On to the provider, or the page that says that it cannot be reached. */
export async function sendTo(
  provider: StoredUpstream,
  trip: Trip,
  back: { readonly href: string; readonly text: string },
  deps: Dependencies,
): Promise<Answer> {
  const { name } = provider.upstream;
  try {
    const checks = { ...trip, state: stateOf(trip, deps) };
    const uri = redirectUriOf(provider.upstream, deps.issuer);
    return seeOther(await deps.upstreams.providers.authorizationUrl(provider, uri, checks));
  } catch (error) {
    deps.log.warn({ upstream: provider.upstream.upstreamId, why: reasonOf(error) }, "provider not reached");
    const text = `${name} cannot be reached at the moment. Nothing has been changed. Try again in a while, or choose another way.`;
    return errorPage({ status: 503, title: `${name} does not answer`, text, link: back }, frameOf(deps));
  }
}

export function notOffered(
  link: { readonly href: string; readonly text: string } | undefined,
  deps: Dependencies,
): Answer {
  const text = "Nobody can sign in through this provider here at the moment. Nothing has been changed.";
  return errorPage({ status: 400, title: "This way is closed", text, link }, frameOf(deps));
}
