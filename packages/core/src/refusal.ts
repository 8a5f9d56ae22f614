// Refusals: errors we answer, as values. OAuth's codes (RFC 6749 section 5.2, RFC 8707, RFC 7009, RFC 8628) and problem
// types for every other endpoint. Descriptions are constant sentences; evidence goes to the log.

export const oauthErrorStatus = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  unsupported_token_type: 400,
  authorization_pending: 400,
  slow_down: 400,
  access_denied: 400,
  expired_token: 400,
  temporarily_unavailable: 503,
  server_error: 500,
} as const;

export type OAuthErrorCode = keyof typeof oauthErrorStatus;

export interface Refusal {
  readonly kind: "refuse";
  readonly error: OAuthErrorCode;
  /** What is wrong and how to mend it; names the parameter. Shown to the caller. */
  readonly description: string;
}

export function refuse(error: OAuthErrorCode, description: string): Refusal {
  return { kind: "refuse", error, description };
}
