// Linking an identity to whoever is signed in in this browser: /login/upstream/link sends them to the provider with the
// ticket that their account page got, and the callback ends here. What happened goes back to the account page as
// `?identity=`: linked, taken, denied, failed, not-you.

import type { StoredUpstream } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { frameOf } from "../pages/frame.ts";
import { browserOf } from "../sign-in/browser.ts";
import { isLive, signedIn } from "../sign-in/signed-in.ts";
import { notOffered, sendTo } from "./begin.ts";
import { enabledProviders } from "./enabled-providers.ts";
import { keepToken } from "./kept-token.ts";
import { openLinkTicket } from "./link-ticket.ts";
import { type FromProvider, identityFor, recordLink } from "./sign-in.ts";
import { type Errand, newTrip } from "./trip.ts";

type LinkErrand = Extract<Errand, { kind: "link" }>;
type Happened = "denied" | "failed" | "linked" | "not-you" | "taken";

/** GET /login/upstream/link */
export async function beginLink(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const ticket = openLinkTicket(request.parameters.get("ticket") ?? "", deps);
  if (ticket === undefined) return toAccount("failed", undefined, deps);
  const errand = { kind: "link", subject: ticket.subject, sessionId: ticket.sessionId } as const;
  if (!(await isTheirs(errand, request, deps))) return toAccount("not-you", undefined, deps);
  const offered = enabledProviders(await deps.catalog.upstreams(head));
  const provider = offered.find(({ row }) => row === ticket.upstreamRow);
  const back = { href: `${frameOf(deps).root}/account/sign-in`, text: "To your account" };
  if (provider === undefined) return notOffered(back, deps);
  const browser = browserOf(request, deps.issuer);
  const start = { upstreamRow: provider.row, browser: browser.hash, errand, maxAge: undefined };
  const answer = await sendTo(provider, newTrip(start, deps), back, deps);
  return { ...answer, cookies: [...(answer.cookies ?? []), ...browser.cookies] };
}

export async function finishLink(
  errand: LinkErrand,
  { provider, request, tokens }: FromProvider,
  deps: Dependencies,
): Promise<Answer> {
  // Nothing here hangs on what the provider gave for this.
  await keepToken({ provider, tokens, subject: errand.subject, endedBy: "identity_linked" }, deps);
  if (!(await isTheirs(errand, request, deps))) return toAccount("not-you", provider, deps);
  const identity = identityFor(tokens.person, errand.subject, provider, deps);
  const linked = await deps.store.linkIdentity({ ...identity, lastUsedMs: undefined });
  if (linked === "linked") {
    await recordLink(errand.subject, "account", provider, deps);
    return toAccount("linked", provider, deps);
  }
  const { user } = await deps.store.findIdentity(provider.row, tokens.person.sub);
  return toAccount(user?.subject === errand.subject ? "linked" : "taken", provider, deps);
}

export function linkFailed(why: "denied" | "failed", provider: StoredUpstream, deps: Dependencies): Answer {
  return toAccount(why, provider, deps);
}

/** Whether this browser is still signed in as the person, in the session, that asked for the link. */
async function isTheirs(errand: LinkErrand, request: PageRequest, deps: Dependencies): Promise<boolean> {
  const found = await signedIn(request, deps);
  return (
    isLive(found) && found.session.sessionId === errand.sessionId && found.user.subject === errand.subject
  );
}

function toAccount(happened: Happened, provider: StoredUpstream | undefined, deps: Dependencies): Answer {
  const query = new URLSearchParams({ identity: happened });
  if (provider !== undefined) query.set("upstream", provider.upstream.upstreamId);
  return seeOther(`${frameOf(deps).root}/account/sign-in?${query}`);
}
