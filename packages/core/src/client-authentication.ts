// How a client says who it is: RFC 6749 section 2.3, RFC 7523 section 2.2. This file reads the request and decides
// which credential is presented and whether the client's registration allows it; comparing secrets and checking
// signatures is the caller's.

import type { Client } from "./client.ts";
import { clockSkew } from "./lifetimes.ts";
import { type Refusal, refuse } from "./refusal.ts";

export type PresentedCredential =
  | { readonly kind: "basic" | "post"; readonly clientId: string; readonly secret: string }
  | { readonly kind: "assertion"; readonly clientId: string; readonly assertion: string }
  | { readonly kind: "none"; readonly clientId: string };

export interface CredentialFields {
  readonly authorization: string | undefined;
  readonly client_id: string | undefined;
  readonly client_secret: string | undefined;
  readonly client_assertion: string | undefined;
  readonly client_assertion_type: string | undefined;
}

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** Longer ones cannot be registered, and must not be remembered either. */
const clientIdText = /^[\x20-\x7e]{1,255}$/;

export const invalidClient = refuse("invalid_client", "Client authentication failed.");

/**
 * The one credential of a request. Two at once, or two that name different clients, are `invalid_request`; a field
 * without a value counts as omitted (RFC 6749 section 3.2).
 * @param decodeBase64 standard base64 to text, undefined if malformed
 * @param subjectOf the `sub` of a JWT, read without verification, undefined if unreadable
 */
export function presentedCredential(
  sent: CredentialFields,
  decodeBase64: (text: string) => string | undefined,
  subjectOf: (jwt: string) => string | undefined,
): PresentedCredential | Refusal {
  const fields: CredentialFields = {
    authorization: sent.authorization,
    client_id: sent.client_id || undefined,
    client_secret: sent.client_secret || undefined,
    client_assertion: sent.client_assertion || undefined,
    client_assertion_type: sent.client_assertion_type || undefined,
  };
  const ways = [fields.authorization, fields.client_secret, fields.client_assertion].filter(
    (way) => way !== undefined,
  );
  if (ways.length > 1) return refuse("invalid_request", "Use one client authentication method only.");
  if (fields.authorization !== undefined) return basic(fields.authorization, fields.client_id, decodeBase64);
  if (fields.client_assertion !== undefined) return assertion(fields, fields.client_assertion, subjectOf);
  if (fields.client_assertion_type !== undefined)
    return refuse("invalid_request", "client_assertion_type is given without client_assertion.");
  const clientId = fields.client_id;
  if (clientId === undefined || !clientIdText.test(clientId)) return invalidClient;
  if (fields.client_secret === undefined) return { kind: "none", clientId };
  return { kind: "post", clientId, secret: fields.client_secret };
}

function basic(
  header: string,
  clientIdField: string | undefined,
  decodeBase64: (text: string) => string | undefined,
): PresentedCredential | Refusal {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  const text = encoded === undefined ? undefined : decodeBase64(encoded);
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 1) return invalidClient;
  const clientId = formDecode(text.slice(0, colon));
  const secret = formDecode(text.slice(colon + 1));
  if (clientId === undefined || secret === undefined || !clientIdText.test(clientId)) return invalidClient;
  if (clientIdField !== undefined && clientIdField !== clientId)
    return refuse("invalid_request", "client_id differs from the one in the Authorization header.");
  return { kind: "basic", clientId, secret };
}

function assertion(
  fields: CredentialFields,
  jwt: string,
  subjectOf: (jwt: string) => string | undefined,
): PresentedCredential | Refusal {
  if (fields.client_assertion_type !== jwtBearer)
    return refuse("invalid_request", `client_assertion_type must be ${jwtBearer}.`);
  const clientId = subjectOf(jwt);
  if (clientId === undefined || !clientIdText.test(clientId)) return invalidClient;
  if (fields.client_id !== undefined && fields.client_id !== clientId)
    return refuse("invalid_request", "client_id differs from the sub of client_assertion.");
  return { kind: "assertion", clientId, assertion: jwt };
}

/** Whether the registration allows the method used: basic and post are interchangeable, the others exact. */
export function allowsMethod(client: Client, credential: PresentedCredential): boolean {
  switch (credential.kind) {
    case "basic":
    case "post":
      return client.authMethod === "client_secret_basic" || client.authMethod === "client_secret_post";
    case "assertion":
      return client.authMethod === "private_key_jwt";
    case "none":
      return client.authMethod === "none";
  }
}

export interface AssertionClaims {
  readonly iss?: unknown;
  readonly sub?: unknown;
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly iat?: unknown;
  readonly nbf?: unknown;
  readonly jti?: unknown;
}

/** Seconds an assertion may live at most. */
const assertionLife = 3600;

/**
 * Checks the claims of a verified client assertion (RFC 7523 section 3; draft-ietf-oauth-rfc7523bis for `aud`):
 * the audience is the issuer, as a string or as the one element of an array, or where the client is registered
 * so the token endpoint's URL. Returns the `jti` to be spent and until when (seconds; the clocks of other nodes are
 * allowed for), or undefined.
 */
export function checkAssertion(
  claims: AssertionClaims,
  client: Client,
  audience: { readonly issuer: string; readonly tokenEndpoint: string },
  at: number,
): { readonly jti: string; readonly expiresAt: number } | undefined {
  const { exp, nbf, iat, jti } = claims;
  const aud = Array.isArray(claims.aud) && claims.aud.length === 1 ? claims.aud[0] : claims.aud;
  const accepted = [
    audience.issuer,
    ...(client.assertionAudience === "token_endpoint" ? [audience.tokenEndpoint] : []),
  ];
  if (claims.iss !== client.clientId || claims.sub !== client.clientId) return undefined;
  if (typeof aud !== "string" || !accepted.includes(aud)) return undefined;
  if (!(typeof exp === "number" && exp > at - 10 && exp <= at + assertionLife)) return undefined;
  if (nbf !== undefined && !(typeof nbf === "number" && nbf <= at + 10)) return undefined;
  if (iat !== undefined && !(typeof iat === "number" && iat <= at + 10)) return undefined;
  if (typeof jti !== "string" || jti === "" || jti.length > 255) return undefined;
  return { jti, expiresAt: Math.ceil(exp) + 10 + clockSkew };
}

/** `application/x-www-form-urlencoded` decoding of one value (RFC 6749 appendix B); undefined if malformed. */
function formDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
