// A person gets tokens through the built-in client `console`, as `rescind login` does: the pages' forms, then the code.

import { challengeOf } from "./people.ts";
import { type Credentials, createPerson, type Person } from "./person.ts";
import type { Answered, TestServer } from "./running-server.ts";

const redirectUri = "http://127.0.0.1:5555/callback";
const verifier = "a-verifier-of-forty-three-characters-or-more";

/** All scopes that the client may ask for; a person gets those of their roles. */
export const consoleScope = "openid profile email rescind:account rescind:read rescind:revoke rescind:admin";

/** The token endpoint's answer for a person who signs in, at a new browser unless one is given. */
export async function consoleTokens(
  server: TestServer,
  who: Credentials,
  browser: Person = createPerson(server.issuer),
): Promise<Answered> {
  const query = new URLSearchParams({
    client_id: "console",
    response_type: "code",
    redirect_uri: redirectUri,
    scope: consoleScope,
    code_challenge: challengeOf(verifier),
    code_challenge_method: "S256",
  });
  const { sent, status, text } = await browser.signIn(`${server.issuer}/oauth2/authorize?${query}`, who);
  const code = sent.get("code");
  if (code === null) throw new Error(`no code: ${status} ${sent} ${text}`);
  return server.form("/oauth2/token", {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    client_id: "console",
    code_verifier: verifier,
  });
}

/** A refresh at the client `console`. */
export function consoleRefresh(server: TestServer, refreshToken: unknown): Promise<Answered> {
  return server.form("/oauth2/token", {
    grant_type: "refresh_token",
    refresh_token: String(refreshToken),
    client_id: "console",
  });
}
