// Discovery: OpenID Connect Discovery section 4 with the two members of ours. CONTRACT.md section 3.

import { exchangeJson, type Fetch, Unanswered } from "./http-exchange.ts";
import { membersOf } from "./json.ts";

export interface ServerMetadata {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly feedJwksUri: string;
  readonly tokenEndpoint: string;
  readonly introspectionEndpoint: string;
  readonly revocationsEndpoint: string;
}

/**
 * Fetches the issuer's metadata and checks that it is the issuer's. Behind an https issuer every endpoint must be
 * https too.
 * @throws Unanswered when there is no such metadata
 */
export async function discover(fetchWith: Fetch, issuer: string, timeout: number): Promise<ServerMetadata> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { status, body } = await exchangeJson(fetchWith, { url, timeout });
  if (status !== 200) throw new Unanswered(`${url} answered ${status}`, { status });
  const members = membersOf(body);
  if (members.issuer !== issuer) throw new Unanswered(`${url} belongs to another issuer`, { status });
  const endpoint = (name: string): string => {
    const value = members[name];
    const at = typeof value === "string" && URL.canParse(value) ? new URL(value) : undefined;
    const isSafe = at?.protocol === "https:" || (at?.protocol === "http:" && issuer.startsWith("http:"));
    if (typeof value !== "string" || !isSafe)
      throw new Unanswered(`${url} has no usable ${name}`, { status });
    return value;
  };
  return {
    issuer,
    jwksUri: endpoint("jwks_uri"),
    feedJwksUri: endpoint("rescind_feed_jwks_uri"),
    tokenEndpoint: endpoint("token_endpoint"),
    introspectionEndpoint: endpoint("introspection_endpoint"),
    revocationsEndpoint: endpoint("rescind_revocations_endpoint"),
  };
}
