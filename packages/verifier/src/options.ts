// What `createVerifier` is told, checked once. CONTRACT.md section 7.

import type { Clock } from "./clock.ts";
import { type Policy, type Requirements, readRequirements } from "./policy.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface VerifierOptions {
  /** The issuer's URL, exactly as it stands in `iss`. `https`, but for loopback or with `insecureHttp`. */
  readonly issuer: string;
  /** What a token's `aud` has to contain: this resource server, under one name or several. */
  readonly audience: string | readonly string[];
  /**
   * A confidential client of the issuer with the scope `rescind:feed`, and for introspection with
   * `rescind:introspect` or this audience: a token it may not see is inactive to it.
   */
  readonly clientId: string;
  readonly clientSecret: string;
  /**
   * Other issuers whose JWTs are accepted here as well, each for its own audience. They have to be registered at
   * `issuer`, where their tokens are revoked.
   */
  readonly issuers?: readonly ForeignIssuerOptions[] | undefined;
  /** Seconds after which an unconfirmed position is no longer decided by. Default 5. */
  readonly maxStaleness?: number | undefined;
  /** What to do then: ask the server token by token (default), or refuse. */
  readonly onStale?: "introspect" | "reject" | undefined;
  /** Requirements by name: `verifier.express("strict")`. */
  readonly policies?: Readonly<Record<string, Requirements>> | undefined;
  /** Where this API's metadata is (RFC 9728); challenges then name it. See `Verifier.resourceMetadata`. */
  readonly resourceMetadata?: string | URL | undefined;
  /**
   * Where clients see this API: what DPoP proofs are made for. Default: the origin of the first audience that is a
   * URL. With a path if a proxy takes it away.
   */
  readonly publicUrl?: string | URL | undefined;
  /**
   * The header in which a proxy hands over the client's certificate (RFC 9440, or PEM with percent escapes). The proxy
   * has to remove it from what clients send. Default: the certificate of the connection, where the framework knows it.
   */
  readonly certificateHeader?: string | undefined;
  /** How this verifier shows up in `rescind verifiers`. */
  readonly name?: string | undefined;
  /** Seconds between leases. Default: what the server says, or a third of the shortest `maxStaleness` named here. */
  readonly leaseInterval?: number | undefined;
  /** Seconds `createVerifier` tries to reach the server. Default 10. */
  readonly startTimeout?: number | undefined;
  /** Allows an `http` issuer that is not on loopback. Everyone on the way can then forge tokens. */
  readonly insecureHttp?: boolean | undefined;
  /**
   * Keeps the downloaded snapshot for the next start: `fileStore` of `@rescind/verifier/file-store`, or your own. Saves
   * the download and nothing else; nothing is accepted before the server has confirmed the position.
   */
  readonly persist?: SnapshotStore | undefined;
  /**
   * Used for every request if given. Default: the runtime's, and on Node its own client for the live stream and leases, if
   * that reaches the server as well.
   */
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: Clock | undefined;
}

export interface ForeignIssuerOptions {
  /** Exactly as it stands in `iss`. */
  readonly issuer: string;
  /** What `aud` has to contain; for tokens without `aud` (Cognito), their client. */
  readonly audience: string | readonly string[];
  /** Where its keys are. Default: what was registered. */
  readonly jwksUri?: string | undefined;
}

export interface ForeignIssuerSettings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly jwksUri: string | undefined;
}

/** The options with their defaults. Times are milliseconds. */
export interface VerifierSettings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly clientId: string;
  readonly clientSecret: string;
  readonly maxStaleness: number;
  readonly onStale: "introspect" | "reject";
  readonly policies: ReadonlyMap<string, Policy>;
  readonly resourceMetadata: string | undefined;
  readonly publicUrl: string | undefined;
  readonly certificateHeader: string | undefined;
  readonly name: string | undefined;
  readonly leaseInterval: number | undefined;
  readonly startTimeout: number;
  readonly foreign: readonly ForeignIssuerSettings[];
  readonly insecureHttp: boolean;
}

