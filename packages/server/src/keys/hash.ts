// SHA-256, and HMAC-SHA-256 (RFC 2104, FIPS 198-1) out of two of them, in one call each: node:crypto gives a digest as text
// in a quarter of the time in which it makes a buffer, and making an object for each HMAC takes twice as long as both
// hashes. The same bytes as createHash and createHmac make.

import { hash } from "node:crypto";

/** Of SHA-256: what a key is padded to. */
export const blockBytes = 64;
const hashBytes = 32;
const inner = 0x36;
const outer = 0x5c;

/** 32 bytes. */
export function sha256(message: string | Uint8Array): Buffer {
  return Buffer.from(hash("sha256", message, "binary"), "latin1");
}

/** The HMAC of one key: a message to its 32 bytes. */
export function hmacSha256(key: Uint8Array): (message: Uint8Array) => Buffer {
  const pads = hmacPads(key);
  const second = Buffer.alloc(blockBytes + hashBytes);
  second.set(pads.outer);
  return (message) => {
    const first = Buffer.allocUnsafe(blockBytes + message.length);
    first.set(pads.inner);
    first.set(message, blockBytes);
    second.write(hash("sha256", first, "binary"), blockBytes, "latin1");
    return sha256(second);
  };
}

/** What comes before the message, and before the hash of both. */
export function hmacPads(key: Uint8Array): { readonly inner: Uint8Array; readonly outer: Uint8Array } {
  const short = key.length > blockBytes ? sha256(key) : key;
  return { inner: padOf(short, inner), outer: padOf(short, outer) };
}

function padOf(key: Uint8Array, value: number): Uint8Array {
  const pad = new Uint8Array(blockBytes).fill(value);
  for (let index = 0; index < key.length; index++) pad[index] = (key[index] ?? 0) ^ value;
  return pad;
}
