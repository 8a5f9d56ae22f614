// Authorization requests for tests: the URL that a client sends a browser to, and browsers with somebody signed in.

import { pkce, redirectUri, type SignedIn } from "./people.ts";
import { createPerson, type Page, type Person } from "./person.ts";
import type { TestServer } from "./running-server.ts";

export type Parameters = Readonly<Record<string, string | undefined>>;

/** The parameters of a request that is granted; `more` adds to or replaces them, undefined takes one away. */
export function authorizationParameters(
  client: { client_id: string },
  more: Parameters = {},
): URLSearchParams {
  const all: Parameters = {
    client_id: client.client_id,
    response_type: "code",
    redirect_uri: redirectUri,
    scope: "openid",
    state: "af0ifjsldkj",
    code_challenge: pkce.challenge,
    code_challenge_method: "S256",
    ...more,
  };
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(all)) if (value !== undefined) parameters.append(name, value);
  return parameters;
}

export function authorizationUrl(
  server: TestServer,
  client: { client_id: string },
  more: Parameters = {},
): string {
  return `${server.base}/oauth2/authorize?${authorizationParameters(client, more)}`;
}

/** A browser, with this session in it where one is given. */
export function browserWith(server: TestServer, session?: SignedIn): Person {
  const person = createPerson(new URL(server.base).origin);
  if (session !== undefined) person.cookies.set("127.0.0.1 rescind_session", session.cookie);
  return person;
}

/** What a page says in its heading. */
export function headingOf({ text }: Page): string {
  return /<h1>(.*?)<\/h1>/s.exec(text)?.[1] ?? "";
}
