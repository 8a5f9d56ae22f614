// What an authorization request gets from the person in this browser: sign in, choose, consent, a code, or an error.
// OpenID Connect Core section 3.1.2.3. Pure: the caller has loaded session, user and stored consent.

import { type Acr, acrOf, isAtLeast } from "./authentication.ts";
import type { AuthorizationErrorCode, AuthorizationRequest } from "./authorization-request.ts";
import type { Client } from "./client.ts";
import type { Verdict } from "./liveness.ts";
import { authTimeOf, type Session } from "./session.ts";
import type { User } from "./user.ts";

export interface AuthorizationFacts {
  readonly request: AuthorizationRequest;
  readonly client: Client;
  /** Scopes that would be granted: asked, registered, and what the person may have. */
  readonly scopes: readonly string[];
  /** The browser's session with its person and what the rule says of it; undefined without one. */
  readonly signedIn:
    | { readonly session: Session; readonly user: User; readonly verdict: Verdict }
    | undefined;
  /** The `sub` of a verified `id_token_hint`. */
  readonly hintedSubject: string | undefined;
  /** Scopes this person has granted this client before. */
  readonly consented: readonly string[];
  /** Milliseconds since 1970 at which this transaction began; what was done since then answers its prompts. */
  readonly startedAtMs: number;
  /** The person answered the consent page of this transaction with yes. */
  readonly justConsented: boolean;
  /** The person chose this account on the page of this transaction. */
  readonly justSelected: boolean;
  /** The most that the person signed in could show, where the request asks for anything. */
  readonly reachable: Acr | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

export type AuthorizationDecision =
  | { readonly kind: "login"; readonly why: "none" | "prompt" | "max-age" | "hint" | "acr" }
  | { readonly kind: "select-account" }
  | { readonly kind: "consent"; readonly missing: readonly string[] }
  | { readonly kind: "issue"; readonly session: Session; readonly user: User }
  | { readonly kind: "refuse"; readonly error: AuthorizationErrorCode; readonly description: string };

/** Decides the next step of a transaction; with `prompt=none` a step that needs the person is an error instead. */
export function decideAuthorization(facts: AuthorizationFacts): AuthorizationDecision {
  const step = nextStep(facts);
  if (!facts.request.prompts.has("none")) return step;
  switch (step.kind) {
    case "login":
      return { kind: "refuse", error: "login_required", description: "The person must sign in." };
    case "select-account":
      return {
        kind: "refuse",
        error: "account_selection_required",
        description: "The person must choose an account.",
      };
    case "consent":
      return { kind: "refuse", error: "consent_required", description: "The person must consent." };
    case "issue":
    case "refuse":
      return step;
  }
}

function nextStep(facts: AuthorizationFacts): AuthorizationDecision {
  const { request, signedIn } = facts;
  if (signedIn === undefined || signedIn.verdict.kind !== "live" || signedIn.user.status !== "active")
    return { kind: "login", why: "none" };
  const { session, user } = signedIn;
  const isNew = session.authenticatedAtMs >= facts.startedAtMs;
  if (facts.hintedSubject !== undefined && facts.hintedSubject !== user.subject)
    return { kind: "login", why: "hint" };
  if (request.prompts.has("login") && !isNew) return { kind: "login", why: "prompt" };
  const age = Math.floor(facts.nowMs / 1000) - authTimeOf(session);
  // 0 is prompt=login in other words, even within the second of the last sign-in.
  if (request.maxAge !== undefined && !isNew && (age > request.maxAge || request.maxAge === 0))
    return { kind: "login", why: "max-age" };
  const { requiredAcr } = request;
  if (requiredAcr !== undefined && requiredAcr !== "pwd" && !isAtLeast(acrOf(session.amr), requiredAcr))
    return isAtLeast(facts.reachable, requiredAcr) ? { kind: "login", why: "acr" } : unmet;
  if (request.prompts.has("select_account") && !isNew && !facts.justSelected)
    return { kind: "select-account" };
  return consentStep(facts) ?? { kind: "issue", session, user };
}

/** OpenID Connect Core Unmet Authentication Requirements 1.0, RFC 9470 section 5. */
export const unmet = {
  kind: "refuse",
  error: "unmet_authentication_requirements",
  description: "The person cannot authenticate in a way that acr_values asks for.",
} as const;

function consentStep(facts: AuthorizationFacts): AuthorizationDecision | undefined {
  if (facts.justConsented) return undefined;
  if (facts.client.firstParty && !facts.request.prompts.has("consent")) return undefined;
  const missing = facts.scopes.filter((scope) => !facts.consented.includes(scope));
  const isFirstTime = facts.consented.length === 0;
  if (missing.length === 0 && !isFirstTime && !facts.request.prompts.has("consent")) return undefined;
  return { kind: "consent", missing };
}
