// The path of a check: genuine, meant for us, and live by the one rule. No network call while the revocations known
// here are fresh. DESIGN.md section 5, RFC 9068 section 4, CONTRACT.md section 7.

import { includesScope, parseToken, tokenPrefixes } from "@rescind/core";
import type { VerifiedToken } from "./access-token.ts";
import type { Clock } from "./clock.ts";
import type { DpopProof } from "./dpop-proof.ts";
import type { FeedReader } from "./feed-reader.ts";
import type { Fingerprints } from "./fingerprints.ts";
import { type GenuineToken, readGenuineJwt, requireFor } from "./genuine-token.ts";
import { type Introspected, type IntrospectionServer, introspect } from "./introspection.ts";
import { isJose, longestToken } from "./jwt.ts";
import type { VerifierSettings } from "./options.ts";
import type { Policy } from "./policy.ts";
import { isPlain, type Presentation, provePossession } from "./possession.ts";
import { ProofMemory } from "./proof-memory.ts";
import { type SeenToken, SeenTokens } from "./seen-tokens.ts";
import { TokenJudge } from "./token-judge.ts";
import { TokenRejected } from "./token-rejected.ts";
import type { TrustedIssuer, TrustedIssuers } from "./trusted-issuer.ts";

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

/** One check. */
interface Check {
  readonly text: string;
  readonly policy: Policy;
  readonly presentation: Presentation;
}

/** What was proven, with the proof that may be used only once. */
interface Proven {
  readonly proof: DpopProof | undefined;
}

const nothing: Proven = { proof: undefined };

export class Verification {
  readonly #parts: VerificationParts;
  readonly #own: TrustedIssuer;
  readonly #judge: TokenJudge;
  readonly #seen = new SeenTokens();
  readonly #proofs = new ProofMemory();
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
  async verify(text: string, policy: Policy, presentation: Presentation): Promise<VerifiedToken> {
    this.#counts.checks += 1;
    try {
      if (this.#closed) throw new TokenRejected("stale", { cause: new Error("The verifier is closed.") });
      if (typeof text !== "string" || text === "" || text.length > longestToken)
        throw new TokenRejected("malformed");
      const check = { text, policy, presentation };
      const token = await (isJose(text) ? this.#verifyJwt(check) : this.#verifyOpaque(check));
      // The clock is read for those that ask for it only: a seen token costs less than reading it does.
      const at = policy.maxAge === undefined ? 0 : this.#parts.reader.serverTime(this.#parts.clock());
      requirePolicy(token, policy, at);
      return token;
    } catch (cause) {
      const rejection = cause instanceof TokenRejected ? cause : new TokenRejected("stale", { cause });
      this.#counts.refusals += 1;
      if (rejection.code === "revoked") this.#counts.revokedUses += 1;
      throw this.#challenging(rejection, policy, presentation);
    }
  }

  /** The challenge names what the resource requires, which the depths of the check do not know. */
  #challenging(rejection: TokenRejected, policy: Policy, presentation: Presentation): TokenRejected {
    const { scope, acr, maxAge } = policy;
    const { resourceMetadata } = this.#parts.settings;
    const scheme = rejection.scheme === "DPoP" ? "DPoP" : presentation.scheme;
    const saysMore = scope ?? acr ?? maxAge ?? resourceMetadata;
    if (saysMore === undefined && scheme !== "DPoP") return rejection;
    const { code, cause } = rejection;
    return new TokenRejected(code, { scope, acr, maxAge, resourceMetadata, scheme, cause });
  }

  async #verifyJwt(check: Check): Promise<VerifiedToken> {
    const { text, policy } = check;
    let seen = this.#known(text);
    let proven = seen !== undefined && isPlain(seen.confirmation, check.presentation) ? nothing : undefined;
    while (seen === undefined || proven === undefined) {
      seen ??= await this.#remember(text, await readGenuineJwt(text, this.#parts.issuers, this.#own));
      proven ??= await this.#prove(seen, check);
      // What was remembered before the proof may be worth nothing by now.
      if (seen.under !== this.#parts.fingerprints()) seen = undefined;
    }
    // From here to the verdict nothing is awaited: freshness and what the set holds are those of one moment.
    const live = this.#judge.byLog(seen, this.#parts.clock(), policy.maxStaleness);
    return this.#once(live ?? (await this.#askAbout(check, seen)), proven);
  }

  /**
   * An opaque token is known by asking: once, then by what the answer said of it. Any text may be one, since those of
   * other systems can be imported; one that looks like ours has to be well-formed.
   */
  async #verifyOpaque(check: Check): Promise<VerifiedToken> {
    const { text, policy } = check;
    if (!mayBeOpaque(text)) throw new TokenRejected("malformed");
    const { clock } = this.#parts;
    const before = this.#known(text);
    if (before !== undefined) {
      const proven = await this.#prove(before, check);
      const known = this.#known(text);
      const live = known === undefined ? undefined : this.#judge.byLog(known, clock(), policy.maxStaleness);
      if (live !== undefined) return this.#once(live, proven);
    }
    const answer = await this.#introspect(check, this.#own);
    const { read, head } = this.#requireActive(answer, text);
    requireFor(read, this.#own);
    const told = await this.#remember(text, { ...read, issuer: this.#own }, clock().mono);
    const proven = await this.#prove(told, check);
    return this.#once(this.#judge.byAnswer(told, head, clock()), proven);
  }

  /** What is remembered of a token, if its fingerprints are still worth something. */
  #known(text: string): SeenToken | undefined {
    const seen = this.#seen.get(text);
    return seen?.under === this.#parts.fingerprints() ? seen : undefined;
  }

