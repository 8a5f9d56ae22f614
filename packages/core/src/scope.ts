// Scopes: RFC 6749 section 3.3. Values are compared as bytes; order does not matter, repeats are dropped.

import { type Refusal, refuse } from "./refusal.ts";

const scopeToken = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Scopes of our own endpoints. Each of the first three includes the one before. */
export const rescindScopes = [
  "rescind:read",
  "rescind:revoke",
  "rescind:admin",
  "rescind:feed",
  "rescind:introspect",
  "rescind:account",
] as const;

export type RescindScope = (typeof rescindScopes)[number];

/** Scopes for a client's own grants (Grant Management for OAuth 2.0). */
export const grantManagementScopes = ["grant_management_query", "grant_management_revoke"] as const;

export type GrantManagementScope = (typeof grantManagementScopes)[number];

/** What our own protected endpoints may ask for. */
export type EndpointScope = GrantManagementScope | RescindScope;

/** Whether a scope means something at this server itself: no other system's token can bring it along. */
export function opensThisServer(scope: string): boolean {
  return scope.startsWith("rescind:") || grantManagementScopes.some((own) => own === scope);
}

const ladder: readonly string[] = ["rescind:read", "rescind:revoke", "rescind:admin"];

/** Splits a `scope` value; a refusal if it is not well formed. Absent or empty: no scope asked. */
export function parseScope(text: string | undefined): readonly string[] | Refusal {
  if (text === undefined || text === "") return [];
  if (text.length > 4096) return refuse("invalid_request", "scope must be at most 4096 characters.");
  const values = text.split(" ").filter((value) => value !== "");
  if (!values.every((value) => scopeToken.test(value)))
    return refuse("invalid_scope", "scope must be scope values separated by single spaces.");
  return [...new Set(values)];
}

/** What is granted: all that may be had where nothing was asked, else what was asked, if all of it may be had. */
export function grantScope(
  asked: readonly string[],
  allowed: readonly string[],
): readonly string[] | Refusal {
  if (asked.length === 0) return allowed;
  if (!asked.every((value) => allowed.includes(value)))
    return refuse("invalid_scope", "scope asks for a value that this client may not have.");
  return asked;
}

/** Whether granted scopes satisfy a required one; `rescind:admin` includes `rescind:revoke` includes `rescind:read`. */
export function includesScope(granted: readonly string[], required: string): boolean {
  const rung = ladder.indexOf(required);
  if (rung < 0) return granted.includes(required);
  return ladder.slice(rung).some((value) => granted.includes(value));
}
