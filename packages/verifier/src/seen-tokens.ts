// Tokens that were found genuine, so that seeing one again costs no cryptography and no question. Whether it was revoked
// since is never remembered beyond the set's generation: THREATS.md JW-13.

import type { Confirmation } from "./confirmation.ts";
import type { Fingerprints } from "./fingerprints.ts";
import type { KnownToken } from "./token-judge.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

export interface SeenToken extends KnownToken {
  readonly issuer: TrustedIssuer;
  /** What who shows it has to prove. */
  readonly confirmation: Confirmation;
  /** What computed the fingerprints: under another key they are worth nothing. */
  readonly under: Fingerprints;
}

/** Characters kept in each of the two halves; what stands beside a token's text counts as many. */
const mostCharacters = 8 * 1024 * 1024;
const beside = 800;

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
    const length = text.length + beside;
    if (this.#characters + length > mostCharacters) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
    }
    if (!this.#young.has(text)) this.#characters += length;
    this.#young.set(text, seen);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
    this.#characters = 0;
  }
}