  async #prove({ confirmation }: SeenToken, { text, presentation }: Check): Promise<Proven> {
    if (isPlain(confirmation, presentation)) return nothing;
    const at = this.#parts.reader.serverTime(this.#parts.clock());
    return { proof: await provePossession(confirmation, presentation, text, at) };
  }

  /** The accepted token, if its proof is used for the first time. */
  #once(token: VerifiedToken, { proof }: Proven): VerifiedToken {
    if (proof !== undefined && !this.#proofs.use(proof, this.#parts.clock().mono))
      throw new TokenRejected("proof", { cause: new Error("The proof was used already.") });
    return token;
  }

  /** An answer later than the policy's bound would be worth nothing. */
  #introspect({ text, policy }: Check, issuer: TrustedIssuer): Promise<Introspected> {
    const { introspection } = this.#parts;
    const timeout = Math.min(introspection.timeout, policy.maxStaleness);
    return introspect({ ...introspection, timeout }, text, issuer);
  }

  async #askAbout(check: Check, seen: SeenToken): Promise<VerifiedToken> {
    const { reader, clock } = this.#parts;
    if (check.policy.onStale === "reject") throw staleness(reader.state(clock()));
    const answer = await this.#introspect(check, seen.issuer);
    const { read, head } = this.#requireActive(answer, check.text);
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

/**
 * @param at seconds since 1970, for a policy with `maxAge`
 * @throws TokenRejected
 */
function requirePolicy(token: VerifiedToken, policy: Policy, at: number): void {
  const { scopes, audience, acr, maxAge } = policy;
  if (audience !== undefined && !token.audience.some((name) => audience.includes(name)))
    throw new TokenRejected("audience");
  if (!scopes.every((scope) => includesScope(token.scopes, scope)))
    throw new TokenRejected("insufficient-scope");
  const { acr: signedInBy, auth_time: signedInAt } = token.claims;
  if (acr !== undefined && !acr.some((value) => value === signedInBy))
    throw new TokenRejected("insufficient-authentication");
  if (maxAge !== undefined && !(typeof signedInAt === "number" && at - signedInAt <= maxAge))
    throw new TokenRejected("insufficient-authentication");
}

/** Whether a text may be an opaque access token: of ours well-formed, else anything RFC 6750 section 2.1 can carry. */
function mayBeOpaque(text: string): boolean {
  const isOurs = Object.values(tokenPrefixes).some((prefix) => text.startsWith(prefix));
  return isOurs ? parseToken(text)?.kind === "access" : /^[\w.~+/-]+=*$/.test(text);
}
