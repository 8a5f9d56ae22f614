// Bearer tokens at our own protected endpoints: RFC 6750, from the Authorization header only (THREATS AC-24). One
// parser and one rule for all of them.

import { type AccessToken, type EndpointScope, includesScope, judgedAccessToken } from "@rescind/core";
import type { Head } from "@rescind/store";
import { type RecogniseParts, recognise } from "./recognise.ts";
import type { StandingEntries } from "./standing.ts";

export interface Bearer {
  readonly kind: "bearer";
  readonly token: AccessToken;
  readonly head: Head;
}

export type BearerRefusal =
  | { readonly kind: "missing" }
  | { readonly kind: "invalid" }
  | { readonly kind: "insufficient"; readonly scope: string };

/** The text of a Bearer token in an Authorization header; undefined if there is none. */
export function bearerText(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !/^bearer /i.test(authorization)) return undefined;
  return authorization.slice("bearer ".length).trim();
}

export interface BearerParts extends RecogniseParts {
  readonly standing: StandingEntries;
}

/**
 * The live access token of a request, for this issuer and with one of the scopes wanted.
 * @param authorization the Authorization header
 * @param at seconds since 1970
 */
export async function authenticateBearer(
  authorization: string | undefined,
  scopes: readonly EndpointScope[],
  parts: BearerParts,
  at: number,
): Promise<Bearer | BearerRefusal> {
  const text = bearerText(authorization);
  if (text === undefined) return { kind: "missing" };
  const recognised = await recognise(text, parts);
  if (recognised.kind !== "access") return { kind: "invalid" };
  const { token, head } = recognised;
  await parts.standing.reach(head);
  if (!isStillLive(token, parts, at)) return { kind: "invalid" };
  if (!token.audience.includes(parts.issuer)) return { kind: "invalid" };
  if (!scopes.some((scope) => mayUse(token, scope))) return { kind: "insufficient", scope: scopes[0] ?? "" };
  return { kind: "bearer", token, head };
}

/** An account is a person's: a client's own token has none, whatever the client is registered for. */
function mayUse(token: AccessToken, scope: EndpointScope): boolean {
  const isPerson = token.subject !== token.clientId;
  return includesScope(token.scopes, scope) && (isPerson || scope !== "rescind:account");
}

/** Judges the token again by what this node knows now; streams ask this as they go on. */
export function isStillLive(
  token: AccessToken,
  parts: Pick<BearerParts, "standing" | "issuer">,
  at: number,
): boolean {
  return parts.standing.judge(judgedAccessToken(token, parts.issuer), at).kind === "live";
}
