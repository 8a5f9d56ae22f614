// Why something was revoked: a closed list, so that histories can be counted. What needs more words is a note.

export const revocationReasons = [
  "unspecified",
  "client_request",
  "user_request",
  "administrator",
  "replay_detected",
  "token_leaked",
  "key_compromise",
  "logout",
  "consent_withdrawn",
  "password_changed",
  "user_disabled",
  "user_deleted",
  "client_suspended",
  "client_deleted",
  "secret_rotated",
  "security_event",
  "restore",
] as const;

export type RevocationReason = (typeof revocationReasons)[number];
