// The fingerprints of units as core/fingerprint lays them out, made in place: an order and each unit that is looked up
// cost one, and what comes before the value is the same for all units of one name. DESIGN.md section 5.

import { hash } from "node:crypto";
import { fingerprintLength, type Unit, type UnitName } from "@rescind/core";
import { blockBytes, hmacPads } from "./hash.ts";

const hashBytes = 32;
/** UTF-8 takes at most so many bytes for a unit of a text; four more say how long it is. */
const bytesPerUnit = 3;
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Letters that stand for whole bytes alone, and the bits of the next one that still belong to the fingerprint. */
const wholeLetters = Math.floor((fingerprintLength * 8) / 6);
const bitsOfNext = (fingerprintLength * 8) % 6;
const lastLetters = Array.from(alphabet, (_, value) =>
  alphabet.charAt(value & (63 << (6 - bitsOfNext)) & 63),
);

/** What HMAC hashes first: the key's pad, then the texts of the last unit of a name. */
interface Block {
  readonly issuer: string;
  bytes: Buffer;
  /** Where the value goes. */
  readonly end: number;
}

/** Makes fingerprints under a key: 22 letters of base64url. */
export function fingerprinting(key: Uint8Array): (unit: Unit) => string {
  const { inner, outer } = hmacPads(key);
  const second = Buffer.alloc(blockBytes + hashBytes);
  second.set(outer);
  const blocks = new Map<UnitName, Block>();
  return (unit) => {
    const { name, issuer, value, client } = unit;
    let block = blocks.get(name);
    if (block?.issuer !== issuer) {
      block = blockFor(unit, inner);
      blocks.set(name, block);
    }
    const room = block.end + 8 + bytesPerUnit * (value.length + (client?.length ?? 0));
    if (block.bytes.length < room) block.bytes = Buffer.concat([block.bytes], 2 * room);
    let end = writeText(block.bytes, block.end, value);
    if (client !== undefined) end = writeText(block.bytes, end, client);
    second.write(hash("sha256", block.bytes.subarray(0, end), "binary"), blockBytes, "latin1");
    const text = hash("sha256", second, "base64url");
    return text.slice(0, wholeLetters) + lastLetters[alphabet.indexOf(text.charAt(wholeLetters))];
  };
}

function blockFor({ issuer, name }: Unit, inner: Uint8Array): Block {
  const bytes = Buffer.alloc(1024 + bytesPerUnit * issuer.length);
  bytes.set(inner);
  let end = blockBytes;
  for (const text of ["rescind/1", issuer, name]) end = writeText(bytes, end, text);
  return { issuer, bytes, end };
}

/** Behind its length; where it ends. */
function writeText(bytes: Buffer, at: number, text: string): number {
  const length = bytes.write(text, at + 4, "utf8");
  bytes.writeUInt32BE(length, at);
  return at + 4 + length;
}
