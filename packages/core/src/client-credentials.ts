// The client credentials grant: RFC 6749 section 4.4. `sub` is the client's id; no grant, no refresh token.

import { type Client, isConfidential, type Resource } from "./client.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { chooseTarget, type Target } from "./resource-indicator.ts";
import { parseScope, rescindScopes } from "./scope.ts";

/** Our own endpoints' scopes but that of a person's own account. */
const clientScopes = rescindScopes.filter((scope) => scope !== "rescind:account");

export interface ClientCredentialsRequest {
  readonly client: Client;
  readonly issuer: string;
  readonly scope: string | undefined;
  readonly resource: string | undefined;
  readonly resources: ReadonlyMap<string, Resource>;
}

export type ClientCredentialsDecision = ({ readonly kind: "issue" } & Target) | Refusal;

export function decideClientCredentials(request: ClientCredentialsRequest): ClientCredentialsDecision {
  const { client } = request;
  if (!client.grantTypes.includes("client_credentials") || !isConfidential(client))
    return refuse(
      "unauthorized_client",
      "This client is not registered for the grant type client_credentials.",
    );
  const scopes = parseScope(request.scope);
  if ("kind" in scopes) return scopes;
  const registered = client.scopes.filter((scope) => scope !== "openid" && scope !== "offline_access");
  // An administrator could register a client with any of these; asked for by name it has them itself.
  const isAdministrator = scopes.length > 0 && registered.includes("rescind:admin");
  const allowed = isAdministrator ? [...new Set([...registered, ...clientScopes])] : registered;
  const target = chooseTarget({ ...request, asked: request.resource, scopes, allowed });
  return "kind" in target ? target : { kind: "issue", ...target };
}
