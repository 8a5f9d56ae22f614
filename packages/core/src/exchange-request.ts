// The parameters of a token exchange (RFC 8693 section 2.1), parsed. One target is supported, by `resource` or `audience`;
// what the tokens are worth is `token-exchange.ts`'s to say.

import { type Refusal, refuse } from "./refusal.ts";
import { parseScope } from "./scope.ts";

/** Token types of RFC 8693 section 3 that are taken and issued here. */
export const exchangeTokenTypes = {
  accessToken: "urn:ietf:params:oauth:token-type:access_token",
  jwt: "urn:ietf:params:oauth:token-type:jwt",
} as const;

export interface ExchangeRequest {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
  readonly scopes: readonly string[];
  /** The URI of the resource server or of this issuer. */
  readonly target: string | undefined;
  /** The client will take nothing but a JWT. */
  readonly onlyJwt: boolean;
}

/** Reads the parameters of RFC 8693 section 2.1; those without a value are not among them. */
export function readExchangeRequest(form: ReadonlyMap<string, string>): ExchangeRequest | Refusal {
  const subjectToken = form.get("subject_token");
  if (subjectToken === undefined) return refuse("invalid_request", "subject_token is missing.");
  const actorToken = form.get("actor_token");
  const actorType = form.get("actor_token_type");
  if (actorToken === undefined && actorType !== undefined)
    return refuse("invalid_request", "actor_token_type stands beside an actor_token only.");
  const wrong =
    checkType("subject_token_type", form.get("subject_token_type"), subjectToken) ??
    (actorToken === undefined ? undefined : checkType("actor_token_type", actorType, actorToken));
  if (wrong !== undefined) return wrong;
  const requested = form.get("requested_token_type") ?? exchangeTokenTypes.accessToken;
  if (requested !== exchangeTokenTypes.accessToken && requested !== exchangeTokenTypes.jwt)
    return refuse("invalid_request", `requested_token_type must be ${typeNames}.`);
  const [resource, audience] = [form.get("resource"), form.get("audience")];
  if (resource !== undefined && audience !== undefined && resource !== audience)
    return refuse("invalid_target", "resource and audience must name the same target; a token is for one.");
  const scopes = parseScope(form.get("scope"));
  if ("kind" in scopes) return scopes;
  const onlyJwt = requested === exchangeTokenTypes.jwt;
  return { subjectToken, actorToken, scopes, target: resource ?? audience, onlyJwt };
}

const typeNames = `${exchangeTokenTypes.accessToken} or ${exchangeTokenTypes.jwt}`;

/** Access tokens are what is exchanged here: no refresh token, ID token or assertion of another kind. */
function checkType(name: string, type: string | undefined, text: string): Refusal | undefined {
  if (type === undefined) return refuse("invalid_request", `${name} is missing.`);
  if (type !== exchangeTokenTypes.accessToken && type !== exchangeTokenTypes.jwt)
    return refuse("invalid_request", `${name} must be ${typeNames}.`);
  if (type === exchangeTokenTypes.jwt && !text.includes("."))
    return refuse("invalid_request", `${name} says jwt, but the token is not one.`);
  return undefined;
}
