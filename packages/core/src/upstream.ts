// An upstream OpenID provider as it is configured, and what is decided about who comes from there: who they are here, and
// when the token that their sign-in brought along is no longer needed. Does not speak to anybody.

import { type Session, sessionEnd } from "./session.ts";
import type { User } from "./user.ts";

export interface Upstream {
  /** The administrator's choice; part of the redirect URI. */
  readonly upstreamId: string;
  /** As people know it: "Continue with …". */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Whoever comes for the first time becomes a user. */
  readonly createUsers: boolean;
  /** A verified address joins the one user who has verified the same. */
  readonly linkByEmail: boolean;
  /** A second factor that was shown there counts here. */
  readonly trustMfa: boolean;
  readonly isEnabled: boolean;
}

/** What the provider said of a person, as far as it is used. */
export interface UpstreamPerson {
  readonly sub: string;
  readonly email: string | undefined;
  readonly emailVerified: boolean;
  readonly name: string | undefined;
  readonly username: string | undefined;
}

export type Arrival =
  | { readonly kind: "user"; readonly user: User }
  | { readonly kind: "link"; readonly user: User }
  | { readonly kind: "create" }
  | { readonly kind: "unknown" }
  | { readonly kind: "disabled" };

/**
 * Who somebody is that a provider has signed in. `known`: the user whose identity this is. `namesake`: the one user with
 * this email address, if there is exactly one. An address joins nobody who has a role: whoever runs the provider, or an
 * address there, must not become an operator here.
 */
export function arrivalOf(
  person: UpstreamPerson,
  upstream: Pick<Upstream, "createUsers" | "linkByEmail">,
  found: { readonly known: User | undefined; readonly namesake: User | undefined },
): Arrival {
  const { known, namesake } = found;
  if (known !== undefined)
    return known.status === "active" ? { kind: "user", user: known } : { kind: "disabled" };
  const mayJoin =
    upstream.linkByEmail &&
    person.emailVerified &&
    namesake?.emailVerified === true &&
    namesake.roles.length === 0;
  if (mayJoin && namesake !== undefined)
    return namesake.status === "active" ? { kind: "link", user: namesake } : { kind: "disabled" };
  return upstream.createUsers ? { kind: "create" } : { kind: "unknown" };
}

/** The first of these texts that can be a username, else one made of chance. `isTaken` numbers are tried by the caller. */
export function usernameFor(person: UpstreamPerson, attempt: number, chance: string): string {
  const wished = [person.username, person.email, person.name].map((text) => text?.trim()).find(isUsername);
  if (wished === undefined || attempt > 8) return `user-${chance}`;
  const plain = wished.normalize("NFC").slice(0, 240);
  return attempt === 0 ? plain : `${plain}-${attempt + 1}`;
}

function isUsername(text: string | undefined): boolean {
  return text !== undefined && text !== "" && /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,255}$/u.test(text);
}

/** Why a held token is no longer needed. */
export type UpstreamEnd =
  | "abandoned"
  | "session_gone"
  | "session_revoked"
  | "session_expired"
  | "grant_revoked";

/** What says whether the token of a sign-in is still needed. */
export interface SignInFacts {
  readonly createdAtMs: number;
  /** Whether it was given to a session. */
  readonly isAttached: boolean;
  /** Undefined: it was removed long after its end. */
  readonly session: Session | undefined;
  readonly isSessionCovered: boolean;
  /** Among the grants that came from the session: one that is live; one that was revoked. */
  readonly hasLiveGrant: boolean;
  readonly hasRevokedGrant: boolean;
}

/** Seconds until a sign-in that opened no session is over: longer than any transaction of a browser. */
export const signInPatience = 60 * 60;

/**
 * Whether what hangs on a sign-in is over, and by what; docs/decisions/0016-upstream-tokens.md. A live grant keeps its
 * token, offline access after a logout included; without one the end of the session ends it, and so does the revocation
 * of a grant that came from it.
 * @param at seconds
 */
export function upstreamEnd(facts: SignInFacts, at: number): UpstreamEnd | undefined {
  const { session } = facts;
  if (!facts.isAttached) return at - facts.createdAtMs / 1000 > signInPatience ? "abandoned" : undefined;
  if (facts.hasLiveGrant) return undefined;
  if (session === undefined) return "session_gone";
  if (facts.isSessionCovered) return "session_revoked";
  if (sessionEnd(session) <= at) return "session_expired";
  return facts.hasRevokedGrant ? "grant_revoked" : undefined;
}
