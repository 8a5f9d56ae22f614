// Byte layouts shared by fingerprints and the hash chain: length-prefixed UTF-8. Hashing is the caller's.

const encoder = new TextEncoder();
const base64urlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** The value of each letter of the alphabet by its code; 64 for every other one below 128. */
const base64urlValues = new Uint8Array(128).fill(64);
for (let value = 0; value < 64; value++) base64urlValues[base64urlAlphabet.charCodeAt(value)] = value;

/**
 * Each text as four bytes of length (big-endian) and its UTF-8 bytes, one after the other. A lone surrogate, which
 * has no UTF-8, becomes U+FFFD.
 * @param before bytes that the result begins with
 */
export function lengthPrefixed(texts: readonly string[], before?: Uint8Array): Uint8Array<ArrayBuffer> {
  // Calling the encoder costs far more than copying what is plain ASCII already, as nearly all of it is.
  return (
    ofAscii(texts, before) ??
    ofBytes(
      texts.map((text) => encoder.encode(text)),
      before,
    )
  );
}

/** Undefined where a text has a letter beyond ASCII. */
function ofAscii(
  texts: readonly string[],
  before: Uint8Array | undefined,
): Uint8Array<ArrayBuffer> | undefined {
  const bytes = roomFor(texts, before);
  return writePrefixed(bytes, before?.length ?? 0, texts) === undefined ? undefined : bytes;
}

/** As `lengthPrefixed`, into bytes that are there; where it ends. Undefined where there is no room, or no plain ASCII. */
export function writePrefixed(bytes: Uint8Array, from: number, texts: readonly string[]): number | undefined {
  let at = from;
  for (const text of texts) {
    if (at + 4 + text.length > bytes.length) return undefined;
    at = writeLength(bytes, at, text.length);
    if (!writeAscii(bytes, at, text)) return undefined;
    at += text.length;
  }
  return at;
}

function ofBytes(parts: readonly Uint8Array[], before: Uint8Array | undefined): Uint8Array<ArrayBuffer> {
  const bytes = roomFor(parts, before);
  let at = before?.length ?? 0;
  for (const part of parts) {
    at = writeLength(bytes, at, part.length);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function roomFor(
  parts: readonly { readonly length: number }[],
  before: Uint8Array | undefined,
): Uint8Array<ArrayBuffer> {
  let length = before?.length ?? 0;
  for (const part of parts) length += 4 + part.length;
  const bytes = new Uint8Array(length);
  if (before !== undefined) bytes.set(before);
  return bytes;
}

/** Where what has this length begins. */
function writeLength(bytes: Uint8Array, at: number, length: number): number {
  bytes[at] = length >>> 24;
  bytes[at + 1] = length >>> 16;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = length;
  return at + 4;
}

/** False where a letter is beyond ASCII. */
function writeAscii(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const letter = text.charCodeAt(i);
    if (letter > 127) return false;
    bytes[at + i] = letter;
  }
  return true;
}

export function concatBytes(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** RFC 4648 section 5, without padding. */
export function toBase64url(bytes: Uint8Array): string {
  let text = "";
  let bits = 0;
  let pending = 0;
  for (let i = 0; i < bytes.length; i++) {
    pending = (pending << 8) | (bytes[i] ?? 0);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += base64urlAlphabet.charAt((pending >> bits) & 63);
    }
    pending &= (1 << bits) - 1;
  }
  return bits > 0 ? text + base64urlAlphabet.charAt((pending << (6 - bits)) & 63) : text;
}

/** The bytes of canonical base64url; undefined for anything else (padding, spare bits set, other letters). */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  const { length } = text;
  if (length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((length * 6) / 8));
  let bits = 0;
  let pending = 0;
  let offset = 0;
  for (let i = 0; i < length; i++) {
    const value = base64urlValues[text.charCodeAt(i)] ?? 64;
    if (value === 64) return undefined;
    pending = (pending << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[offset++] = (pending >> bits) & 255;
      pending &= (1 << bits) - 1;
    }
  }
  return pending === 0 ? bytes : undefined;
}
