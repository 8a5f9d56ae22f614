// The fingerprints of a token's units: HMAC-SHA-256 under the issuer's fingerprint key, first 16 bytes. DESIGN.md
// section 5. By Node's own hashing where it is there, else by WebCrypto, so that it runs everywhere.

import {
  fingerprintInput,
  fingerprintLength,
  type Judged,
  toBase64url,
  type Unit,
  type UnitName,
  unitKey,
  unitsOf,
} from "@rescind/core";
import { type NativeCrypto, nativeCrypto } from "./native-crypto.ts";
import { macByHash } from "./native-mac.ts";

/** Units that most tokens share; their fingerprints are computed once. */
const shared: readonly string[] = ["all", "client", "key", "signing-key"];
const mostShared = 1000;

/**
 * What a token is looked up by: the fingerprints of those of its units of whose kind `holds` says that there are entries,
 * and those of its lineage. More does no harm.
 */
export type TokenFingerprints = (holds: (unit: UnitName) => boolean) => readonly string[];

/** Of every unit of a token and of its lineage; a promise where they are made elsewhere. */
type FingerprintsOf = (token: Judged) => TokenFingerprints | Promise<TokenFingerprints>;

export class Fingerprints {
  readonly of: FingerprintsOf;

  private constructor(of: FingerprintsOf) {
    this.of = of;
  }

  static async underKey(key: Uint8Array<ArrayBuffer>): Promise<Fingerprints> {
    if (nativeCrypto === undefined) return Fingerprints.byWebCrypto(key);
    return new Fingerprints(whenAsked(nativeMac(key, nativeCrypto)));
  }

  static async byWebCrypto(key: Uint8Array<ArrayBuffer>): Promise<Fingerprints> {
    return new Fingerprints(beforehand(await webMac(key)));
  }
}

/** The fingerprint of what `fingerprintInput` lays out. */
type Mac<Made> = (input: Uint8Array<ArrayBuffer>) => Made;

/** What takes a microsecond each is made when it is asked for: most logs hold entries of few kinds. */
function whenAsked(mac: Mac<string>): FingerprintsOf {
  const fingerprint = remembering(mac);
  return (token) => {
    const made: (string | undefined)[] = [];
    return (holds) => {
      const found: string[] = [];
      unitsOf(token).forEach((unit, i) => {
        if (!holds(unit.name)) return;
        made[i] ??= fingerprint(unit);
        found.push(made[i]);
      });
      return token.lineage.length === 0 ? found : [...found, ...token.lineage];
    };
  };
}

/** The verdict cannot wait for them. */
function beforehand(mac: Mac<Promise<string>>): FingerprintsOf {
  let fingerprint = remembering(mac);
  return async (token) => {
    try {
      const all = [...(await Promise.all(unitsOf(token).map(fingerprint))), ...token.lineage];
      return () => all;
    } catch (cause) {
      fingerprint = remembering(mac);
      throw cause;
    }
  };
}

function remembering<Made>(mac: Mac<Made>): (unit: Unit) => Made {
  const known = new Map<string, Made>();
  return (unit) => {
    if (!shared.includes(unit.name)) return mac(fingerprintInput(unit));
    const name = unitKey(unit);
    const made = known.get(name) ?? mac(fingerprintInput(unit));
    if (known.size >= mostShared) known.clear();
    known.set(name, made);
    return made;
  };
}

async function webMac(key: Uint8Array<ArrayBuffer>): Promise<Mac<Promise<string>>> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return async (input) => textOf(new Uint8Array(await crypto.subtle.sign("HMAC", imported, input)));
}

function nativeMac(key: Uint8Array<ArrayBuffer>, { createHmac, hash }: NativeCrypto): Mac<string> {
  if (hash === undefined) return (input) => textOf(createHmac("sha256", key).update(input).digest());
  const mac = macByHash(key, hash);
  return (input) => firstLetters(mac(input));
}

function textOf(mac: Uint8Array): string {
  return toBase64url(mac.subarray(0, fingerprintLength));
}

/** The first 16 bytes of a text in base64url: 21 letters, and the two highest bits of the next. */
function firstLetters(text: string): string {
  const next = text.charAt(21);
  if (next >= "A" && next <= "P") return `${text.slice(0, 21)}A`;
  if ((next >= "Q" && next <= "Z") || (next >= "a" && next <= "f")) return `${text.slice(0, 21)}Q`;
  return next >= "g" && next <= "v" ? `${text.slice(0, 21)}g` : `${text.slice(0, 21)}w`;
}
