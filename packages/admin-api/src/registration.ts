// What a client's registration must satisfy beyond the shape of each field, for creating and for changing alike:
// RFC 7591 section 2, RFC 8252 sections 7 and 8, RFC 9700 section 2. Does not look anything up.

import { checkClaims } from "@rescind/core";
import type { NewClient } from "./client.ts";
import type { FieldError } from "./problem.ts";

const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/** Schemes that run, read or show instead of opening an application. */
const forbiddenSchemes = [
  "javascript:",
  "data:",
  "vbscript:",
  "blob:",
  "file:",
  "filesystem:",
  "about:",
  "ws:",
  "wss:",
];
const loopbackHosts = ["127.0.0.1", "[::1]", "localhost"];

/**
 * The first contradiction in a whole registration (for a change: of what it would become), or undefined. Absent
 * members count as their defaults.
 */
export function checkRegistration(client: NewClient): FieldError | undefined {
  return (
    checkAuthentication(client) ??
    checkGrantTypes(client) ??
    checkUris("/redirect_uris", client.redirect_uris) ??
    checkUris("/post_logout_redirect_uris", client.post_logout_redirect_uris) ??
    checkCustomClaims(client) ??
    checkScopeDescriptions(client.scope_descriptions, client.scope?.split(" ") ?? [])
  );
}

function checkAuthentication(client: NewClient): FieldError | undefined {
  const isPublic = client.token_endpoint_auth_method === "none";
  const usesAssertion = client.token_endpoint_auth_method === "private_key_jwt";
  if (usesAssertion && (client.jwks === undefined) === (client.jwks_uri === undefined))
    return { pointer: "/jwks", detail: "private_key_jwt needs jwks or jwks_uri, and only one of them." };
  if (!usesAssertion && client.jwks !== undefined)
    return { pointer: "/jwks", detail: "jwks is for token_endpoint_auth_method private_key_jwt." };
  if (!usesAssertion && client.jwks_uri !== undefined)
    return { pointer: "/jwks_uri", detail: "jwks_uri is for token_endpoint_auth_method private_key_jwt." };
  if (isPublic && client.require_pkce === false)
    return { pointer: "/require_pkce", detail: "A public client cannot do without PKCE." };
  if (isPublic && client.refresh_token_rotation === false)
    return {
      pointer: "/refresh_token_rotation",
      detail: "A public client's refresh tokens are always rotated.",
    };
  if (!isPublic && client.jsonp === true)
    return { pointer: "/jsonp", detail: "jsonp is for public clients (token_endpoint_auth_method none)." };
  return checkPublicKeys(client);
}

function checkPublicKeys({ jwks }: NewClient): FieldError | undefined {
  for (const [index, key] of (jwks?.keys ?? []).entries()) {
    const pointer = `/jwks/keys/${index}`;
    const kty = key.kty;
    if (kty !== "EC" && kty !== "RSA" && kty !== "OKP")
      return { pointer: `${pointer}/kty`, detail: "kty must be EC, RSA or OKP." };
    const secret = privateMembers.find((member) => Object.hasOwn(key, member));
    if (secret !== undefined)
      return {
        pointer: `${pointer}/${secret}`,
        detail: "Only public keys belong here; take this key out of use.",
      };
  }
  return undefined;
}

function checkGrantTypes(client: NewClient): FieldError | undefined {
  const { grant_types: types, token_endpoint_auth_method: method } = client;
  if (method === "none" && types.includes("client_credentials"))
    return { pointer: "/grant_types", detail: "client_credentials needs a client that authenticates." };
  if (types.includes("authorization_code") && (client.redirect_uris ?? []).length === 0)
    return { pointer: "/redirect_uris", detail: "authorization_code needs at least one redirect URI." };
  return undefined;
}

function checkUris(pointer: string, uris: readonly string[] = []): FieldError | undefined {
  for (const [index, text] of uris.entries()) {
    const detail = refusedUri(text);
    if (detail !== undefined) return { pointer: `${pointer}/${index}`, detail };
  }
  return undefined;
}

function refusedUri(text: string): string | undefined {
  const uri = URL.canParse(text) ? new URL(text) : undefined;
  if (uri === undefined) return "This is not an absolute URI.";
  if (forbiddenSchemes.includes(uri.protocol))
    return "This scheme does not open an application; use https, or a scheme of the application's own.";
  // Even empty user information: `https://@host/` reads as another host than it opens.
  if (/^[^/?]*:\/\/[^/?]*@/.test(text)) return "A redirect URI must not carry user information.";
  const isWeb = uri.protocol === "https:" || uri.protocol === "http:";
  if (isWeb && !/^https?:\/\/[^/\\]/i.test(text)) return "The host is missing.";
  if (isWeb && uri.hostname.includes("*")) return "A redirect URI is no pattern; name each one.";
  if (text.includes("\\")) return "A redirect URI must not hold a backslash.";
  if (uri.protocol === "http:" && !loopbackHosts.includes(uri.hostname))
    return "http is for loopback addresses only; use https.";
  return undefined;
}

/** They become members of the same tokens: one set of names under one cap. */
function checkCustomClaims({
  custom_claims: claims = {},
  attributes = {},
}: NewClient): FieldError | undefined {
  for (const [pointer, members] of [
    ["/custom_claims", claims],
    ["/attributes", attributes],
  ] as const) {
    const refusal = checkClaims(members);
    if (refusal !== undefined) return { pointer, detail: refusal.description };
  }
  const doubled = Object.keys(attributes).find((name) => Object.hasOwn(claims, name));
  if (doubled !== undefined)
    return {
      pointer: "/attributes",
      detail: "A name may be in custom_claims or in attributes, not in both.",
    };
  const together = checkClaims({ ...claims, ...attributes });
  if (together === undefined) return undefined;
  return { pointer: "/attributes", detail: "With custom_claims they take 4096 bytes of JSON at most." };
}

/**
 * Words may be given for registered scopes only, and not for those of the server's own endpoints: what these open does
 * not depend on who asks.
 */
export function checkScopeDescriptions(
  descriptions: Readonly<Record<string, string>> = {},
  scopes: readonly string[] | "any",
): FieldError | undefined {
  for (const scope of Object.keys(descriptions)) {
    const pointer = `/scope_descriptions/${scope.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (scope.startsWith("rescind:"))
      return { pointer, detail: "This scope is the server's own, and so are the words for it." };
    if (scopes !== "any" && !scopes.includes(scope))
      return { pointer, detail: "This scope is not registered here; register it, or remove its words." };
  }
  return undefined;
}
