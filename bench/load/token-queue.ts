// Tokens in the order in which they were got: no token is used twice before all others were.

export class TokenQueue {
  #tokens: string[];
  #next = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = [...tokens];
  }

  put(token: string): void {
    this.#tokens.push(token);
  }

  take(): string | undefined {
    const token = this.#tokens[this.#next];
    if (token === undefined) return undefined;
    this.#next++;
    if (this.#next > 50_000 && this.#next * 2 > this.#tokens.length) {
      this.#tokens = this.#tokens.slice(this.#next);
      this.#next = 0;
    }
    return token;
  }
}
