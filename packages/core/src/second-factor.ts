// Whether somebody who has shown one factor is signed in, or what they must show beside it. Whoever has set up
// time-based codes is asked for a second factor at every sign-in; a passkey is a way in of its own, and serves as the
// second factor where one is asked for, by that person's settings or by the client (`acr_values`).

import { type Acr, acrOf, isAtLeast } from "./authentication.ts";

export const secondFactors = ["totp", "passkey", "recovery-code"] as const;

export type SecondFactor = (typeof secondFactors)[number];

export interface FactorFacts {
  /** How the person has authenticated so far. */
  readonly amr: readonly string[];
  /** What they could show. */
  readonly has: ReadonlySet<SecondFactor>;
  /** What the client asks for at least. */
  readonly required: Acr | undefined;
}

export type FactorDecision =
  | { readonly kind: "done" }
  | { readonly kind: "second-factor"; readonly may: readonly SecondFactor[] }
  /** The client asks for what this person cannot show. */
  | { readonly kind: "unmet" };

export function decideFactors({ amr, has, required }: FactorFacts): FactorDecision {
  const reached = acrOf(amr);
  const isMet = required === undefined || required === "pwd" || isAtLeast(reached, required);
  const isAsked = has.has("totp") && !isAtLeast(reached, "mfa");
  if (isMet && !isAsked) return { kind: "done" };
  const may = secondFactors.filter((factor) => has.has(factor) && (isMet || reaches(factor, required)));
  return may.length === 0 ? { kind: "unmet" } : { kind: "second-factor", may };
}

/** The most that this person could reach. */
export function reachableAcr(has: ReadonlySet<SecondFactor>): Acr {
  if (has.has("passkey")) return "phr";
  return has.size > 0 ? "mfa" : "pwd";
}

/** `amr` after a second factor: a time-based or recovery code is a password that is good once (RFC 8176). */
export function withSecondFactor(amr: readonly string[], second: readonly string[]): readonly string[] {
  return [...new Set([...amr, ...second, "mfa"])];
}

function reaches(factor: SecondFactor, required: Acr | undefined): boolean {
  return required !== "phr" || factor === "passkey";
}
