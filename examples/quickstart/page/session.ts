// Signing in: the authorization code flow with PKCE by oidc-client-ts. The token lives in this tab's memory; a reload
// signs in again, without a question while the login session lasts.

import { InMemoryWebStorage, type User, UserManager, WebStorageStateStore } from "oidc-client-ts";

export interface Settings {
  readonly issuer: string;
  readonly clientId: string;
}

export async function readSettings(): Promise<Settings> {
  const response = await fetch("/settings.json");
  if (!response.ok) throw new Error(`no settings: ${response.status}`);
  return response.json();
}

export function createManager({ issuer, clientId }: Settings): UserManager {
  return new UserManager({
    authority: issuer,
    client_id: clientId,
    redirect_uri: `${location.origin}/callback`,
    scope: "openid orders:read",
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: false,
    monitorSession: false,
  });
}

/** Who has just come back from signing in; undefined for anybody else. */
export async function arrivedUser(manager: UserManager): Promise<User | undefined> {
  if (location.pathname !== "/callback") return undefined;
  try {
    return await manager.signinRedirectCallback();
  } finally {
    history.replaceState(null, "", "/");
  }
}
