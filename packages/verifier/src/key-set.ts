// The public keys of an issuer by `kid` (RFC 7517), kept and fetched again within bounds. The algorithm comes from the
// key, never from a token's header, and only asymmetric ones exist here (RFC 8725 sections 3.1 and 3.2).

import { importJWK, type JWK } from "jose";
import type { Clock } from "./clock.ts";
import { exchangeJson, type Fetch, Unanswered } from "./http-exchange.ts";
import { membersOf } from "./json.ts";
import { type VerificationKey, verificationKey } from "./signature.ts";

export const asymmetricAlgorithms: readonly string[] = [
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
  ...["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"],
];

/** Milliseconds: an unknown `kid` makes us fetch again at most this often; older keys are renewed in passing. */
const fetchInterval = 10_000;
const maxAge = 300_000;
/**
 * Milliseconds that keys outlive an outage of where they are fetched. Far below the day for which the entry of a
 * revoked signing key stays, so that such a key is never used without its entry.
 */
const outageAge = 3_600_000;

export interface KeySource {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly url: string;
  readonly algorithms: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
}

export class KeySet {
  readonly #source: KeySource;
  #keys: ReadonlyMap<string, VerificationKey> = new Map();
  /** Monotonic milliseconds: of the last try, and of the last that brought keys. */
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #knownSince = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;
  /** Why the last fetch failed, if it did. */
  #failed: unknown;

  constructor(source: KeySource) {
    this.#source = source;
  }

  /**
   * The key with this `kid`; undefined if the issuer publishes none that may verify. Keys known outlive an outage.
   * @throws Unanswered when the key is unknown and the keys could not be fetched
   */
  async find(kid: string): Promise<VerificationKey | undefined> {
    const now = this.#source.clock().mono;
    const age = now - this.#knownSince;
    const known = age < outageAge ? this.#keys.get(kid) : undefined;
    if (known !== undefined && age < maxAge) return known;
    if (now - this.#fetchedAt >= fetchInterval || this.#pending !== undefined) {
      const renewed = this.#renew().catch(() => undefined);
      if (known !== undefined) return known;
      await renewed;
    }
    if (known !== undefined) return known;
    const isOutdated = this.#source.clock().mono - this.#knownSince >= outageAge;
    if (isOutdated) throw this.#failed ?? new Unanswered("the keys are too old");
    const found = this.#keys.get(kid);
    if (found === undefined && this.#failed !== undefined) throw this.#failed;
    return found;
  }

  /** There may be a key that nobody here has seen: the next unknown `kid` is asked about at once. */
  expectNew(): void {
    this.#fetchedAt = Number.NEGATIVE_INFINITY;
  }

  /** Fetches the keys. @throws Unanswered */
  async load(): Promise<void> {
    await this.#renew();
  }

  #renew(): Promise<void> {
    this.#pending ??= this.#fetch()
      .then(
        () => {
          this.#failed = undefined;
        },
        (cause: unknown) => {
          this.#failed = cause;
          throw cause;
        },
      )
      .finally(() => {
        this.#pending = undefined;
      });
    return this.#pending;
  }

  async #fetch(): Promise<void> {
    const { clock, url, timeout, algorithms } = this.#source;
    this.#fetchedAt = clock().mono;
    const { status, body } = await exchangeJson(this.#source.fetch, { url, timeout });
    const { keys } = membersOf(body);
    if (status !== 200 || !Array.isArray(keys)) throw new Unanswered(`${url} answered ${status}`, { status });
    const usable = await Promise.all(keys.map((jwk) => importKey(membersOf(jwk), algorithms)));
    this.#keys = new Map(usable.flat());
    this.#knownSince = this.#fetchedAt;
  }
}

/** One entry for a usable key, none for a symmetric, private, encryption or unknown one. */
async function importKey(
  jwk: Readonly<Record<string, unknown>>,
  algorithms: readonly string[],
): Promise<[string, VerificationKey][]> {
  const { kid, use, kty, d } = jwk;
  const alg = jwk.alg ?? algorithmOf(jwk);
  if (typeof kid !== "string" || typeof alg !== "string" || !algorithms.includes(alg)) return [];
  if (kty === "oct" || d !== undefined || (use !== undefined && use !== "sig")) return [];
  try {
    const key = await importJWK(jwk as JWK, alg); // parsing boundary: importJWK checks the members
    return key instanceof Uint8Array ? [] : [[kid, verificationKey(alg, key)]];
  } catch {
    return [];
  }
}

/** What a key without `alg` is for. An RSA key that does not say (Entra's) signs as OpenID Connect has it by default. */
function algorithmOf({ kty, crv }: Readonly<Record<string, unknown>>): string | undefined {
  if (kty === "RSA") return "RS256";
  if (kty === "EC" && crv === "P-256") return "ES256";
  if (kty === "EC" && crv === "P-384") return "ES384";
  if (kty === "EC" && crv === "P-521") return "ES512";
  return kty === "OKP" && crv === "Ed25519" ? "EdDSA" : undefined;
}