/** Checks the options. @throws TypeError that names the option */
export function readOptions(options: VerifierOptions): VerifierSettings {
  const { maxStaleness = 5, onStale = "introspect", startTimeout = 10, leaseInterval } = options;
  const insecureHttp = options.insecureHttp === true;
  checkIssuer("issuer", options.issuer, insecureHttp);
  const audience = readAudience("audience", options.audience);
  if (!isText(options.clientId)) throw new TypeError("clientId must be a non-empty string");
  if (!isText(options.clientSecret)) throw new TypeError("clientSecret must be a non-empty string");
  checkSeconds("maxStaleness", maxStaleness);
  checkSeconds("startTimeout", startTimeout);
  if (leaseInterval !== undefined) checkSeconds("leaseInterval", leaseInterval);
  if (onStale !== "introspect" && onStale !== "reject")
    throw new TypeError('onStale must be "introspect" or "reject"');
  const foreign = readForeign(options, insecureHttp);
  const bounds = { audience, foreign, maxStaleness: maxStaleness * 1000, onStale };
  return {
    ...bounds,
    issuer: options.issuer,
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    policies: new Map(
      Object.entries(options.policies ?? {}).map(([name, requirements]) => [
        name,
        readRequirements(bounds, requirements),
      ]),
    ),
    resourceMetadata: readUrl("resourceMetadata", options.resourceMetadata),
    publicUrl: readUrl("publicUrl", options.publicUrl)?.replace(/\/$/, "") ?? originOf(audience),
    certificateHeader: options.certificateHeader,
    name: options.name,
    leaseInterval: leaseInterval === undefined ? undefined : leaseInterval * 1000,
    startTimeout: startTimeout * 1000,
    insecureHttp,
  };
}

function readForeign(
  { issuer: own, issuers = [] }: VerifierOptions,
  insecureHttp: boolean,
): readonly ForeignIssuerSettings[] {
  const names = new Set([own]);
  return issuers.map(({ issuer, audience, jwksUri }, index) => {
    const option = `issuers[${index}]`;
    checkIssuer(`${option}.issuer`, issuer, insecureHttp);
    if (names.has(issuer)) throw new TypeError(`${option}.issuer is there already: ${issuer}`);
    names.add(issuer);
    if (jwksUri !== undefined && !isSafeUrl(jwksUri, insecureHttp))
      throw new TypeError(`${option}.jwksUri must be a URL: https, on loopback, or allowed by insecureHttp`);
    return { issuer, audience: readAudience(`${option}.audience`, audience), jwksUri };
  });
}

function readUrl(option: string, value: string | URL | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.hash !== "")
    throw new TypeError(`${option} must be a URL without query and fragment`);
  return url.href;
}

function originOf(audience: readonly string[]): string | undefined {
  const urls = audience.filter((name) => URL.canParse(name)).map((name) => new URL(name));
  return urls.find(({ protocol }) => /^https?:$/.test(protocol))?.origin;
}

function readAudience(option: string, value: string | readonly string[]): readonly string[] {
  const audience = typeof value === "string" ? [value] : value;
  if (!Array.isArray(audience) || audience.length === 0 || !audience.every(isText))
    throw new TypeError(`${option} must be a non-empty string or several`);
  return audience;
}

function checkIssuer(option: string, issuer: string, insecureHttp: boolean): void {
  const url = isText(issuer) && URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined || url.search !== "" || url.hash !== "" || url.username !== "")
    throw new TypeError(`${option} must be a URL without query, fragment or user`);
  if (!isSafeUrl(issuer, insecureHttp))
    throw new TypeError(`${option} must be https, on loopback, or allowed by insecureHttp`);
}

/** Whether nobody on the way can change what is fetched from there, or that was allowed. */
export function isSafeUrl(text: string, insecureHttp: boolean): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "https:" || (url?.protocol === "http:" && (insecureHttp || isLoopback(url)));
}

function isLoopback(url: URL): boolean {
  return url.hostname === "localhost" || url.hostname === "[::1]" || /^127(\.\d+){3}$/.test(url.hostname);
}

function checkSeconds(name: string, value: number): void {
  if (!Number.isFinite(value) || value <= 0)
    throw new TypeError(`${name} must be a number of seconds above 0`);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
