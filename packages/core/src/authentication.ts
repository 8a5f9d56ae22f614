// How somebody has shown who they are, and what that is worth: `amr` (RFC 8176) and the `acr` that follows from it
// (OpenID Connect Core section 2). Says nothing about when.

/** What an authentication is worth, from the least to the most: one factor, two, one that no other site can ask for. */
export const acrValues = ["pwd", "mfa", "phr"] as const;

export type Acr = (typeof acrValues)[number];

/**
 * What these methods are worth. Undefined where nothing is claimed: an upstream provider that does not say how it knew
 * the person.
 */
export function acrOf(amr: readonly string[]): Acr | undefined {
  const isByKey = amr.includes("hwk") || amr.includes("swk");
  if (isByKey && amr.includes("user")) return "phr";
  if (amr.includes("mfa")) return "mfa";
  return amr.includes("pwd") ? "pwd" : undefined;
}

/** The least of the values in `acr_values` that are known here: any of them will do (OpenID Connect Core section 3.1.2.1). */
export function leastAcr(asked: string | undefined): Acr | undefined {
  const wanted = asked?.split(" ") ?? [];
  return acrValues.find((acr) => wanted.includes(acr));
}

/** Whether `reached` is at least as much as `wanted`. */
export function isAtLeast(reached: Acr | undefined, wanted: Acr): boolean {
  return reached !== undefined && acrValues.indexOf(reached) >= acrValues.indexOf(wanted);
}

/** The claims `acr` and `amr` of ID tokens and access tokens (RFC 9068 section 2.2.1); none where nothing is known. */
export function authenticationClaims(amr: readonly string[] | undefined): Record<string, unknown> {
  if (amr === undefined || amr.length === 0) return {};
  const acr = acrOf(amr);
  return acr === undefined ? { amr } : { acr, amr };
}
