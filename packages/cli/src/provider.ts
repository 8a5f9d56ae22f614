// Another provider's metadata, found by discovery: OpenID Connect Discovery section 4, RFC 8414 section 3, whose path
// goes between host and the issuer's own path. The document must name the issuer that was asked for.

import { fetchWithin, jsonObject } from "./exchange.ts";
import { refused, unavailable, wrongUsage } from "./failure.ts";

export interface Provider {
  readonly issuer: string;
  readonly revocationEndpoint: string;
  readonly authMethods: readonly string[];
}

/** Milliseconds for one document. */
const timeout = 10_000;

/** @throws Failure where there is none, it is for another issuer, or it has no revocation endpoint */
export async function discover(issuer: string): Promise<Provider> {
  requireSafe(issuer, "--issuer");
  const answers: string[] = [];
  for (const url of documentsOf(issuer)) {
    const response = await fetchWithin(issuer, timeout)(url, {
      headers: { accept: "application/json" },
      redirect: "error",
    });
    if (response.status >= 500) throw unavailable(`${url} answers ${response.status}`);
    if (response.ok) return providerOf(issuer, url, await jsonObject(response));
    answers.push(`${url} answers ${response.status}`);
    await response.body?.cancel();
  }
  throw refused(`no metadata of ${issuer} was found: ${answers.join("; ")}`);
}

/** Where the document may be, the likeliest first. */
export function documentsOf(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const appended = ["openid-configuration", "oauth-authorization-server"].map(
    (name) => `${origin}${path}/.well-known/${name}`,
  );
  const inserted = ["oauth-authorization-server", "openid-configuration"].map(
    (name) => `${origin}/.well-known/${name}${path}`,
  );
  const [first = "", ...rest] = appended;
  return [...new Set([first, ...inserted, ...rest])];
}

function providerOf(issuer: string, url: string, document: Record<string, unknown>): Provider {
  if (document.issuer !== issuer)
    throw refused(
      `${url} is the metadata of ${JSON.stringify(document.issuer)}, not of ${issuer}; name the issuer exactly as it names itself`,
    );
  const endpoint = document.revocation_endpoint;
  if (typeof endpoint !== "string")
    throw refused(`${issuer} has no revocation_endpoint in its metadata: it offers no revocation (RFC 7009)`);
  requireSafe(endpoint, "its revocation_endpoint");
  const methods =
    texts(document.revocation_endpoint_auth_methods_supported) ??
    texts(document.token_endpoint_auth_methods_supported);
  // RFC 8414 section 2: what it means where nothing is said.
  return { issuer, revocationEndpoint: endpoint, authMethods: methods ?? ["client_secret_basic"] };
}

/** A token or a secret goes over TLS, or does not leave this machine. */
function requireSafe(text: string, what: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "https:" && url?.protocol !== "http:")
    throw wrongUsage(`${what} ${text} is not an https URL`);
  if (url.search !== "" && what === "--issuer") throw wrongUsage("--issuer has no query");
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === "http:" && !isLoopback)
    throw refused(
      `${what} ${text} is not https: a token is not sent over a connection that anybody can read`,
    );
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : undefined;
}
