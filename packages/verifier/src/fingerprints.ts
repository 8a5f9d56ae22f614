// The fingerprints of a token's units: HMAC-SHA-256 under the issuer's fingerprint key, first 16 bytes. DESIGN.md
// section 5. By Node's own hashing where it is there, else by WebCrypto, so that it runs everywhere.

import {
  fingerprintInput,
  fingerprintLength,
  type Judged,
  toBase64url,
  type Unit,
  unitKey,
  unitsOf,
} from "@rescind/core";
import { type NativeCrypto, nativeCrypto } from "./native-crypto.ts";

/** Units that most tokens share; their fingerprints are computed once. */
const shared: readonly string[] = ["all", "client", "key", "signing-key"];
const mostShared = 1000;

/** The HMAC of some bytes; a promise where it is made elsewhere. */
type Mac = (input: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array>;

export class Fingerprints {
  readonly #mac: Mac;
  readonly #known = new Map<string, string>();

  private constructor(mac: Mac) {
    this.#mac = mac;
  }

  static async underKey(key: Uint8Array<ArrayBuffer>): Promise<Fingerprints> {
    if (nativeCrypto === undefined) return Fingerprints.byWebCrypto(key);
    return new Fingerprints(nativeMac(key, nativeCrypto));
  }

  static async byWebCrypto(key: Uint8Array<ArrayBuffer>): Promise<Fingerprints> {
    return new Fingerprints(await webMac(key));
  }

  /** The fingerprints of every unit of the token and of its lineage, base64url. */
  async of(token: Judged): Promise<readonly string[]> {
    const own = unitsOf(token).map((unit) => this.#fingerprint(unit));
    const isThere = own.every((fingerprint) => typeof fingerprint === "string");
    return [...(isThere ? own : await Promise.all(own)), ...token.lineage];
  }

  #fingerprint(unit: Unit): string | Promise<string> {
    if (!shared.includes(unit.name)) return this.#compute(unit);
    const name = unitKey(unit);
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const made = this.#compute(unit);
    if (typeof made === "string") return this.#keep(name, made);
    return made.then((fingerprint) => this.#keep(name, fingerprint));
  }

  #keep(name: string, fingerprint: string): string {
    if (this.#known.size >= mostShared) this.#known.clear();
    this.#known.set(name, fingerprint);
    return fingerprint;
  }

  #compute(unit: Unit): string | Promise<string> {
    const mac = this.#mac(fingerprintInput(unit));
    return mac instanceof Uint8Array ? textOf(mac) : mac.then(textOf);
  }
}

async function webMac(key: Uint8Array<ArrayBuffer>): Promise<Mac> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return async (input) => new Uint8Array(await crypto.subtle.sign("HMAC", imported, input));
}

function nativeMac(key: Uint8Array<ArrayBuffer>, native: NativeCrypto): Mac {
  return (input) => native.createHmac("sha256", key).update(input).digest();
}

function textOf(mac: Uint8Array): string {
  return toBase64url(mac.subarray(0, fingerprintLength));
}
