// A client and a resource as they are registered, for tests to vary.
import { type Client, defaultPolicy, type Resource } from "@rescind/core";

export const client: Client = {
  clientId: "shop",
  name: "Shop",
  grantTypes: ["client_credentials", "refresh_token"],
  redirectUris: [],
  postLogoutRedirectUris: [],
  authMethod: "client_secret_basic",
  jwks: undefined,
  jwksUri: undefined,
  assertionAudience: "issuer",
  scopes: ["orders:read", "orders:write"],
  audience: ["https://api.example", "https://other.example"],
  accessTokenFormat: undefined,
  accessTokenTtl: undefined,
  refreshTokenTtl: undefined,
  refreshTokenRotation: true,
  requirePkce: true,
  firstParty: false,
  revocationPolicy: defaultPolicy,
  allowedOrigins: [],
  jsonp: false,
  idTokenAlg: "RS256",
  customClaims: {},
};

export const api: Resource = {
  resource: "https://api.example",
  name: undefined,
  scopes: ["orders:read", "orders:write"],
  accessTokenFormat: undefined,
  accessTokenTtl: undefined,
  accessTokenTyp: "at+jwt",
  signingAlg: "ES256",
};

export const other: Resource = { ...api, resource: "https://other.example", scopes: ["other:read"] };
