// The authorization request: RFC 6749 section 4.1.1, OpenID Connect Core section 3.1.2.1, RFC 9126, RFC 9207. Reads and
// checks the parameters. Until client and redirect URI are known to be right nothing may be redirected, so those
// failures are for a page; all others go back to the client.

import { type Acr, leastAcr } from "./authentication.ts";
import type { Client } from "./client.ts";
import { isCodeChallenge } from "./pkce.ts";
import { isRegisteredUri } from "./redirect-uri.ts";
import { parseScope } from "./scope.ts";
import type { RowId } from "./token-format.ts";

export const authorizationErrors = [
  "invalid_request",
  "unauthorized_client",
  "access_denied",
  "unsupported_response_type",
  "invalid_scope",
  "invalid_target",
  "server_error",
  "temporarily_unavailable",
  "login_required",
  "consent_required",
  "interaction_required",
  "account_selection_required",
  "request_not_supported",
  "request_uri_not_supported",
  "registration_not_supported",
  "unmet_authentication_requirements",
] as const;

export type AuthorizationErrorCode = (typeof authorizationErrors)[number];

export const responseModes = ["query", "form_post"] as const;

export type ResponseMode = (typeof responseModes)[number];

/** Where the answer goes; `state` is returned untouched. */
export interface RedirectAddress {
  readonly redirectUri: string;
  readonly responseMode: ResponseMode;
  readonly state: string | undefined;
}

/** The answer waits until a device asks for it (RFC 8628); the person stays here. */
export interface DeviceAddress {
  readonly responseMode: "device";
  readonly id: RowId;
  /** As the device shows it. */
  readonly userCode: string;
  /** Seconds; the device asks no longer. */
  readonly expiresAt: number;
}

export type ReturnAddress = RedirectAddress | DeviceAddress;

export interface AuthorizationError {
  readonly kind: "error";
  readonly error: AuthorizationErrorCode;
  readonly description: string;
  readonly to: ReturnAddress;
}

/** For a page, since nobody can be trusted with a redirect. */
export interface UntrustedRequest {
  readonly kind: "untrusted";
  readonly description: string;
}

export type Prompt = "none" | "login" | "consent" | "select_account";

export interface AuthorizationRequest {
  readonly kind: "request";
  readonly clientId: string;
  readonly to: ReturnAddress;
  /** As sent; undefined if the one registered URI was meant. The token request must repeat it. */
  readonly sentRedirectUri: string | undefined;
  readonly scopes: readonly string[];
  readonly resource: string | undefined;
  readonly nonce: string | undefined;
  readonly prompts: ReadonlySet<Prompt>;
  /** Seconds. */
  readonly maxAge: number | undefined;
  readonly loginHint: string | undefined;
  readonly idTokenHint: string | undefined;
  readonly codeChallenge: string | undefined;
  /** The least of `acr_values` that this server knows; others are wishes that it cannot fulfil. RFC 9470 section 4. */
  readonly requiredAcr?: Acr | undefined;
}

const prompts: readonly string[] = ["none", "login", "consent", "select_account"];

/** Checks the parameters of one request of this client; none of them occurs twice. */
export function readAuthorizationRequest(
  parameters: ReadonlyMap<string, string>,
  client: Client,
): AuthorizationRequest | AuthorizationError | UntrustedRequest {
  const sentRedirectUri = parameters.get("redirect_uri");
  const redirectUri =
    sentRedirectUri ?? (client.redirectUris.length === 1 ? client.redirectUris[0] : undefined);
  if (redirectUri === undefined) return untrusted("redirect_uri is missing.");
  if (!isRegisteredUri(redirectUri, client.redirectUris))
    return untrusted("redirect_uri is not one that this client is registered for.");

  const mode = parameters.get("response_mode") ?? "query";
  const responseMode = responseModes.find((known) => known === mode);
  const state = parameters.get("state");
  const to: RedirectAddress = { redirectUri, responseMode: responseMode ?? "query", state };
  const fail = (error: AuthorizationErrorCode, description: string): AuthorizationError => ({
    kind: "error",
    error,
    description,
    to,
  });
  if (responseMode === undefined) return fail("invalid_request", "response_mode must be query or form_post.");
  const unsupported = unsupportedParameter(parameters);
  if (unsupported !== undefined) return fail(unsupported, "This parameter is not supported.");
  const responseType = parameters.get("response_type");
  if (responseType === undefined) return fail("invalid_request", "response_type is missing.");
  if (responseType !== "code") return fail("unsupported_response_type", "response_type must be code.");
  if (!client.grantTypes.includes("authorization_code"))
    return fail(
      "unauthorized_client",
      "This client is not registered for the grant type authorization_code.",
    );

  const scopes = parseScope(parameters.get("scope"));
  if ("kind" in scopes) return fail("invalid_scope", scopes.description);
  const codeChallenge = parameters.get("code_challenge");
  const pkce = pkceProblem(codeChallenge, parameters.get("code_challenge_method"), client);
  if (pkce !== undefined) return fail("invalid_request", pkce);
  const asked = (parameters.get("prompt") ?? "").split(" ").filter((value) => value !== "");
  if (!asked.every((value) => prompts.includes(value)))
    return fail("invalid_request", "prompt must be none, login, consent or select_account.");
  if (asked.includes("none") && asked.length > 1)
    return fail("invalid_request", "prompt=none does not go with another value.");
  const maxAge = parameters.get("max_age");
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge))
    return fail("invalid_request", "max_age must be a whole number of seconds.");
  return {
    kind: "request",
    clientId: client.clientId,
    to,
    sentRedirectUri,
    scopes,
    resource: parameters.get("resource"),
    nonce: parameters.get("nonce"),
    prompts: new Set(asked as Prompt[]), // each was checked above
    maxAge: maxAge === undefined ? undefined : Number(maxAge),
    loginHint: parameters.get("login_hint"),
    idTokenHint: parameters.get("id_token_hint"),
    codeChallenge,
    requiredAcr: leastAcr(parameters.get("acr_values")),
  };
}

function untrusted(description: string): UntrustedRequest {
  return { kind: "untrusted", description };
}

function unsupportedParameter(parameters: ReadonlyMap<string, string>): AuthorizationErrorCode | undefined {
  if (parameters.has("request")) return "request_not_supported";
  if (parameters.has("request_uri")) return "request_uri_not_supported";
  return parameters.has("registration") ? "registration_not_supported" : undefined;
}

function pkceProblem(
  challenge: string | undefined,
  method: string | undefined,
  client: Client,
): string | undefined {
  if (challenge === undefined) {
    if (method !== undefined) return "code_challenge_method is given without code_challenge.";
    return client.requirePkce || client.authMethod === "none"
      ? "code_challenge is missing (PKCE, S256)."
      : undefined;
  }
  if (method !== "S256") return "code_challenge_method must be S256.";
  return isCodeChallenge(challenge) ? undefined : "code_challenge must be 43 characters of base64url.";
}
