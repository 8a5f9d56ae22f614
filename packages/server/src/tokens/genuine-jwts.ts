// JWTs of ours whose signature was verified, so that seeing one again costs no signature: a verifier brings the same
// Bearer token with every lease, an API asks about the same token with every request. What is remembered is that the
// text is genuine, never that it is live. By digest, so that no usable token stays in memory.

import { hash } from "node:crypto";
import type { AccessToken } from "@rescind/core";

/** Tokens in each of the two halves; what was not asked for lately goes first. */
const mostTokens = 10_000;

export class GenuineJwts {
  #young = new Map<string, AccessToken>();
  #old = new Map<string, AccessToken>();

  /** The facts of a text that was found genuine before. */
  find(text: string): AccessToken | undefined {
    const key = hash("sha256", text, "base64");
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#keep(key, old);
    return old;
  }

  remember(text: string, token: AccessToken): void {
    this.#keep(hash("sha256", text, "base64"), token);
  }

  #keep(key: string, token: AccessToken): void {
    if (this.#young.size >= mostTokens) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, token);
  }
}
