// What this API says of itself to clients that know only its URL: protected resource metadata, RFC 9728 section 2.

import type { VerifierSettings } from "./options.ts";

/** Serve it as JSON under `/.well-known/oauth-protected-resource` followed by the path of the resource. */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[] | undefined;
  readonly bearer_methods_supported: readonly ["header"];
}

/**
 * The metadata of the first audience that is a URL.
 * @throws TypeError if none is
 */
export function resourceMetadata(
  { issuer, audience, foreign }: Pick<VerifierSettings, "issuer" | "audience" | "foreign">,
  scopes: readonly string[] | undefined,
): ResourceMetadata {
  const resource = audience.find((name) => URL.canParse(name));
  if (resource === undefined) throw new TypeError("audience must have a URL: metadata is that of a URL");
  return {
    resource,
    authorization_servers: [issuer, ...foreign.map((other) => other.issuer)],
    ...(scopes === undefined ? {} : { scopes_supported: scopes }),
    bearer_methods_supported: ["header"],
  };
}
