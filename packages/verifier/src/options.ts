// What `createVerifier` is told, checked once. CONTRACT.md section 7.

import type { Clock } from "./clock.ts";

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
  /** Seconds after which an unconfirmed position is no longer decided by. Default 5. */
  readonly maxStaleness?: number | undefined;
  /** What to do then: ask the server token by token (default), or refuse. */
  readonly onStale?: "introspect" | "reject" | undefined;
  /** How this verifier shows up in `rescind verifiers`. */
  readonly name?: string | undefined;
  /** Seconds between leases. Default: what the server says. */
  readonly leaseInterval?: number | undefined;
  /** Seconds `createVerifier` tries to reach the server. Default 10. */
  readonly startTimeout?: number | undefined;
  /** Allows an `http` issuer that is not on loopback. Everyone on the way can then forge tokens. */
  readonly insecureHttp?: boolean | undefined;
  readonly fetch?: typeof fetch | undefined;
  readonly clock?: Clock | undefined;
}

/** The options with their defaults. Times are milliseconds. */
export interface VerifierSettings {
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly clientId: string;
  readonly clientSecret: string;
  readonly maxStaleness: number;
  readonly onStale: "introspect" | "reject";
  readonly name: string | undefined;
  readonly leaseInterval: number | undefined;
  readonly startTimeout: number;
}

/** Checks the options. @throws TypeError that names the option */
export function readOptions(options: VerifierOptions): VerifierSettings {
  const { maxStaleness = 5, onStale = "introspect", startTimeout = 10, leaseInterval } = options;
  checkIssuer(options.issuer, options.insecureHttp === true);
  const audience = typeof options.audience === "string" ? [options.audience] : options.audience;
  if (!Array.isArray(audience) || audience.length === 0 || !audience.every(isText))
    throw new TypeError("audience must be a non-empty string or several");
  if (!isText(options.clientId)) throw new TypeError("clientId must be a non-empty string");
  if (!isText(options.clientSecret)) throw new TypeError("clientSecret must be a non-empty string");
  checkSeconds("maxStaleness", maxStaleness);
  checkSeconds("startTimeout", startTimeout);
  if (leaseInterval !== undefined) checkSeconds("leaseInterval", leaseInterval);
  if (onStale !== "introspect" && onStale !== "reject")
    throw new TypeError('onStale must be "introspect" or "reject"');
  return {
    issuer: options.issuer,
    audience,
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    maxStaleness: maxStaleness * 1000,
    onStale,
    name: options.name,
    leaseInterval: leaseInterval === undefined ? undefined : leaseInterval * 1000,
    startTimeout: startTimeout * 1000,
  };
}

function checkIssuer(issuer: string, insecureHttp: boolean): void {
  const url = isText(issuer) && URL.canParse(issuer) ? new URL(issuer) : undefined;
  if (url === undefined || url.search !== "" || url.hash !== "" || url.username !== "")
    throw new TypeError("issuer must be a URL without query, fragment or user");
  const isSafe = url.protocol === "https:" || (url.protocol === "http:" && (insecureHttp || isLoopback(url)));
  if (!isSafe) throw new TypeError("issuer must be https, on loopback, or allowed by insecureHttp");
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
