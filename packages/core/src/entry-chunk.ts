// Standing entries side by side in typed arrays, in the order of their numbers: 29 bytes each. A part of the table of a
// verifier's set (entry-table.ts); knows nothing of how entries are found.

import type { RevokeEntry } from "./feed-entry.ts";
import { fingerprintText } from "./fingerprint-words.ts";
import { type UnitName, unitNames } from "./units.ts";

/** Entries of a chunk at most; what has to be copied at once is never more. */
export const chunkSize = 1 << 16;
/** Entries of which the earliest end is known, so that those of other ends are passed over. */
const blockSize = 256;
const firstSize = 1 << 10;
/** Seconds; there is none that is greater. Later ones are remembered beside. */
const noEnd = 0xffffffff;

const suspendFlag = 1 << 4;
const deadFlag = 1 << 5;

/** An entry with its fingerprint as words; one object serves for many. */
export interface EntryRecord {
  readonly words: Uint32Array;
  seq: number;
  unit: UnitName;
  suspend: boolean;
  before: number | undefined;
  expires: number | undefined;
}

/** What few entries have: an end after the year 2105, and `before`. */
export interface RareMembers {
  readonly before?: number | undefined;
  readonly expires?: number | undefined;
}

/** A chunk to be read only: its arrays are another one's. */
export type FrozenChunk = Pick<EntryChunk, "used" | "isLive" | "read">;

export class EntryChunk {
  /** Four words a fingerprint. */
  #words = new Uint32Array(4 * firstSize);
  #seqs = new Float64Array(firstSize);
  #ends = new Uint32Array(firstSize);
  /** The unit's place in `unitNames`, and flags. */
  #marks = new Uint8Array(firstSize);
  readonly #blockEnds = new Uint32Array(chunkSize / blockSize).fill(noEnd);
  readonly #rare = new Map<number, RareMembers>();
  #used = 0;
  #live = 0;

  /** Places that are taken, by what was removed as well. */
  get used(): number {
    return this.#used;
  }

  get live(): number {
    return this.#live;
  }

  get isFull(): boolean {
    return this.#used === chunkSize;
  }

  get bytes(): number {
    const { byteLength } = this.#words;
    return byteLength + this.#seqs.byteLength + this.#ends.byteLength + this.#marks.byteLength;
  }

  /** Adds an entry whose number is greater than all before; its place. */
  add({ words, seq, unit, suspend, before, expires }: EntryRecord): number {
    const isRare = before !== undefined || (expires !== undefined && expires >= noEnd);
    const place = this.#place();
    for (let i = 0; i < 4; i++) this.#words[4 * place + i] = words[i] ?? 0;
    this.#seqs[place] = seq;
    this.#setEnd(place, Math.min(expires ?? noEnd, noEnd));
    this.#marks[place] = unitNames.indexOf(unit) | (suspend ? suspendFlag : 0);
    if (isRare) this.#rare.set(place, { before, expires });
    return place;
  }

  /** Adds what another chunk holds at a place. */
  copy(from: EntryChunk, at: number): number {
    const place = this.#place();
    this.#words.set(from.#words.subarray(4 * at, 4 * at + 4), 4 * place);
    this.#seqs[place] = from.seq(at);
    this.#setEnd(place, from.#ends[at] ?? noEnd);
    this.#marks[place] = from.#marks[at] ?? 0;
    const rare = from.#rare.get(at);
    if (rare !== undefined) this.#rare.set(place, rare);
    return place;
  }

  remove(place: number): void {
    this.#marks[place] = (this.#marks[place] ?? 0) | deadFlag;
    this.#rare.delete(place);
    this.#live -= 1;
  }

  isLive(place: number): boolean {
    return place < this.#used && ((this.#marks[place] ?? deadFlag) & deadFlag) === 0;
  }

  seq(place: number): number {
    return this.#seqs[place] ?? 0;
  }

  word(place: number, index: number): number {
    return this.#words[4 * place + index] ?? 0;
  }

  has(place: number, words: Uint32Array): boolean {
    const from = 4 * place;
    const mine = this.#words;
    return (
      mine[from] === words[0] &&
      mine[from + 1] === words[1] &&
      mine[from + 2] === words[2] &&
      mine[from + 3] === words[3]
    );
  }

