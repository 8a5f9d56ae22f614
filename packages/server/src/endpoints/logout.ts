// /oauth2/logout: OpenID Connect RP-Initiated Logout 1.0. Ends the session of this browser: at once where the client
// proves by `id_token_hint` that it means this session, else after asking the person. A POST may come from another site
// without our cookies: it becomes a GET, which has them. Ends no session of another browser.

import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { signedOutPage, signOutPage, stillSignedInPage } from "../pages/sign-out-page.ts";
import { logOut } from "../revocation/log-out.ts";
import { browserOf, clearCookie, cookieOf } from "../sign-in/browser.ts";
import {
  clientOf,
  type LogoutRequest,
  openLogout,
  readLogout,
  sealLogout,
} from "../sign-in/logout-request.ts";
import { isProtected, protectedFields } from "../sign-in/protected-form.ts";
import { withQuery } from "../sign-in/return-to-client.ts";
import { isLive, type SignedIn, shownPerson, signedIn } from "../sign-in/signed-in.ts";
import { longestSealed } from "../sign-in/transaction.ts";

/** Carries a request that was checked already, in the URL after a POST and in the form of the question. */
const carried = "logout";

export async function logout(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const { parameters } = request;
  if (request.method === "POST" && parameters.has("answer")) return answered(request, deps);
  const sealed = request.method === "GET" ? parameters.get(carried) : undefined;
  const asked = sealed === undefined ? await readLogout(parameters, deps) : openLogout(sealed, deps);
  if (asked === undefined) return tooOld(deps);
  if ("kind" in asked) return cannotBeAnswered(asked.description, deps);
  if (request.method === "POST") return resumedByGet(asked, deps);
  const found = await signedIn(request, deps);
  if (!isLive(found)) return finished(asked, request, deps);
  return isMeant(found, asked) ? ended(found, asked, request, deps) : question(found, asked, request, deps);
}

function resumedByGet(asked: LogoutRequest, deps: Dependencies): Answer {
  const sealed = sealLogout(asked, undefined, deps);
  if (sealed.length > longestSealed)
    return cannotBeAnswered("The request is longer than a URL may be; shorten state.", deps);
  return seeOther(`${frameOf(deps).root}/oauth2/logout?${carried}=${sealed}`);
}

/** A valid hint of exactly the session in this browser; one of the person's others does not show that this is meant. */
function isMeant({ session }: SignedIn, { hinted }: LogoutRequest): boolean {
  return hinted?.sessionId === session.sessionId && hinted.subject === session.subject;
}

async function question(
  found: SignedIn,
  asked: LogoutRequest,
  request: PageRequest,
  deps: Dependencies,
): Promise<Answer> {
  const browser = browserOf(request, deps.issuer);
  const fields = {
    ...protectedFields("sign-out", browser, deps),
    [carried]: sealLogout(asked, found.session.sessionId, deps),
  };
  const client = (await clientOf(asked.clientId, deps))?.name;
  const view = { fields, person: shownPerson(found.user), client, cookies: browser.cookies };
  return signOutPage(view, frameOf(deps));
}

/** The person's answer; it counts for the session that the page was about. */
async function answered(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const asked = openLogout(request.parameters.get(carried) ?? "", deps);
  if (asked === undefined || !isProtected("sign-out", request, deps)) return tooOld(deps);
  const found = await signedIn(request, deps);
  if (!isLive(found)) return finished(asked, request, deps);
  if (asked.asksAbout !== found.session.sessionId) return question(found, asked, request, deps);
  if (request.parameters.get("answer") !== "sign-out")
    return stillSignedInPage(shownPerson(found.user), frameOf(deps));
  return ended(found, asked, request, deps);
}

async function ended(
  found: SignedIn,
  asked: LogoutRequest,
  request: PageRequest,
  deps: Dependencies,
): Promise<Answer> {
  const receipt = await logOut(found.session, deps);
  const answer = await finished(asked, request, deps);
  return { ...answer, headers: { ...answer.headers, "rescind-seq": String(receipt.seq) } };
}

/** Nobody is signed in here any more: the cookie goes, and the browser back to the client where it said so. */
async function finished(asked: LogoutRequest, request: PageRequest, deps: Dependencies): Promise<Answer> {
  const { issuer } = deps;
  const cookies = cookieOf(request, "session", issuer) === undefined ? [] : [clearCookie("session", issuer)];
  const client = await clientOf(asked.clientId, deps);
  const { redirectUri } = asked;
  // What was sealed an hour ago was registered then.
  if (redirectUri === undefined || client?.postLogoutRedirectUris.includes(redirectUri) !== true)
    return signedOutPage({ cookies }, frameOf(deps));
  const { state } = asked;
  return seeOther(state === undefined ? redirectUri : withQuery(redirectUri, { state }), cookies);
}

function cannotBeAnswered(description: string, deps: Dependencies): Answer {
  const frame = frameOf(deps);
  const text = `The application sent you here with a request that cannot be answered; you are still signed in. For whoever runs it: ${description}`;
  const link = { href: `${frame.root}/oauth2/logout`, text: "Sign out here" };
  return errorPage({ status: 400, title: "This link does not work", text, link }, frame);
}

function tooOld(deps: Dependencies): Answer {
  const frame = frameOf(deps);
  const text = "This page is too old, or it was made for another browser. You are still signed in.";
  const link = { href: `${frame.root}/oauth2/logout`, text: "Sign out" };
  return errorPage({ status: 400, title: "This page has expired", text, link }, frame);
}
