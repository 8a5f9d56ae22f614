// JWTs of ours whose signature was verified, so that seeing one again costs no signature: a verifier brings the same
// Bearer token with every lease, an API asks about the same token with every request. What is remembered is that the
// text is genuine, never that it is live.

import type { AccessToken } from "@rescind/core";
import { RememberedTexts } from "./remembered-texts.ts";

export class GenuineJwts {
  readonly #tokens = new RememberedTexts<AccessToken>();

  /** The facts of a text that was found genuine before. */
  find(text: string): AccessToken | undefined {
    return this.#tokens.find(text);
  }

  remember(text: string, token: AccessToken): void {
    this.#tokens.remember(text, token);
  }
}
