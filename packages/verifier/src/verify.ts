// The path of a check: genuine, meant for us, and live by the one rule. No network call while the revocations known
// here are fresh. DESIGN.md section 5, RFC 9068 section 4, CONTRACT.md section 7.

import {
  includesScope,
  type Judged,
  liveness,
  livesTooLong,
  parseToken,
  type StandingEntry,
} from "@rescind/core";
import { compactVerify } from "jose";
import { type ReadToken, readAccessToken, type VerifiedToken } from "./access-token.ts";
import type { Clock } from "./clock.ts";
import type { FeedReader } from "./feed-reader.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { type IntrospectionServer, introspect } from "./introspection.ts";
import { accessTokenTypes, longestToken, parseBytes, readJwtHeader } from "./jwt.ts";
import type { KeySet } from "./key-set.ts";
import type { VerifierSettings } from "./options.ts";
import { type SeenToken, SeenTokens } from "./seen-tokens.ts";
import { TokenRejected } from "./token-rejected.ts";

/** What a check asks of a token beside being live. */
export interface Requirements {
  /** Scopes the token must all have: one, several separated by spaces, or a list. */
  readonly scope?: string | readonly string[] | undefined;
}

/** Resolves to an accepted token. @throws TokenRejected */
export type Verify = (token: string, requirements: Requirements) => Promise<VerifiedToken>;

/** Checks since the start of the process, as reported to the server. */
export interface Counts {
  readonly checks: number;
  readonly refusals: number;
  readonly revokedUses: number;
}

export interface VerificationParts {
  readonly settings: VerifierSettings;
  readonly clock: Clock;
  readonly reader: FeedReader;
  readonly keys: KeySet;
  readonly fingerprints: () => Fingerprints;
  readonly introspection: IntrospectionServer;
}

export class Verification {
  readonly #parts: VerificationParts;
  readonly #seen = new SeenTokens();
  #closed = false;
  #counts = { checks: 0, refusals: 0, revokedUses: 0 };

  constructor(parts: VerificationParts) {
    this.#parts = parts;
  }

  get counts(): Counts {
    return this.#counts;
  }

  /** Every later check is refused as stale. */
  close(): void {
    this.#closed = true;
    this.#seen.clear();
  }

  /** @throws TokenRejected, and nothing else */
  async verify(text: string, requirements: Requirements): Promise<VerifiedToken> {
    const scope = scopeText(requirements);
    this.#counts.checks += 1;
    try {
      if (this.#closed) throw new TokenRejected("stale", { cause: new Error("The verifier is closed.") });
      if (typeof text !== "string" || text === "" || text.length > longestToken)
        throw new TokenRejected("malformed");
      const token = text.includes(".") ? await this.#verifyJwt(text) : await this.#verifyOpaque(text);
      if (scope !== undefined && !hasScopes(token, scope)) throw new TokenRejected("insufficient-scope");
      return token;
    } catch (cause) {
      const rejection = cause instanceof TokenRejected ? cause : new TokenRejected("stale", { cause });
      this.#counts.refusals += 1;
      if (rejection.code === "revoked") this.#counts.revokedUses += 1;
      // The challenge names what the resource requires, which the depths of the check do not know.
      throw scope === undefined
        ? rejection
        : new TokenRejected(rejection.code, { scope, cause: rejection.cause });
    }
  }

  async #verifyJwt(text: string): Promise<VerifiedToken> {
    const { reader, clock } = this.#parts;
    let seen = this.#seen.get(text);
    while (seen?.under !== this.#parts.fingerprints()) seen = await this.#readJwt(text);
    // From here to the verdict nothing is awaited: freshness and what the set holds are those of one moment.
    const now = clock();
    const since = reader.freshSince(now);
    if (since === undefined || since.mono < seen.inactiveAt) return this.#askAbout(text, seen);
    if (seen.generation !== reader.set.generation) {
      seen.found = this.#find(seen.fingerprints);
      seen.generation = reader.set.generation;
    }
    reader.decided(reader.position.seq);
    if (livesTooLong(seen.judged.expiresAt, reader.serverTime(now))) throw new TokenRejected("claims");
    requireLive(seen.judged, seen.found, reader.serverTime(now));
    return seen.token;
  }

  /** Signature, claims, issuer and audience: all that does not change as long as the token exists. */
  async #readJwt(text: string): Promise<SeenToken> {
    const header = readJwtHeader(text, accessTokenTypes);
    if (header === undefined) throw new TokenRejected("malformed");
    const key = await this.#parts.keys.find(header.kid);
    if (key === undefined) throw new TokenRejected("unknown-key");
    if (canonicalAlgorithm(header.alg) !== canonicalAlgorithm(key.alg)) throw new TokenRejected("signature");
    const verified = await compactVerify(text, key.key, { algorithms: [header.alg] }).catch(
      (cause: unknown) => {
        throw new TokenRejected("signature", { cause });
      },
    );
    const read = readAccessToken(parseBytes(verified.payload), header.kid);
    if (read === undefined) throw new TokenRejected("claims");
    this.#requireOurs(read);
    const under = this.#parts.fingerprints();
    const seen: SeenToken = {
      ...read,
      fingerprints: await under.of(read.judged),
      under,
      generation: -1,
      found: [],
      inactiveAt: Number.NEGATIVE_INFINITY,
    };
    this.#seen.add(text, seen);
    return seen;
  }

