// The tokens of a login at the token and revocation endpoints: got for a code, refreshed, ended. RFC 6749 sections 4.1.3
// and 6, RFC 7009. The client is the built-in public one.

import { fetchFrom, jsonObject } from "./exchange.ts";
import { Failure, refused } from "./failure.ts";
import { forgetLogin, type Login, readLogin, writeLogin } from "./login-file.ts";

export const clientId = "console";

/** Milliseconds of life that a token must have left to be used. */
const margin = 30_000;

export type Endpoints = Pick<Login, "server" | "tokenEndpoint" | "revocationEndpoint">;

/** Gets tokens by a grant. Rejects with `Failure` where the server refuses. */
export async function getTokens(endpoints: Endpoints, grant: Record<string, string>): Promise<Login> {
  const response = await post(endpoints.server, endpoints.tokenEndpoint, grant);
  const answer = await jsonObject(response);
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: life, scope } = answer;
  if (!response.ok || typeof accessToken !== "string" || typeof refreshToken !== "string") {
    const text = `${endpoints.server} gives no tokens: ${answer.error_description ?? answer.error ?? response.status}`;
    throw answer.error === "invalid_grant" ? new LoginEnded(text) : refused(text);
  }
  const { server, tokenEndpoint, revocationEndpoint } = endpoints;
  return {
    server,
    tokenEndpoint,
    revocationEndpoint,
    accessToken,
    refreshToken,
    expiresAtMs: Date.now() + (typeof life === "number" ? life : 0) * 1000,
    scope: typeof scope === "string" ? scope : "",
  };
}

class LoginEnded extends Failure {
  constructor(message: string) {
    super("refused", message);
  }
}

/** A token of the login that stands in a file, refreshed where it is about to end. */
export function loginToken(path: string): () => Promise<string> {
  return async () => {
    const login = readLogin(path);
    if (login === undefined) throw refused("nobody is logged in any more: run rescind login");
    if (Date.now() + margin < login.expiresAtMs) return login.accessToken;
    try {
      const next = await getTokens(login, {
        grant_type: "refresh_token",
        refresh_token: login.refreshToken,
      });
      writeLogin(path, next);
      return next.accessToken;
    } catch (error) {
      if (!(error instanceof LoginEnded)) throw error;
      // Another command may have refreshed it long enough ago that this one's token is spent.
      const now = readLogin(path);
      if (now !== undefined && now.refreshToken !== login.refreshToken) return now.accessToken;
      forgetLogin(path);
      throw refused(`the login at ${login.server} has ended: run rescind login --server ${login.server}`);
    }
  };
}

/** Revokes the refresh token, and with it every token of the login. Resolves when that is in force. */
export async function endLogin(login: Login): Promise<void> {
  const { server, revocationEndpoint, refreshToken } = login;
  const response = await post(server, revocationEndpoint, { token: refreshToken });
  if (response.ok) return;
  const answer = await jsonObject(response);
  // A client that is no longer allowed anything has no live tokens either.
  throw refused(`${server} did not revoke the login: ${answer.error_description ?? response.status}`);
}

function post(server: string, url: string, parameters: Record<string, string>): Promise<Response> {
  return fetchFrom(server)(url, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams({ ...parameters, client_id: clientId }),
    redirect: "error",
  });
}
