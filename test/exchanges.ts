// Token exchange (RFC 8693) as a client asks for it.

import { exchangeTokenTypes, tokenExchangeGrant } from "@rescind/core";
import type { Answered, AskedServer, RegisteredClient } from "./running-server.ts";

/** Asks for an exchange; `more` adds to or replaces parameters, an empty value takes one away. */
export function exchange(
  server: AskedServer,
  client: RegisteredClient,
  subjectToken: unknown,
  more: Record<string, string> = {},
): Promise<Answered> {
  const type = { subject_token_type: exchangeTokenTypes.accessToken };
  const actor = more.actor_token === undefined ? {} : { actor_token_type: exchangeTokenTypes.accessToken };
  const parameters = {
    ...{ grant_type: tokenExchangeGrant, subject_token: String(subjectToken) },
    ...{ ...type, ...actor, ...more },
  };
  return server.form("/oauth2/token", parameters, client);
}

/** The token of an exchange that succeeds. */
export async function exchanged(...asked: Parameters<typeof exchange>): Promise<string> {
  const { status, json, text } = await exchange(...asked);
  if (status !== 200) throw new Error(`not exchanged: ${status} ${text}`);
  return String(json.access_token);
}

/** Registers a client that may exchange. */
export function exchanger(
  server: AskedServer,
  more: Record<string, unknown> = {},
): Promise<RegisteredClient> {
  return server.registerClient({ grant_types: [tokenExchangeGrant, "client_credentials"], ...more });
}