  /** The revocations known here are too old (or older than what the server said of this token): it is asked. */
  async #askAbout(text: string, seen: SeenToken): Promise<VerifiedToken> {
    const { reader, settings, clock } = this.#parts;
    if (settings.onStale === "reject") throw staleness(reader.state(clock()));
    const answer = await introspect(this.#parts.introspection, text);
    if (answer.kind === "unanswered") throw new TokenRejected("stale", { cause: answer.cause });
    if (answer.kind === "inactive") {
      seen.inactiveAt = clock().mono;
      throw new TokenRejected("inactive");
    }
    if (answer.read.token.tokenId !== seen.token.tokenId || answer.head < reader.highestDecided)
      throw new TokenRejected("stale", {
        cause: new Error("The introspection answer is older than this verifier."),
      });
    reader.decided(answer.head);
    requireLive(seen.judged, this.#find(seen.fingerprints, answer.head), reader.serverTime(clock()));
    return seen.token;
  }

  async #verifyOpaque(text: string): Promise<VerifiedToken> {
    if (parseToken(text)?.kind !== "access") throw new TokenRejected("malformed");
    const answer = await introspect(this.#parts.introspection, text);
    if (answer.kind === "unanswered") throw new TokenRejected("stale", { cause: answer.cause });
    if (answer.kind === "inactive") throw new TokenRejected("inactive");
    this.#requireOurs(answer.read);
    const fingerprints = await this.#parts.fingerprints().of(answer.read.judged);
    const { reader, clock } = this.#parts;
    requireLive(answer.read.judged, this.#find(fingerprints, answer.head), reader.serverTime(clock()));
    return answer.read.token;
  }

  #requireOurs({ token }: ReadToken): void {
    const { issuer, audience } = this.#parts.settings;
    if (token.issuer !== issuer) throw new TokenRejected("issuer");
    if (!token.audience.some((name) => audience.includes(name))) throw new TokenRejected("audience");
  }

  /** Standing entries under these fingerprints, those above `above` only. */
  #find(fingerprints: readonly string[], above = -1): readonly StandingEntry[] {
    return fingerprints.flatMap((fp) => this.#parts.reader.set.find(fp)).filter((entry) => entry.seq > above);
  }
}

/** @throws TokenRejected unless the one rule says `live` */
function requireLive(judged: Judged, found: readonly StandingEntry[], at: number): void {
  const verdict = liveness(judged, found, at);
  if (verdict.kind === "live") return;
  throw new TokenRejected(verdict.kind, verdict.kind === "revoked" ? { cause: verdict.by } : {});
}

function staleness(state: string): TokenRejected {
  return new TokenRejected("stale", { cause: new Error(`The revocations known here: ${state}.`) });
}

function hasScopes(token: VerifiedToken, required: string): boolean {
  return required.split(" ").every((scope) => scope === "" || includesScope(token.scopes, scope));
}

/** The scopes required, separated by spaces. */
export function scopeText({ scope }: Requirements): string | undefined {
  return typeof scope === "string" || scope === undefined ? scope : scope.join(" ");
}

/** RFC 9864 names Ed25519 by itself; both names mean the same key here. */
function canonicalAlgorithm(alg: string): string {
  return alg === "EdDSA" ? "Ed25519" : alg;
}
