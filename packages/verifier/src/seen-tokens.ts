// Tokens whose signature and claims were found good, so that seeing one again costs no cryptography. Whether it was
// revoked since is never remembered beyond the set's generation: THREATS.md JW-13.

import type { Judged, StandingEntry } from "@rescind/core";
import type { VerifiedToken } from "./access-token.ts";
import type { Fingerprints } from "./fingerprints.ts";

export interface SeenToken {
  readonly token: VerifiedToken;
  readonly judged: Judged;
  readonly fingerprints: readonly string[];
  /** What computed them: under another fingerprint key they are worth nothing. */
  readonly under: Fingerprints;
  /** What was found under the fingerprints at `generation` of the set. */
  generation: number;
  found: readonly StandingEntry[];
  /** Monotonic milliseconds when the server last called it inactive: only a lease sent later may say otherwise. */
  inactiveAt: number;
}

/** Characters of token text kept in each of the two halves. */
const mostCharacters = 4 * 1024 * 1024;

/** Bounded by the length of what it holds; what was not asked for lately goes first. */
export class SeenTokens {
  #young = new Map<string, SeenToken>();
  #old = new Map<string, SeenToken>();
  #characters = 0;

  get(text: string): SeenToken | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.add(text, old);
    return old;
  }

  add(text: string, seen: SeenToken): void {
    if (this.#characters + text.length > mostCharacters) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    if (!this.#young.has(text)) this.#characters += text.length;
    this.#young.set(text, seen);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#characters = 0;
  }
}
