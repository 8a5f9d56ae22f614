// The token endpoint: RFC 6749 section 3.2. Authenticates the client, then leaves to the grant type's own file.

import { deviceCodeGrant, refuse, tokenExchangeGrant } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type FormRequest, noStore, ok } from "../http/answer.ts";
import { oauthRefusal, oauthTooMany } from "../http/respond.ts";
import { authenticateClient } from "../tokens/authenticate-client.ts";
import type { MintedAccessToken } from "../tokens/mint.ts";
import { authorizationCode } from "./token-authorization-code.ts";
import { clientCredentials } from "./token-client-credentials.ts";
import { redeemDeviceCode } from "./token-device-code.ts";
import { exchangeToken } from "./token-exchange.ts";
import { presentedRefreshToken, refreshToken } from "./token-refresh.ts";

export async function token(request: FormRequest, deps: Dependencies): Promise<Answer> {
  const grantType = request.form.get("grant_type");
  if (grantType === undefined) return oauthRefusal(refuse("invalid_request", "grant_type is missing."));
  // Read with the token where there is one: then it is the request's only read of the store.
  const refresh = grantType === "refresh_token" ? await presentedRefreshToken(request, deps) : undefined;
  const head = refresh?.head ?? (await deps.store.head());
  const authenticated = await authenticateClient(request, head, deps);
  if (authenticated.kind === "too-many") return oauthTooMany(authenticated.retryAfter);
  if (authenticated.kind === "refuse") return oauthRefusal(authenticated);
  switch (grantType) {
    case "authorization_code":
      return authorizationCode(request, { ...authenticated, head }, deps);
    case "client_credentials":
      return clientCredentials(request, { ...authenticated, head }, deps);
    case "refresh_token":
      return refreshToken(request, { ...authenticated, head }, refresh, deps);
    case deviceCodeGrant:
      return redeemDeviceCode(request, { ...authenticated, head }, deps);
    case tokenExchangeGrant:
      return exchangeToken(request, { ...authenticated, head }, deps);
    default:
      return oauthRefusal(refuse("unsupported_grant_type", "grant_type is not one this server knows."));
  }
}

/** RFC 6749 section 5.1. */
export function tokenAnswer(
  access: MintedAccessToken,
  refresh: string | undefined,
  extra: object = {},
): Answer {
  const { scopes } = access.stored.token;
  return ok(
    {
      access_token: access.text,
      token_type: "Bearer",
      expires_in: access.expiresIn,
      ...(refresh === undefined ? {} : { refresh_token: refresh }),
      ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
      ...extra,
    },
    noStore,
  );
}
