// The fingerprint under which a unit stands on the feed. DESIGN.md section 5.
// This file lays out the bytes; the caller computes HMAC-SHA-256 under the issuer's fingerprint key
// and keeps the first 16 bytes. No identifier goes on the wire.

import { lengthPrefixed } from "./bytes.ts";
import type { Unit } from "./units.ts";

/** Bytes of the HMAC that are kept. */
export const fingerprintLength = 16;

/** What is put into HMAC-SHA-256: `rescind/1`, issuer, unit, value (and the client id for `subject+client`). */
export function fingerprintInput(unit: Unit): Uint8Array<ArrayBuffer> {
  const texts = ["rescind/1", unit.issuer, unit.name, unit.value];
  return lengthPrefixed(unit.client === undefined ? texts : [...texts, unit.client]);
}