  /** The unit of what is or was at a place. */
  unit(place: number): UnitName {
    return unitNames[(this.#marks[place] ?? 0) & 15] ?? "all";
  }

  fingerprint(place: number): string {
    return fingerprintText(this.#words.subarray(4 * place, 4 * place + 4));
  }

  /** What is at a place; `fp` is its fingerprint, which whoever looked for it has at hand. */
  entry(place: number, fp: string): RevokeEntry {
    const rare = this.#rare.get(place);
    const end = this.#ends[place] ?? noEnd;
    const expires = rare?.expires ?? (end === noEnd ? undefined : end);
    const isSuspension = ((this.#marks[place] ?? 0) & suspendFlag) !== 0;
    return {
      seq: this.seq(place),
      kind: "revoke",
      unit: this.unit(place),
      fp,
      ...(rare?.before === undefined ? {} : { before: rare.before }),
      ...(isSuspension ? { suspend: true } : {}),
      ...(expires === undefined ? {} : { expires }),
    };
  }

  /** Fills `record` with what is at a place. */
  read(place: number, record: EntryRecord): void {
    const rare = this.#rare.get(place);
    const end = this.#ends[place] ?? noEnd;
    for (let i = 0; i < 4; i++) record.words[i] = this.word(place, i);
    record.seq = this.seq(place);
    record.unit = this.unit(place);
    record.suspend = ((this.#marks[place] ?? 0) & suspendFlag) !== 0;
    record.before = rare?.before;
    record.expires = rare?.expires ?? (end === noEnd ? undefined : end);
  }

  /**
   * What is here now, whatever becomes of this chunk: taken places never change but for their marks, so that only these
   * are copied.
   */
  frozen(): FrozenChunk {
    const copy = new EntryChunk();
    copy.#words = this.#words;
    copy.#seqs = this.#seqs;
    copy.#ends = this.#ends;
    copy.#marks = this.#marks.slice(0, this.#used);
    for (const [place, rare] of this.#rare) copy.#rare.set(place, rare);
    copy.#used = this.#used;
    copy.#live = this.#live;
    return copy;
  }

  /** The place of a number; undefined if it is not here. */
  find(seq: number): number | undefined {
    let [low, high] = [0, this.#used];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.seq(middle) < seq) low = middle + 1;
      else high = middle;
    }
    return this.seq(low) === seq && this.isLive(low) ? low : undefined;
  }

  /** Places of entries that ended before `at` (seconds), `most` of them at most. */
  ended(at: number, most: number): number[] {
    const places: number[] = [];
    const blocks = Math.ceil(this.#used / blockSize);
    for (let block = 0; block < blocks && places.length < most; block++) {
      if ((this.#blockEnds[block] ?? noEnd) >= at) continue;
      this.#blockEnds[block] = this.#scan(block, at, most, places);
    }
    return places;
  }

  /** Adds the ended places of a block to `places`; the earliest end that is left. */
  #scan(block: number, at: number, most: number, places: number[]): number {
    let earliest = noEnd;
    const end = Math.min(this.#used, (block + 1) * blockSize);
    for (let place = block * blockSize; place < end; place++) {
      if (!this.isLive(place)) continue;
      const mine = this.#ends[place] ?? noEnd;
      if (mine < at && places.length < most) places.push(place);
      else if (mine < earliest) earliest = mine;
    }
    return earliest;
  }

  #setEnd(place: number, end: number): void {
    this.#ends[place] = end;
    const block = Math.floor(place / blockSize);
    if (end < (this.#blockEnds[block] ?? noEnd)) this.#blockEnds[block] = end;
  }

  #place(): number {
    if (this.#used === this.#seqs.length) this.#grow(Math.min(chunkSize, this.#used * 2));
    this.#live += 1;
    return this.#used++;
  }

  #grow(size: number): void {
    const [words, seqs, ends, marks] = [this.#words, this.#seqs, this.#ends, this.#marks];
    this.#words = new Uint32Array(4 * size);
    this.#words.set(words);
    this.#seqs = new Float64Array(size);
    this.#seqs.set(seqs);
    this.#ends = new Uint32Array(size);
    this.#ends.set(ends);
    this.#marks = new Uint8Array(size);
    this.#marks.set(marks);
  }
}
