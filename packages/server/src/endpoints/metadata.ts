// Discovery and public keys: OpenID Connect Discovery 1.0, RFC 8414, RFC 7517. Lists only what answers.

import {
  acrValues,
  clientAuthMethods,
  deviceCodeGrant,
  grantManagementScopes,
  idTokenAlgs,
  rescindScopes,
  responseModes,
  signingAlgs,
  tokenExchangeGrant,
} from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { jwksMaxAge } from "../keys/rotation.ts";

/** Of ID tokens, then of userinfo; what a client is configured with beside them is its own. */
const claims = [
  ...["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "azp", "at_hash", "acr", "amr", "sid"],
  ...["name", "preferred_username", "email", "email_verified", "groups"],
];

const openidScopes = ["openid", "profile", "email", "groups", "offline_access"];

/** Both well-known documents. */
export function metadata(deps: Pick<Dependencies, "issuer">): Answer {
  const { issuer } = deps;
  const confidentialMethods = clientAuthMethods.filter((method) => method !== "none");
  const assertionAlgs = ["ES256", "ES384", "ES512", "RS256", "PS256", "PS384", "PS512", "EdDSA"];
  return ok(
    {
      issuer,
      token_endpoint: `${issuer}/oauth2/token`,
      jwks_uri: `${issuer}/oauth2/jwks`,
      revocation_endpoint: `${issuer}/oauth2/revoke`,
      introspection_endpoint: `${issuer}/oauth2/introspect`,
      authorization_endpoint: `${issuer}/oauth2/authorize`,
      pushed_authorization_request_endpoint: `${issuer}/oauth2/par`,
      device_authorization_endpoint: `${issuer}/oauth2/device_authorization`,
      userinfo_endpoint: `${issuer}/oauth2/userinfo`,
      end_session_endpoint: `${issuer}/oauth2/logout`,
      global_token_revocation_endpoint: `${issuer}/global-token-revocation`,
      global_token_revocation_endpoint_auth_methods_supported: ["Bearer"],
      grant_management_endpoint: `${issuer}/grants`,
      grant_management_actions_supported: ["query", "revoke"],
      grant_management_action_required: false,
      grant_types_supported: [
        "authorization_code",
        "client_credentials",
        "refresh_token",
        tokenExchangeGrant,
        deviceCodeGrant,
      ],
      response_types_supported: ["code"],
      response_modes_supported: responseModes,
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      prompt_values_supported: ["none", "login", "consent", "select_account"],
      acr_values_supported: acrValues,
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: idTokenAlgs,
      scopes_supported: [...openidScopes, ...rescindScopes, ...grantManagementScopes],
      claim_types_supported: ["normal"],
      claims_supported: claims,
      claims_parameter_supported: false,
      request_parameter_supported: false,
      require_pushed_authorization_requests: false,
      token_endpoint_auth_methods_supported: clientAuthMethods,
      token_endpoint_auth_signing_alg_values_supported: assertionAlgs,
      revocation_endpoint_auth_methods_supported: clientAuthMethods,
      revocation_endpoint_auth_signing_alg_values_supported: assertionAlgs,
      introspection_endpoint_auth_methods_supported: confidentialMethods,
      introspection_endpoint_auth_signing_alg_values_supported: assertionAlgs,
      introspection_signing_alg_values_supported: ["RS256"],
      access_token_signing_alg_values_supported: signingAlgs,
      request_uri_parameter_supported: false,
      rescind_revocations_endpoint: `${issuer}/revocations`,
      rescind_feed_jwks_uri: `${issuer}/revocations/jwks`,
    },
    { "access-control-allow-origin": "*", "cache-control": "public, max-age=300" },
  );
}

/** `/oauth2/jwks`: keys of access tokens, ID tokens and signed answers; never the feed's. */
export async function jwks(deps: Dependencies): Promise<Answer> {
  return keySet((use) => use !== "feed", deps);
}

/** `/revocations/jwks`: the feed's keys only. */
export async function feedJwks(deps: Dependencies): Promise<Answer> {
  return keySet((use) => use === "feed", deps);
}

async function keySet(wanted: (use: string) => boolean, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  await deps.standing.reach(head);
  const ring = await deps.catalog.keys(head);
  const nowMs = deps.now();
  const inUse = ring.keys.filter((key) => nowMs < key.acceptedUntilMs && !isRevoked(key.kid, deps));
  const keys = inUse.filter((key) => wanted(key.use)).map((key) => key.publicJwk);
  return ok(
    { keys },
    {
      "access-control-allow-origin": "*",
      "cache-control": `public, max-age=${jwksMaxAge}`,
      "content-type": "application/jwk-set+json",
    },
  );
}

function isRevoked(kid: string, deps: Pick<Dependencies, "issuer" | "standing">): boolean {
  return deps.standing.isOrdered({ name: "signing-key", issuer: deps.issuer, value: kid });
}
