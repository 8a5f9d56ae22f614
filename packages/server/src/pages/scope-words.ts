// What a scope means, in words for people: the client's own, else those of a resource it is for, else ours.

import type { Client, Resource } from "@rescind/core";

const meanings: ReadonlyMap<string, string> = new Map([
  ["openid", "Know who you are when you sign in"],
  ["profile", "See your name and username"],
  ["email", "See your email address"],
  ["groups", "See which groups you belong to"],
  ["offline_access", "Keep this access while you are away, until it is taken back"],
  ["rescind:account", "See and end your own sessions and permissions"],
  ["rescind:read", "Read everything in the administration"],
  ["rescind:revoke", "Revoke tokens, sessions and permissions"],
  ["rescind:admin", "Administer this server"],
]);

/** Undefined for a scope that nobody has described. */
export function scopeInWords(
  scope: string,
  client: Pick<Client, "scopeDescriptions">,
  resources: readonly Pick<Resource, "scopeDescriptions">[],
): string | undefined {
  for (const { scopeDescriptions = {} } of [client, ...resources])
    if (Object.hasOwn(scopeDescriptions, scope)) return scopeDescriptions[scope];
  return meanings.get(scope);
}
