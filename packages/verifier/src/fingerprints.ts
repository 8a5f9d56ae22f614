// The fingerprints of a token's units: HMAC-SHA-256 under the issuer's fingerprint key, first 16 bytes. DESIGN.md
// section 5. By WebCrypto, so that it runs everywhere.

import {
  fingerprintInput,
  fingerprintLength,
  type Judged,
  toBase64url,
  type Unit,
  unitKey,
  unitsOf,
} from "@rescind/core";

/** Units that most tokens share; their fingerprints are computed once. */
const shared: readonly string[] = ["all", "client", "key", "signing-key"];
const mostShared = 1000;

export class Fingerprints {
  readonly #key: CryptoKey;
  readonly #known = new Map<string, string>();

  private constructor(key: CryptoKey) {
    this.#key = key;
  }

  static async underKey(key: Uint8Array<ArrayBuffer>): Promise<Fingerprints> {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    return new Fingerprints(await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]));
  }

  /** The fingerprints of every unit of the token and of its lineage, base64url. */
  async of(token: Judged): Promise<readonly string[]> {
    const own = await Promise.all(unitsOf(token).map((unit) => this.#fingerprint(unit)));
    return [...own, ...token.lineage];
  }

  async #fingerprint(unit: Unit): Promise<string> {
    if (!shared.includes(unit.name)) return this.#compute(unit);
    const name = unitKey(unit);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const fingerprint = await this.#compute(unit);
    if (this.#known.size >= mostShared) this.#known.clear();
    this.#known.set(name, fingerprint);
    return fingerprint;
  }

  async #compute(unit: Unit): Promise<string> {
    const mac = await crypto.subtle.sign("HMAC", this.#key, fingerprintInput(unit));
    return toBase64url(new Uint8Array(mac, 0, fingerprintLength));
  }
}
