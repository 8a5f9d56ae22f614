// What a token request may have of its grant: scope and resource may narrow, never widen it, and what client or person
// lost since is lost (RFC 6749 section 6, RFC 8707 section 2.2, THREATS RV-16).

import {
  type Client,
  chooseTarget,
  type Grant,
  personMayHave,
  type Refusal,
  refuse,
  type Target,
  type User,
} from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";

export interface GrantTargetRequest {
  /** Of the grant, or of the code that opens it. */
  readonly granted: Pick<Grant, "scopes" | "audience" | "sessionId">;
  readonly client: Client;
  /** The person behind it, where one is known. */
  readonly user: User | undefined;
  /** The `scope` parameter, parsed. */
  readonly scopes: readonly string[];
  /** The `resource` parameter. */
  readonly resource: string | undefined;
}

/** Audience and scopes of an access token of this grant. `head`: read for this request. */
export async function targetOfGrant(
  request: GrantTargetRequest,
  head: Head,
  deps: Pick<Dependencies, "catalog" | "issuer">,
): Promise<Target | Refusal> {
  const { granted, client, scopes, resource: asked } = request;
  const left = granted.audience.filter((uri) => uri === deps.issuer || client.audience.includes(uri));
  if (left.length === 0 || (asked !== undefined && !left.includes(asked)))
    return refuse(
      "invalid_target",
      "resource must be one of the grant's that this client is still registered for.",
    );
  const audience = left.filter((uri) => uri !== deps.issuer);
  const allowed = granted.scopes.filter((scope) => client.scopes.includes(scope) && mayHave(scope, request));
  const resources = await deps.catalog.resources(head);
  return chooseTarget({ client, audience, issuer: deps.issuer, asked, scopes, allowed, resources });
}

/** Roles bound what a person grants by signing in; what an administrator opens without a browser is theirs to judge. */
function mayHave(scope: string, { granted, user }: GrantTargetRequest): boolean {
  return granted.sessionId === undefined || user === undefined || personMayHave(scope, user);
}
