// The built-in client `console`: with it people get tokens for the admin and account APIs, in the browser and from
// `rescind login`. Made and kept current at every start; the admin API cannot change it. CONTRACT.md section 5.

import { isDeepStrictEqual } from "node:util";
import type { Client } from "@rescind/core";
import { builtInClient } from "./built-in-client.ts";
import type { Dependencies } from "./dependencies.ts";

export const consoleClientId = "console";

/** Without offline_access: its refresh tokens end with the session. */
const scopes = [
  ...["openid", "profile", "email"],
  ...["rescind:read", "rescind:revoke", "rescind:admin", "rescind:account"],
];

function consoleClient(issuer: string): Client {
  return builtInClient({
    clientId: consoleClientId,
    name: "Rescind",
    grantTypes: ["authorization_code", "refresh_token"],
    redirectUris: [
      `${issuer}/console/callback`,
      `${issuer}/account/callback`,
      // For `rescind login`; the port is free (RFC 8252 section 7.3).
      "http://127.0.0.1/callback",
      "http://[::1]/callback",
    ],
    postLogoutRedirectUris: [`${issuer}/console/`, `${issuer}/account/`],
    authMethod: "none",
    scopes,
  });
}

/** Makes the client, or brings it to what this version and issuer need. */
export async function ensureConsoleClient(
  parts: Pick<Dependencies, "issuer" | "now" | "store">,
): Promise<void> {
  const client = consoleClient(parts.issuer);
  const found = await parts.store.findClient(consoleClientId);
  if (found.client === undefined) await parts.store.createClient(client, [], parts.now());
  else if (!isDeepStrictEqual(plain(found.client), plain(client)))
    await parts.store.updateClient(client, parts.now());
}

/** Absent members and members that are undefined are the same. */
function plain(client: Client): unknown {
  return JSON.parse(JSON.stringify(client));
}
