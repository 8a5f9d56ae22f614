// What a revocation reaches: one table. DESIGN.md section 3; printed by `docs/` and by `rescind cascade`.

import { type Refusal, refuse } from "./refusal.ts";
import type { Judged, Unit, UnitName } from "./units.ts";

/** How far a revocation by token goes; the words of `revocation_policy` and of `cascade=`. */
export type Reach = "token" | "grant" | "subject_client";

export const reaches: readonly Reach[] = ["token", "grant", "subject_client"];

/** A client's `revocation_policy`. */
export interface RevocationPolicy {
  readonly accessToken: Reach;
  readonly refreshToken: Exclude<Reach, "token">;
}

export const defaultPolicy: RevocationPolicy = { accessToken: "token", refreshToken: "grant" };

export interface CascadeRow {
  readonly order: string;
  readonly covers: string;
  readonly announcedAs: readonly UnitName[];
}

export const cascade: readonly CascadeRow[] = [
  {
    order: "token (an access token, or one of a foreign issuer by its jti)",
    covers: "that token and those exchanged from it, over any number of exchanges, as in every row below",
    announcedAs: ["token"],
  },
  {
    order: "grant (a refresh token, a replayed refresh token or code)",
    covers:
      "every token of the grant: ancestors and successors by rotation, access tokens, JWT or opaque, and tokens exchanged from them",
    announcedAs: ["grant"],
  },
  {
    order: "logout",
    covers:
      "the session and what carries its sid, except tokens marked offline: true; and what was exchanged from those covered",
    announcedAs: ["logout"],
  },
  {
    order: "session",
    covers: "the session and everything with its sid, and what was exchanged from it",
    announcedAs: ["session"],
  },
  {
    order: "subject+client (also: consent withdrawn)",
    covers:
      "all this subject gave this client, stored consent and webhook subscriptions included, and what was exchanged from it",
    announcedAs: ["subject+client"],
  },
  {
    order: "subject (ours, or a foreign issuer's)",
    covers:
      "every token and session of the subject, and what was exchanged from it, by whichever client or actor",
    announcedAs: ["subject"],
  },
  {
    order: "client / consumer key",
    covers:
      "tokens issued to the client / with that key, up to now, and what others exchanged from them; as a suspension all of them, and nothing is issued, until it is lifted",
    announcedAs: ["client", "key"],
  },
  {
    order: "signing key",
    covers: "every token signed with it and what was exchanged from it, for good; the key leaves use",
    announcedAs: ["signing-key"],
  },
  {
    order: "issuer, all",
    covers:
      "every token of a foreign issuer and what was exchanged from it here; every token and session of ours",
    announcedAs: ["issuer", "all"],
  },
];

/** The facts of the token presented that decide the unit. */
export type Presented = Pick<Judged, "issuer" | "tokenId" | "grantId" | "subject" | "clientId"> & {
  readonly kind: "access" | "refresh";
};

/**
 * The unit that a revocation by this token names. A refresh token never means less than its grant; a
 * client-credentials token has no grant, so `grant` means the token itself.
 * @throws TypeError if the token lacks what names the unit: an order of an empty value would cover nothing
 */
export function unitReached(token: Presented, reach: Reach): Unit {
  const { issuer } = token;
  if (reach === "subject_client")
    return { name: "subject+client", issuer, value: named(token.subject), client: named(token.clientId) };
  const wholeGrant = token.kind === "refresh" || reach === "grant";
  if (wholeGrant && token.grantId !== undefined) return { name: "grant", issuer, value: token.grantId };
  return { name: "token", issuer, value: named(token.tokenId) };
}

function named(value: string | undefined): string {
  if (value === undefined || value === "")
    throw new TypeError("the token lacks what names the unit to revoke");
  return value;
}

/** The reach for this request: what `cascade=` asks, else the client's policy. */
export function chooseReach(
  kind: "access" | "refresh",
  policy: RevocationPolicy,
  asked: string | undefined,
): Reach | Refusal {
  if (asked === undefined || asked === "")
    return kind === "access" ? policy.accessToken : policy.refreshToken;
  const reach = reaches.find((known) => known === asked);
  if (reach === undefined)
    return refuse("invalid_request", "cascade must be token, grant or subject_client.");
  return kind === "refresh" && reach === "token" ? "grant" : reach;
}
