// A fingerprint as four words of 32 bits, big-endian: how sets keep and compare them.

import { toBase64url } from "./bytes.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** The value of each ASCII letter; 255 for every other one. */
const values = new Uint8Array(128).fill(255);
for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value;

/** Letters of a fingerprint's text. */
const letters = 22;

/** Writes a fingerprint's text into four words; false, with the words undefined, for what is no such text. */
export function readFingerprint(text: string, words: Uint32Array): boolean {
  if (text.length !== letters) return false;
  let pending = 0;
  let bits = 0;
  let index = 0;
  for (let i = 0; i < letters; i++) {
    const value = values[text.charCodeAt(i)] ?? 255;
    if (value === 255) return false;
    if (bits + 6 < 32) {
      pending = (pending << 6) | value;
      bits += 6;
      continue;
    }
    const over = bits + 6 - 32;
    words[index++] = (pending << (6 - over)) | (value >> over);
    pending = value & ((1 << over) - 1);
    bits = over;
  }
  return index === 4 && pending === 0;
}

/** 22 letters of base64url. */
export function fingerprintText(words: Uint32Array): string {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(4 * i, word);
  });
  return toBase64url(bytes);
}
