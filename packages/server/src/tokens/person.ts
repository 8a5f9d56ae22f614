// Who stands behind a grant when it is used again: the person must still be there and active, and a grant without
// `offline_access` ends with its login session. CONTRACT.md section 4, THREATS RV-16, RT-09. What was revoked is not
// asked here: the grant's own units say that.

import { type AccessToken, type Grant, judgedSession, parseId, type Session, type User } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";

export type Person =
  /** Without a user: a subject that only the administrator who opened the grant knows. */
  | { readonly kind: "present"; readonly user: User | undefined; readonly session: Session | undefined }
  | { readonly kind: "gone" };

const gone: Person = { kind: "gone" };

/** Looks for the person of a grant. `user`: that of its subject, as it was read with the grant. */
export async function personOf(
  { grant, user }: { readonly grant: Grant; readonly user: User | undefined },
  deps: Pick<Dependencies, "issuer" | "now" | "standing" | "store">,
): Promise<Person> {
  const row = grant.sessionId === undefined ? undefined : parseId("session", grant.sessionId);
  if (row === undefined || grant.offline) {
    if (user === undefined) return row === undefined ? { kind: "present", user, session: undefined } : gone;
    return user.status === "active" ? { kind: "present", user, session: undefined } : gone;
  }
  const found = await deps.store.findSession(row);
  if (found.session === undefined || found.user?.status !== "active") return gone;
  const verdict = deps.standing.judge(judgedSession(found.session, deps.issuer), deps.now() / 1000);
  if (verdict.kind === "expired") return gone;
  return { kind: "present", user: found.user, session: found.session };
}

export type PersonBehind =
  | { readonly kind: "present"; readonly user: User | undefined }
  | { readonly kind: "gone" };

/** Looks for the person of an access token; a client's own has none. */
export async function personBehind(
  token: AccessToken,
  deps: Pick<Dependencies, "store">,
): Promise<PersonBehind> {
  if (token.subject === token.clientId) return { kind: "present", user: undefined };
  const { user } = await deps.store.findUser(token.subject);
  // Only whoever signed in here must be known here: an administrator opens grants for anybody.
  if (user === undefined) return token.sessionId === undefined ? { kind: "present", user } : gone;
  return user.status === "active" ? { kind: "present", user } : gone;
}
