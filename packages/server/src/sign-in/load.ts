// Loads what an authorization request is judged by at this moment: client, parameters, what would be granted, who is
// signed in, what they allowed before. Every step of a transaction loads it anew.

import {
  type Acr,
  type AuthorizationDecision,
  type AuthorizationError,
  type AuthorizationRequest,
  type Client,
  checkClaims,
  chooseTarget,
  decideAuthorization,
  personMayHave,
  type Refusal,
  reachableAcr,
  readAuthorizationRequest,
  resolveClaims,
  type Target,
  type User,
} from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, PageRequest } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { secondFactorsOf } from "../people/factors.ts";
import { readIdTokenHint } from "../tokens/id-token.ts";
import { readForDevice } from "./device-request.ts";
import { returnError } from "./return-to-client.ts";
import { isLive, type SignedIn, signedIn, touch } from "./signed-in.ts";
import type { Transaction } from "./transaction.ts";

export interface Loaded {
  readonly client: Client;
  readonly asked: AuthorizationRequest;
  /** What the person would grant. */
  readonly target: Target;
  readonly signedIn: SignedIn | undefined;
  readonly hintedSubject: string | undefined;
  readonly consented: readonly string[];
  /** What the person signed in could show at most, where the request asks for anything (`acr_values`). */
  readonly reachable: Acr | undefined;
}

/** The registered client, unless it is suspended. `head` was read for this request and reached. */
export async function servedClient(
  clientId: string,
  head: Head,
  deps: Dependencies,
): Promise<Client | undefined> {
  const registered = await deps.catalog.client(clientId, head);
  const unit = { name: "client", issuer: deps.issuer, value: clientId } as const;
  return deps.standing.suspension(unit) === "none" ? registered?.client : undefined;
}

/** All that the decision needs, or the answer where the request itself cannot be granted. */
export async function loadAuthorization(
  transaction: Transaction,
  request: PageRequest,
  head: Head,
  deps: Dependencies,
): Promise<Loaded | Answer> {
  const client = await servedClient(transaction.clientId, head, deps);
  if (client === undefined) return unknownClient(deps);
  const asked = await readRequest(transaction, client, deps);
  if ("status" in asked) return asked;
  const found = await signedIn(request, deps);
  if (isLive(found)) await touch(found, deps);
  const target = await grantable(asked, client, found?.user, { head, deps });
  if ("kind" in target) return returnError(targetError(asked, target), client, deps);
  const configured = { ...client.customClaims, ...client.attributes };
  const tooMuch = checkClaims(resolveClaims(configured, isLive(found) ? found.user : undefined));
  if (tooMuch !== undefined)
    return returnError(
      { kind: "error", error: "invalid_request", description: tooMuch.description, to: asked.to },
      client,
      deps,
    );
  const hinted = asked.idTokenHint === undefined ? undefined : await readIdTokenHint(asked.idTokenHint, deps);
  if (asked.idTokenHint !== undefined && hinted?.clientId !== client.clientId)
    return returnError({ ...wrongHint, to: asked.to }, client, deps);
  const consented = isLive(found)
    ? await deps.store.consentedScopes(found.user.subject, client.clientId)
    : [];
  const reachable =
    isLive(found) && asked.requiredAcr !== undefined
      ? reachableAcr(secondFactorsOf(await deps.store.findFactors(found.user.subject), deps))
      : undefined;
  return { client, asked, target, signedIn: found, hintedSubject: hinted?.subject, consented, reachable };
}

async function readRequest(
  { parameters, device }: Transaction,
  client: Client,
  deps: Dependencies,
): Promise<AuthorizationRequest | Answer> {
  const sent = new Map(Object.entries(parameters));
  if (device !== undefined) return readForDevice(sent, client, device, deps);
  const asked = readAuthorizationRequest(sent, client);
  if (asked.kind === "untrusted") return untrusted(asked.description, deps);
  return asked.kind === "error" ? returnError(asked, client, deps) : asked;
}

/** The next step. `justConsented`: the person has just said yes to exactly this. */
export function decide(
  loaded: Loaded,
  transaction: Transaction,
  options: { readonly justConsented: boolean },
  deps: Pick<Dependencies, "now">,
): AuthorizationDecision {
  const { signedIn, target } = loaded;
  const decision = decideAuthorization({
    ...loaded,
    ...options,
    request: loaded.asked,
    scopes: target.scopes,
    startedAtMs: transaction.startedAtMs,
    justSelected: signedIn !== undefined && transaction.selected === signedIn.user.subject,
    nowMs: deps.now(),
  });
  const isNew = (signedIn?.session.authenticatedAtMs ?? 0) >= transaction.startedAtMs;
  // Asking again and again would not make of this person the one that the application means.
  if (decision.kind === "login" && decision.why === "hint" && isNew)
    return { kind: "refuse", error: "login_required", description: "Another person has signed in." };
  return decision;
}

/** Scopes of our own endpoints that the person may not have are left out; the audience follows what is left. */
async function grantable(
  asked: AuthorizationRequest,
  client: Client,
  user: User | undefined,
  { head, deps }: { readonly head: Head; readonly deps: Dependencies },
): Promise<Target | Refusal> {
  const common = {
    client,
    issuer: deps.issuer,
    asked: asked.resource,
    resources: await deps.catalog.resources(head),
  };
  const target = chooseTarget({ ...common, scopes: asked.scopes, allowed: client.scopes });
  if ("kind" in target || user === undefined) return target;
  const left = target.scopes.filter((scope) => personMayHave(scope, user));
  return chooseTarget({ ...common, scopes: left, allowed: left });
}

function targetError(asked: AuthorizationRequest, refusal: Refusal): AuthorizationError {
  const error = refusal.error === "invalid_target" ? "invalid_target" : "invalid_scope";
  return { kind: "error", error, description: refusal.description, to: asked.to };
}

const wrongHint = {
  kind: "error",
  error: "invalid_request",
  description: "id_token_hint is not an ID token that this server made for this client.",
} as const;

export function unknownClient(deps: Dependencies): Answer {
  const text =
    "The application that sent you here is not known, or it may not be used at the moment. Ask whoever runs it.";
  return errorPage({ status: 400, title: "Unknown application", text }, frameOf(deps));
}

/** Nothing may be sent to a redirect URI that is not the client's (RFC 9700 section 4.11). */
export function untrusted(description: string, deps: Dependencies): Answer {
  const text = `The application sent you here with a request that cannot be answered. For whoever runs it: ${description}`;
  return errorPage({ status: 400, title: "This link does not work", text }, frameOf(deps));
}
