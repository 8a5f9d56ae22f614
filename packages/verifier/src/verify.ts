// The path of a check: genuine, meant for us, and live by the one rule. No network call while the revocations known
// here are fresh. DESIGN.md section 5, RFC 9068 section 4, CONTRACT.md section 7.

import { includesScope, parseToken, tokenPrefixes } from "@rescind/core";
import type { VerifiedToken } from "./access-token.ts";
import type { Clock } from "./clock.ts";
import type { FeedReader } from "./feed-reader.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { type GenuineToken, readGenuineJwt, requireFor } from "./genuine-token.ts";
import { type Introspected, type IntrospectionServer, introspect } from "./introspection.ts";
import { isJose, longestToken } from "./jwt.ts";
import type { VerifierSettings } from "./options.ts";
import { type SeenToken, SeenTokens } from "./seen-tokens.ts";
import { TokenJudge } from "./token-judge.ts";
import { TokenRejected } from "./token-rejected.ts";
import type { TrustedIssuer, TrustedIssuers } from "./trusted-issuer.ts";

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
  readonly issuers: TrustedIssuers;
  readonly fingerprints: () => Fingerprints;
  readonly introspection: IntrospectionServer;
}

export class Verification {
  readonly #parts: VerificationParts;
  readonly #own: TrustedIssuer;
  readonly #judge: TokenJudge;
  readonly #seen = new SeenTokens();
  #closed = false;
  #counts = { checks: 0, refusals: 0, revokedUses: 0 };

  constructor(parts: VerificationParts) {
    const own = parts.issuers.get(parts.settings.issuer);
    if (own === undefined) throw new TypeError("the verifier's own issuer is not among those it trusts");
    this.#parts = parts;
    this.#own = own;
    this.#judge = new TokenJudge(parts.reader);
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
      const token = await (isJose(text) ? this.#verifyJwt(text) : this.#verifyOpaque(text));
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
    let seen = this.#seen.get(text);
    while (seen?.under !== this.#parts.fingerprints()) {
      const genuine = await readGenuineJwt(text, this.#parts.issuers, this.#own);
      seen = await this.#remember(text, genuine);
    }
    // From here to the verdict nothing is awaited: freshness and what the set holds are those of one moment.
    return this.#judge.byLog(seen, this.#parts.clock()) ?? this.#askAbout(text, seen);
  }

  /**
   * An opaque token is known by asking: once, then by what the answer said of it. Any text may be one, since those of
   * other systems can be imported; one that looks like ours has to be well-formed.
   */
  async #verifyOpaque(text: string): Promise<VerifiedToken> {
    if (!mayBeOpaque(text)) throw new TokenRejected("malformed");
    const seen = this.#seen.get(text);
    const known = seen?.under === this.#parts.fingerprints() ? seen : undefined;
    const { clock } = this.#parts;
    const live = known === undefined ? undefined : this.#judge.byLog(known, clock());
    if (live !== undefined) return live;
    const answer = await introspect(this.#parts.introspection, text, this.#own);
    const { read, head } = this.#requireActive(answer, text);
    requireFor(read, this.#own);
    const told = await this.#remember(text, { ...read, issuer: this.#own }, clock().mono);
    return this.#judge.byAnswer(told, head, clock());
  }

  async #askAbout(text: string, seen: SeenToken): Promise<VerifiedToken> {
    const { reader, settings, clock } = this.#parts;
    if (settings.onStale === "reject") throw staleness(reader.state(clock()));
    const answer = await introspect(this.#parts.introspection, text, seen.issuer);
    const { read, head } = this.#requireActive(answer, text);
    const { tokenId, issuer, subject } = read.token;
    if (tokenId !== seen.token.tokenId || issuer !== seen.token.issuer || subject !== seen.token.subject)
      throw new TokenRejected("stale", { cause: new Error("The introspection answer is of another token.") });
    return this.#judge.byAnswer(seen, head, clock());
  }

  /** @throws TokenRejected unless the server says that the token is active */
  #requireActive(answer: Introspected, text: string): Introspected & { kind: "active" } {
    if (answer.kind === "unanswered") throw new TokenRejected("stale", { cause: answer.cause });
    if (answer.kind === "inactive") {
      // What is remembered now, which may be more than when this was asked.
      const seen = this.#seen.get(text);
      if (seen !== undefined) seen.toldAt = this.#parts.clock().mono;
      throw new TokenRejected("inactive");
    }
    return answer;
  }

  async #remember(
    text: string,
    genuine: GenuineToken,
    toldAt = Number.NEGATIVE_INFINITY,
  ): Promise<SeenToken> {
    const under = this.#parts.fingerprints();
    const seen: SeenToken = {
      ...genuine,
      fingerprints: await under.of(genuine.judged),
      under,
      generation: -1,
      found: [],
      toldAt,
    };
    this.#seen.add(text, seen);
    return seen;
  }
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

/** Whether a text may be an opaque access token: of ours well-formed, else anything RFC 6750 section 2.1 can carry. */
function mayBeOpaque(text: string): boolean {
  const isOurs = Object.values(tokenPrefixes).some((prefix) => text.startsWith(prefix));
  return isOurs ? parseToken(text)?.kind === "access" : /^[\w.~+/-]+=*$/.test(text);
}
