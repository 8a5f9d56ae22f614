// Who uses this page: an OpenID Connect client with PKCE like any other. Tokens live in this tab's memory and nowhere
// else; a reload gets new ones from the login session, without a question.

import { InMemoryWebStorage, type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import { issuer } from "./place.ts";

/** What the person may do here, least first; each includes those before it. */
export const rights = ["viewer", "operator", "administrator"] as const;

export type Right = (typeof rights)[number];

const scopeOf: Readonly<Record<Right, string>> = {
  viewer: "rescind:read",
  operator: "rescind:revoke",
  administrator: "rescind:admin",
};

/** Seconds since a sign-in within which it counts for steps that want a fresh one. */
export const freshFor = 300;

export interface Session {
  readonly subject: string;
  /** As the person is called. */
  readonly name: string;
  /** The `jti` of the access token in use, for lists that show it. */
  tokenId(): string | undefined;
  may(right: Right): boolean;
  /** Since the person has last entered a password or the like. */
  signedInSecondsAgo(): number;
  /** A live access token, refreshed where needed. */
  token(): Promise<string>;
  /** Signs in again, as for a step that wants a fresh password, and comes back here. */
  again(maxAgeSeconds: number): Promise<void>;
  signOut(): Promise<void>;
}

interface Return {
  readonly path: string;
}

/**
 * The signed-in person, or undefined while the browser is on its way to sign in.
 * @param page the path of this page below the issuer: `/console` or `/account`
 */
export async function signedIn(page: string, scope: string): Promise<Session | undefined> {
  const manager = new UserManager({
    authority: issuer,
    client_id: "console",
    redirect_uri: `${issuer}${page}/callback`,
    post_logout_redirect_uri: `${issuer}${page}/`,
    scope,
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: false,
    monitorSession: false,
    // `auth_time` is among what it would take away.
    filterProtocolClaims: false,
    loadUserInfo: true,
  });
  const isCallback = location.pathname === new URL(`${issuer}${page}/callback`).pathname;
  if (!isCallback) {
    await manager.signinRedirect({ state: { path: location.href } satisfies Return });
    return undefined;
  }
  const user = await manager.signinRedirectCallback();
  const { path } = user.state as Return; // as it was given above
  history.replaceState(null, "", path);
  return sessionOf(manager, user);
}

/** Milliseconds before its end at which a token is not used any more. */
const marginMs = 30_000;

function sessionOf(manager: UserManager, first: User): Session {
  let user = first;
  let renewing: Promise<User | null> | undefined;
  return {
    subject: first.profile.sub,
    name: first.profile.name ?? first.profile.preferred_username ?? first.profile.sub,
    tokenId: () => claimsOf(user.access_token).jti,
    may: (right) => {
      const granted = user.scopes.map((scope) => Object.values(scopeOf).indexOf(scope));
      return Math.max(...granted) >= rights.indexOf(right);
    },
    signedInSecondsAgo: () => Date.now() / 1000 - (user.profile.auth_time ?? 0),
    async token() {
      if ((user.expires_at ?? 0) * 1000 - marginMs > Date.now()) return user.access_token;
      renewing ??= manager.signinSilent().finally(() => {
        renewing = undefined;
      });
      const renewed = await renewing;
      if (renewed === null) throw new Error("The session has ended.");
      user = renewed;
      return user.access_token;
    },
    again: (maxAgeSeconds) =>
      manager.signinRedirect({ state: { path: location.href } satisfies Return, max_age: maxAgeSeconds }),
    signOut: () => manager.signoutRedirect(),
  };
}

/** Of our own token, to show it; nothing is decided by it. */
function claimsOf(jwt: string): { readonly jti?: string } {
  const [, payload = ""] = jwt.split(".");
  return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))); // our own server wrote it
}
