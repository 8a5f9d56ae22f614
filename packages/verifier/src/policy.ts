// What a route asks of a token beside being live, checked once: scope, audience, and how stale the revocations known here
// may be. A route asks for more than the verifier as a whole, never for less.

import type { VerifierSettings } from "./options.ts";

/** What a check asks of a token beside being live. */
export interface Requirements {
  /** Scopes the token must all have: one, several separated by spaces, or a list. */
  readonly scope?: string | readonly string[] | undefined;
  /** What `aud` has to contain, one of them: some of the names that the verifier was given. */
  readonly audience?: string | readonly string[] | undefined;
  /** How the person must have signed in: the token's `acr` is one of these (RFC 9470). For issuers that say it. */
  readonly acr?: string | readonly string[] | undefined;
  /** Seconds since the person signed in, by the token's `auth_time`, at most (RFC 9470). */
  readonly maxAge?: number | undefined;
  /** Seconds, at most the verifier's own. Below its `leaseInterval` most checks are `onStale`. */
  readonly maxStaleness?: number | undefined;
  /** What to do when the revocations known here are older. Default: the verifier's own. */
  readonly onStale?: "introspect" | "reject" | undefined;
}

/** Requirements in full. Times are milliseconds, where nothing else is said. */
export interface Policy {
  /** Separated by spaces. */
  readonly scope: string | undefined;
  /** The same, one by one. */
  readonly scopes: readonly string[];
  readonly audience: readonly string[] | undefined;
  readonly acr: readonly string[] | undefined;
  /** Seconds. */
  readonly maxAge: number | undefined;
  readonly maxStaleness: number;
  readonly onStale: "introspect" | "reject";
}

type Bounds = Pick<VerifierSettings, "audience" | "foreign" | "maxStaleness" | "onStale">;

/**
 * The policy of these requirements, or that of a name given in the option `policies`.
 * @throws TypeError that names the requirement
 */
export function readPolicy(
  settings: Bounds & Pick<VerifierSettings, "policies">,
  requirements: Requirements | string,
): Policy {
  if (typeof requirements !== "string") return readRequirements(settings, requirements);
  const policy = settings.policies.get(requirements);
  if (policy !== undefined) return policy;
  const names = [...settings.policies.keys()].join(", ");
  throw new TypeError(
    `there is no policy ${requirements}; the option policies has ${names === "" ? "none" : names}`,
  );
}

/** @throws TypeError that names the requirement */
export function readRequirements(settings: Bounds, requirements: Requirements): Policy {
  const { maxStaleness, onStale = settings.onStale } = requirements;
  if (onStale !== "introspect" && onStale !== "reject")
    throw new TypeError('onStale must be "introspect" or "reject"');
  const scope = readScope(requirements.scope);
  return {
    scope,
    scopes: scope?.split(" ").filter((one) => one !== "") ?? [],
    audience: readAudience(settings, requirements.audience),
    acr: readAcr(requirements.acr),
    maxAge: readAge(requirements.maxAge),
    maxStaleness: readStaleness(settings, maxStaleness),
    onStale,
  };
}

function readScope(scope: string | readonly string[] | undefined): string | undefined {
  if (scope === undefined) return undefined;
  const text = typeof scope === "string" ? scope : scope.join(" ");
  // RFC 6749 section 3.3: neither a quote nor a backslash, so that it can stand in a challenge.
  if (!/^[\x20\x21\x23-\x5b\x5d-\x7e]*$/.test(text))
    throw new TypeError("scope must be scopes by RFC 6749 section 3.3, separated by spaces");
  return text;
}

function readAudience(
  { audience: own, foreign }: Bounds,
  wanted: string | readonly string[] | undefined,
): readonly string[] | undefined {
  if (wanted === undefined) return undefined;
  const names = typeof wanted === "string" ? [wanted] : wanted;
  const known = [...own, ...foreign.flatMap(({ audience }) => audience)];
  const unknown = names.find((name) => !known.includes(name));
  if (names.length === 0 || unknown !== undefined)
    throw new TypeError(`audience must be some of the verifier's own (${known.join(", ")})`);
  return names;
}

function readAcr(wanted: string | readonly string[] | undefined): readonly string[] | undefined {
  if (wanted === undefined) return undefined;
  const values = typeof wanted === "string" ? [wanted] : wanted;
  // They stand in a challenge, separated by spaces.
  if (values.length === 0 || !values.every((value) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(value)))
    throw new TypeError("acr must be one or several values of visible ASCII without quotes and backslashes");
  return values;
}

function readAge(seconds: number | undefined): number | undefined {
  if (seconds !== undefined && !(Number.isSafeInteger(seconds) && seconds >= 0))
    throw new TypeError("maxAge must be a whole number of seconds");
  return seconds;
}

function readStaleness({ maxStaleness: own }: Bounds, wanted: number | undefined): number {
  if (wanted === undefined) return own;
  if (!Number.isFinite(wanted) || wanted <= 0 || wanted * 1000 > own)
    throw new TypeError(`maxStaleness must be above 0 and at most the verifier's own, ${own / 1000} seconds`);
  return wanted * 1000;
}
