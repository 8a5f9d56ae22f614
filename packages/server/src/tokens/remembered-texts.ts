// What was found out about a text that is secret, kept for the next time it is presented: by digest under a key of this
// process, so that nothing usable stays in memory, in bounded room.

import { hash, randomBytes } from "node:crypto";

/** Texts in each of the two halves; what was not asked for lately goes first. */
const mostTexts = 10_000;

export class RememberedTexts<Value> {
  readonly #key = randomBytes(32).toString("base64url");
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();
  /** Digests by what has held their texts since they were made. */
  readonly #names = new WeakMap<object, { readonly text: string; readonly name: string }>();

  /** @param holder an object that holds the text, where it comes by the same one again: then its digest is made once */
  find(text: string, holder?: object): Value | undefined {
    const name = holder === undefined ? this.#name(text) : this.#nameHeld(text, holder);
    const young = this.#young.get(name);
    if (young !== undefined) return young;
    const old = this.#old.get(name);
    if (old !== undefined) this.#keep(name, old);
    return old;
  }

  /** In place of what was remembered of it before. */
  remember(text: string, value: Value): void {
    this.#keep(this.#name(text), value);
  }

  #nameHeld(text: string, holder: object): string {
    const known = this.#names.get(holder);
    if (known?.text === text) return known.name;
    const name = this.#name(text);
    this.#names.set(holder, { text, name });
    return name;
  }

  #name(text: string): string {
    return hash("sha256", this.#key + text, "base64");
  }

  #keep(name: string, value: Value): void {
    if (this.#young.size >= mostTexts) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(name, value);
  }
}
