// JWK sets of foreign issuers in the node's memory: fetched when they are needed, remembered for five minutes, and asked
// for again before that where a token names a key that is not among them, though not for every such token (THREATS JW-10).

import { candidates, type ForeignKey, foreignKeys } from "./foreign-keys.ts";

const rememberedMs = 300_000;
/** Between two askings that failed, or that an unknown `kid` caused. */
const pauseMs = 10_000;
/** While the issuer cannot be asked, its last keys verify for as long as the longest token may live. */
const usableMs = 24 * 3600_000;
const mostRemembered = 1000;

interface KeySet {
  readonly keys: readonly ForeignKey[];
  readonly fetchedAtMs: number;
}

export interface KeySetParts {
  /** The document at a URL; rejects where it cannot be had safely. */
  readonly fetch: (uri: string) => Promise<unknown>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onFailure: (uri: string, cause: unknown) => void;
}

export class ForeignKeySets {
  readonly #parts: KeySetParts;
  readonly #sets = new Map<string, KeySet>();
  /** Milliseconds: not asked again before, unless the set is too old to be used. */
  readonly #notBefore = new Map<string, number>();
  readonly #asking = new Map<string, Promise<void>>();

  constructor(parts: KeySetParts) {
    this.#parts = parts;
  }

  /** Keys at `uri` that a token of this `kid` may be signed with; none where the set cannot be had. */
  async keysFor(uri: string, kid: string | undefined): Promise<readonly ForeignKey[]> {
    const held = this.#sets.get(uri);
    const age = this.#parts.now() - (held?.fetchedAtMs ?? Number.NEGATIVE_INFINITY);
    const found = candidates(held?.keys ?? [], kid);
    if (age < rememberedMs && found.length > 0) return found;
    await this.#ask(uri, age < rememberedMs);
    const now = this.#sets.get(uri);
    if (now === undefined || this.#parts.now() - now.fetchedAtMs > usableMs) return [];
    return candidates(now.keys, kid);
  }

  /** `forUnknownKey`: the set is young, and only lacks the key; a flood of made-up ones asks once in a while. */
  #ask(uri: string, forUnknownKey: boolean): Promise<void> {
    const asking = this.#asking.get(uri);
    if (asking !== undefined) return asking;
    const nowMs = this.#parts.now();
    if (nowMs < (this.#notBefore.get(uri) ?? 0)) return Promise.resolve();
    if (forUnknownKey) this.#notBefore.set(uri, nowMs + pauseMs);
    const asked = this.#fetch(uri).finally(() => this.#asking.delete(uri));
    this.#asking.set(uri, asked);
    return asked;
  }

  async #fetch(uri: string): Promise<void> {
    try {
      const keys = foreignKeys(await this.#parts.fetch(uri));
      this.#sets.delete(uri);
      this.#sets.set(uri, { keys, fetchedAtMs: this.#parts.now() });
      const oldest = this.#sets.size > mostRemembered ? this.#sets.keys().next().value : undefined;
      if (oldest !== undefined) this.#forget(oldest);
    } catch (cause) {
      this.#notBefore.set(uri, this.#parts.now() + pauseMs);
      this.#parts.onFailure(uri, cause);
    }
  }

  #forget(uri: string): void {
    this.#sets.delete(uri);
    this.#notBefore.delete(uri);
  }
}
