// Which units may have an entry on the log: two bytes for each that has. Its "no" is certain; its "maybe" is wrong for one
// unit in some hundred, and then the fingerprint decides. So judging a token costs no HMAC where nothing stands against
// it, and memory holds no identifiers. What stands no more is forgotten when the log is loaded again.

import type { Unit } from "@rescind/core";

/** Units of the first layer; each next one has room for four times as many. */
const firstRoom = 4096;
const growth = 4;
const bitsPerUnit = 16;
/** Bits that are set for each unit. */
const probes = 3;

interface Layer {
  readonly bits: Uint32Array;
  room: number;
}

export class UnitFilter {
  readonly #layers: Layer[] = [];

  add(unit: Unit): void {
    const { bits } = this.#open();
    const [first, step] = hashesOf(unit);
    for (let i = 0; i < probes; i++) {
      const bit = place(first, step, i, bits.length);
      bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
  }

  /** False for a unit that was never added. */
  mayHold(unit: Unit): boolean {
    const [first, step] = hashesOf(unit);
    return this.#layers.some(({ bits }) => {
      for (let i = 0; i < probes; i++) {
        const bit = place(first, step, i, bits.length);
        if (((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
      }
      return true;
    });
  }

  /** The layer that has room for another unit. */
  #open(): Layer {
    const last = this.#layers.at(-1);
    if (last !== undefined && last.room > 0) {
      last.room -= 1;
      return last;
    }
    const room = firstRoom * growth ** this.#layers.length;
    const layer = { bits: new Uint32Array((room * bitsPerUnit) / 32), room: room - 1 };
    this.#layers.push(layer);
    return layer;
  }
}

/** Bit number `i` of a unit; the length is a power of two. */
function place(first: number, step: number, i: number, words: number): number {
  return (first + i * step) & (words * 32 - 1);
}

/** FNV-1a, from two beginnings. The issuer has no part in it: hardly two of them name the same unit. */
function hashesOf({ name, value, client = "" }: Unit): readonly [number, number] {
  let first = 0x811c9dc5;
  let step = 0x9747b28c;
  for (const text of [name, value, client]) {
    for (let i = 0; i < text.length; i++) {
      const letter = text.charCodeAt(i);
      first = Math.imul(first ^ letter, 0x01000193);
      step = Math.imul(step ^ letter, 0x5bd1e995);
    }
    first = Math.imul(first ^ 0x100, 0x01000193);
  }
  return [first ^ (first >>> 15), (step ^ (step >>> 13)) | 1];
}
