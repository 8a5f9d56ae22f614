// GET /login/upstream/{id}/callback: back from a provider. The way back must be the one that began in this browser for
// this provider, and counts once; then the code is exchanged and the ID token checked (RFC 9700 sections 2.1 and 4.4,
// RFC 9207, OpenID Connect Core section 3.1.3.7). The head is read before anything else: the `rev` of what follows.

import type { Head, StoredUpstream } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, PageRequest } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { knownBrowser } from "../sign-in/browser.ts";
import { openBoundTransaction } from "../sign-in/login.ts";
import { sealTransaction, startAgain } from "../sign-in/transaction.ts";
import { finishLink, linkFailed } from "./link.ts";
import { redirectUriOf } from "./redirect-uri.ts";
import { finishSignIn } from "./sign-in.ts";
import { type Errand, isOver, spend, type Trip, tripIn } from "./trip.ts";

type Link = { readonly href: string; readonly text: string };

export async function upstreamCallback(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const state = request.parameters.get("state") ?? "";
  const trip = tripIn(state, deps);
  if (trip === undefined) return page("Nothing to go on with", notOurs, undefined, deps);
  const way = wayBack(trip.errand, head, deps);
  const browser = knownBrowser(request, deps.issuer);
  if (browser?.hash !== trip.browser) return page("Opened in another browser", otherBrowser, way, deps);
  const provider = await providerOf(trip, request, head, deps);
  if (provider === undefined) return page("This way is closed", closed, way, deps);
  if (isOver(trip, deps)) return page("This page has expired", tooLong, way, deps);
  const refused = await refusalOf(trip.errand, request, head, deps);
  if (refused !== undefined) return refused;
  if (!(await spend(trip, deps))) return page("Used already", usedAlready, way, deps);
  return arrived({ trip, state, provider, head, request, way }, deps);
}

interface Arrived {
  readonly trip: Trip;
  readonly state: string;
  readonly provider: StoredUpstream;
  readonly head: Head;
  readonly request: PageRequest;
  readonly way: Link;
}

async function arrived(arrival: Arrived, deps: Dependencies): Promise<Answer> {
  const { trip, state, provider, head, request, way } = arrival;
  const redirectUri = redirectUriOf(provider.upstream, deps.issuer);
  const { name, upstreamId } = provider.upstream;
  const callback = { redirectUri, parameters: request.parameters };
  const redeemed = await deps.upstreams.providers.redeem(provider, callback, { ...trip, state });
  const { errand } = trip;
  if (redeemed.kind === "person") {
    const found = { provider, head, request, tokens: redeemed.tokens, way };
    return errand.kind === "link"
      ? finishLink(errand, found, deps)
      : finishSignIn(errand.transaction, found, deps);
  }
  if (errand.kind === "link") return linkFailed(redeemed.kind, provider, deps);
  if (redeemed.kind === "denied") {
    const text = `${name} did not sign you in: you went back, or it refused. Nothing has been changed.`;
    return page("You are not signed in", text, way, deps);
  }
  deps.log.warn({ reqId: request.id, upstream: upstreamId, why: redeemed.why }, "upstream sign-in failed");
  const text = `What came back from ${name} could not be used: ${redeemed.why}. Nothing has been changed. If it happens again, tell whoever runs this site.`;
  return page("Signing in did not work", text, way, deps);
}

/** The provider that the trip went to: not removed or closed since, and the one whose redirect URI this is. */
async function providerOf(
  trip: Trip,
  request: PageRequest,
  head: Head,
  deps: Dependencies,
): Promise<StoredUpstream | undefined> {
  const registered = await deps.catalog.upstreams(head);
  const { upstream_id: named } = request.params;
  const found = registered.find(({ row }) => row === trip.upstreamRow);
  return found?.upstream.isEnabled === true && found.upstream.upstreamId === named ? found : undefined;
}

/** Judges the transaction as every page does: expired, or covered by an entry of the log since. */
async function refusalOf(
  errand: Errand,
  request: PageRequest,
  head: Head,
  deps: Dependencies,
): Promise<Answer | undefined> {
  if (errand.kind === "link") return undefined;
  const sealed = sealTransaction(errand.transaction, deps) ?? "";
  const asCarried = { ...request, parameters: new Map([["transaction", sealed]]) };
  const opened = await openBoundTransaction(asCarried, head, deps);
  return "status" in opened ? opened : undefined;
}

function wayBack(errand: Errand, head: Head, deps: Dependencies): Link {
  if (errand.kind === "sign-in") return startAgain(errand.transaction, head, deps);
  return { href: `${frameOf(deps).root}/account/`, text: "To your account" };
}

function page(title: string, text: string, link: Link | undefined, deps: Dependencies): Answer {
  return errorPage({ status: title.startsWith("Opened") ? 403 : 400, title, text, link }, frameOf(deps));
}

const notOurs =
  "This is not the way back of anything that was begun here. Go back to the application that you want to use and sign in from there.";
const otherBrowser =
  "Signing in was begun in another browser, or by somebody else. Nothing has been changed. To sign in here, start again.";
const closed =
  "This is not the provider that you were sent to, or nobody can sign in through it any more. Nothing has been changed.";
const tooLong = "Too much time has passed since you left for your provider. Nothing has been changed.";
const usedAlready = "This way back has been used once. Nothing has been changed.";
