// The form endpoints with all their parameters, for tests that go over every one of them.

export const formEndpoints: Readonly<Record<string, readonly string[]>> = {
  "/oauth2/token": ["grant_type", "scope", "resource", "refresh_token"],
  "/oauth2/revoke": ["token", "token_type_hint", "cascade"],
  "/oauth2/token/revoke": ["token", "token_type_hint", "cascade"],
  "/oauth2/introspect": ["token", "token_type_hint"],
  "/oauth2/par": ["response_type", "redirect_uri", "scope", "state", "code_challenge", "prompt"],
};

export const credentialParameters: readonly string[] = [
  "client_id",
  "client_secret",
  "client_assertion",
  "client_assertion_type",
];

export const formType = "application/x-www-form-urlencoded";
