// What the clients that a server makes by itself have in common: admin (admin-client.ts), console (console-client.ts).

import { type Client, defaultPolicy } from "@rescind/core";

type Own = "authMethod" | "clientId" | "grantTypes" | "name" | "scopes";

/** A first-party client of the server's own, with defaults for whatever is not said. */
export function builtInClient(own: Pick<Client, Own> & Partial<Client>): Client {
  return {
    redirectUris: [],
    postLogoutRedirectUris: [],
    jwks: undefined,
    jwksUri: undefined,
    assertionAudience: "issuer",
    audience: [],
    accessTokenFormat: undefined,
    accessTokenTtl: undefined,
    refreshTokenTtl: undefined,
    refreshTokenRotation: true,
    requirePkce: true,
    firstParty: true,
    revocationPolicy: defaultPolicy,
    allowedOrigins: [],
    jsonp: false,
    idTokenAlg: "RS256",
    customClaims: {},
    ...own,
  };
}
