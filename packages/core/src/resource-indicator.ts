// Which audience a token gets: RFC 8707 `resource`, the client's `audience`, else the issuer.

import type { Client, Resource } from "./client.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { grantScope } from "./scope.ts";

export interface Target {
  /** The resource the token is for; its settings decide format, life and signing. Undefined: the issuer itself. */
  readonly resource: Resource | undefined;
  readonly audience: readonly string[];
  readonly scopes: readonly string[];
}

export interface TargetRequest {
  readonly client: Client;
  readonly issuer: string;
  /** What may be asked for, the default first; absent: the client's `audience`. At refresh that of the grant. */
  readonly audience?: readonly string[] | undefined;
  /** The `resource` parameter; one at most is supported. */
  readonly asked: string | undefined;
  readonly scopes: readonly string[];
  /** What may be had: the client's scopes, at refresh those of the grant. */
  readonly allowed: readonly string[];
  /** Registered resources by URI. */
  readonly resources: ReadonlyMap<string, Resource>;
}

/**
 * Chooses audience and scopes. Our own `rescind:` scopes are for the issuer's endpoints: without a `resource`
 * the issuer joins the audience when one of them is granted; with a foreign `resource` they are not granted.
 */
export function chooseTarget(request: TargetRequest): Target | Refusal {
  const { issuer, asked, audience = request.client.audience } = request;
  if (asked !== undefined && asked !== issuer && !audience.includes(asked))
    return refuse("invalid_target", "resource must be one that this client is registered for.");
  const uri = asked ?? audience[0] ?? issuer;
  const resource = request.resources.get(uri);
  const mayHave = request.allowed.filter((scope) =>
    isForTarget(scope, resource, asked === undefined || uri === issuer),
  );
  const scopes = grantScope(request.scopes, mayHave);
  if ("kind" in scopes) return scopes;
  const alsoIssuer = uri !== issuer && scopes.some(isOurs);
  return { resource, audience: alsoIssuer ? [uri, issuer] : [uri], scopes };
}

function isForTarget(scope: string, resource: Resource | undefined, reachesIssuer: boolean): boolean {
  if (isOurs(scope)) return reachesIssuer;
  if (scope === "openid" || scope === "offline_access") return true;
  return resource === undefined || resource.scopes.length === 0 || resource.scopes.includes(scope);
}

function isOurs(scope: string): boolean {
  return scope.startsWith("rescind:");
}
