// Standing entries by fingerprint, exactly and in little memory: open addressing over typed arrays. 10 million take less
// than 40 bytes each. Nothing here takes long at once: the index is of thousands of small tables that grow by themselves,
// entries lie in chunks, and what has ended is removed some at a time.
// Several entries of one fingerprint stand side by side and are never merged, so that a lift removes exactly one.

import { chunkSize, EntryChunk, type EntryRecord } from "./entry-chunk.ts";
import type { RevokeEntry } from "./feed-entry.ts";
import { readFingerprint } from "./fingerprint-words.ts";
import { type FrozenEntries, frozenEntries } from "./frozen-entries.ts";
import type { UnitName } from "./units.ts";

/** Small tables of the index; the highest 12 bits of a fingerprint choose one. */
const segmentBits = 12;
/** A slot is 5 bits of the fingerprint, by which most others are passed over unseen, and 27 bits of the place plus 1. */
const placeBits = 27;
const placeMask = 2 ** placeBits - 1;
const mostChunks = 2 ** placeBits / chunkSize - 1;
const leastSlots = 8;
/** Of a small table. */
const fullest = 0.8;
const emptiest = 0.35;
const wanted = 0.64;
/** Entries of a chunk that is joined with its neighbour, where both are not too many to be moved at once. */
const sparse = chunkSize / 8;
const mostMoved = chunkSize / 4;

const none: readonly RevokeEntry[] = [];

export class EntryTable {
  readonly #segments: (Uint32Array | undefined)[] = new Array<undefined>(2 ** segmentBits).fill(undefined);
  readonly #counts = new Uint32Array(2 ** segmentBits);
  readonly #chunks: (EntryChunk | undefined)[] = [];
  /** Numbers of chunks in the order of what they hold. */
  #order: number[] = [];
  /** Chunks that might be joined with a neighbour. */
  readonly #sparse = new Set<number>();
  /** Where several entries have one fingerprint: those after the first, by the place of the first. */
  readonly #more = new Map<number, Set<number>>();
  readonly #perUnit = new Map<UnitName, number>();
  /** The fingerprint that is looked for. */
  readonly #words = new Uint32Array(4);
  #size = 0;
  /** Slots with which a small table begins. */
  readonly #firstSlots: number;

  /** `expected`: as many entries come at once, so that room is made for them beforehand. */
  constructor(expected = 0) {
    this.#firstSlots = Math.max(leastSlots, Math.ceil(expected / 2 ** segmentBits / wanted));
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of all arrays; not what the runtime needs beside them. */
  get bytes(): number {
    const chunks = this.#chunks.reduce((sum, chunk) => sum + (chunk?.bytes ?? 0), 0);
    return this.#segments.reduce((sum, slots) => sum + (slots?.byteLength ?? 0), chunks);
  }

  holds(unit: UnitName): boolean {
    return (this.#perUnit.get(unit) ?? 0) > 0;
  }

  /** Every entry with this fingerprint, by number. */
  find(fp: string): readonly RevokeEntry[] {
    if (!readFingerprint(fp, this.#words)) return none;
    const first = this.#first(this.#words);
    if (first === undefined) return none;
    const rest = this.#more.get(first);
    if (rest === undefined) return [this.#entry(first, fp)];
    return [first, ...rest].map((place) => this.#entry(place, fp)).sort((a, b) => a.seq - b.seq);
  }

  /**
   * Adds an entry; its number must be greater than all there were before.
   * @throws RangeError for the 134 millionth, and for a fingerprint that is none
   */
  add({ seq, unit, fp, suspend = false, before, expires }: RevokeEntry): void {
    const record = { words: this.#words, seq, unit, suspend, before, expires };
    if (!readFingerprint(fp, record.words)) throw new RangeError(`${fp} is no fingerprint`);
    this.addRecord(record);
  }

  /** As `add`. */
  addRecord(record: EntryRecord): void {
    const words = this.#words;
    if (record.words !== words) words.set(record.words);
    const first = this.#first(words);
    const number = this.#openChunk();
    const place = number * chunkSize + this.#chunk(number).add(record);
    this.#size += 1;
    this.#perUnit.set(record.unit, (this.#perUnit.get(record.unit) ?? 0) + 1);
    if (first === undefined) {
      this.#index(place);
      return;
    }
    const rest = this.#more.get(first);
    if (rest === undefined) this.#more.set(first, new Set([place]));
    else rest.add(place);
  }

  /** Removes the entry with this number; false if there is none. */
  remove(seq: number): boolean {
    const number = this.#chunkOf(seq);
    const at = number === undefined ? undefined : this.#chunk(number).find(seq);
    if (number === undefined || at === undefined) return false;
    this.#removeAt(number * chunkSize + at);
    this.#tidy([number]);
    return true;
  }

  /** Removes entries that ended before `at` (seconds), `most` of them at most; how many it were. */
  expire(at: number, most: number): number {
    let removed = 0;
    const touched: number[] = [];
    for (const number of this.#order) {
      if (removed >= most) break;
      const places = this.#chunk(number).ended(at, most - removed);
      for (const place of places) this.#removeAt(number * chunkSize + place);
      if (places.length > 0) touched.push(number);
      removed += places.length;
    }
    this.#tidy(touched);
    return removed;
  }

  /** All entries by number. */
  *entries(): Generator<RevokeEntry> {
    for (const number of this.#order) {
      const chunk = this.#chunk(number);
      for (let at = 0; at < chunk.used; at++)
        if (chunk.isLive(at)) yield chunk.entry(at, chunk.fingerprint(at));
    }
  }

  frozen(): FrozenEntries {
    return frozenEntries(
      this.#order.map((number) => this.#chunk(number)),
      this.#size,
    );
  }

  // Chunks

  #chunk(number: number): EntryChunk {
    const chunk = this.#chunks[number];
    if (chunk === undefined) throw new RangeError(`chunk ${number} is not there`);
    return chunk;
  }

  #entry(place: number, fp: string): RevokeEntry {
    return this.#chunk(Math.floor(place / chunkSize)).entry(place % chunkSize, fp);
  }

  /** The chunk that the next entry goes into. */
  #openChunk(): number {
    const last = this.#order.at(-1);
    if (last !== undefined && !this.#chunk(last).isFull) return last;
    const number = this.#newChunk();
    this.#order.push(number);
    return number;
  }

  #newChunk(): number {
    const free = this.#chunks.indexOf(undefined);
    const number = free === -1 ? this.#chunks.length : free;
    if (number >= mostChunks) throw new RangeError("more entries than a set can hold");
    this.#chunks[number] = new EntryChunk();
    return number;
  }

  /** The chunk in which this number is, if it is. */
  #chunkOf(seq: number): number | undefined {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const number = this.#order[middle];
      if (number !== undefined && this.#chunk(number).seq(0) <= seq) low = middle + 1;
      else high = middle;
    }
    return this.#order[low - 1];
  }

  /** Gives back chunks that are empty, and joins a sparse one with a neighbour that leaves room, one at a time. */
  #tidy(numbers: readonly number[]): void {
    for (const number of numbers) {
      const { live } = this.#chunk(number);
      if (live === 0) this.#release(this.#order.indexOf(number));
      else if (live <= sparse) this.#sparse.add(number);
    }
    for (const number of this.#sparse) {
      this.#sparse.delete(number);
      const at = this.#order.indexOf(number);
      if (at !== -1 && (this.#join(at - 1) || this.#join(at))) break;
    }
  }

  #release(at: number): void {
    const [number] = this.#order.splice(at, 1);
    if (number === undefined) return;
    this.#chunks[number] = undefined;
    this.#sparse.delete(number);
  }

  /** Joins a chunk with the next one, unless these are too many entries. */
  #join(at: number): boolean {
    const [first, next] = [this.#order[at], this.#order[at + 1]];
    if (first === undefined || next === undefined) return false;
    if (this.#chunk(first).live + this.#chunk(next).live > mostMoved) return false;
    const number = this.#newChunk();
    const joined = this.#chunk(number);
    for (const from of [first, next]) {
      const chunk = this.#chunk(from);
      for (let place = 0; place < chunk.used; place++)
        if (chunk.isLive(place))
          this.#move(from * chunkSize + place, number * chunkSize + joined.copy(chunk, place));
    }
    this.#order.splice(at, 2, number);
    this.#chunks[first] = undefined;
    this.#chunks[next] = undefined;
    this.#sparse.delete(first);
    this.#sparse.delete(next);
    if (joined.live <= sparse) this.#sparse.add(number);
    return true;
  }

  // The index

  /** What was at one place is at another one now. */
  #move(from: number, to: number): void {
    const first = this.#first(this.#load(to));
    if (first === undefined) return;
    const rest = this.#more.get(first);
    if (first !== from) {
      rest?.delete(from);
      rest?.add(to);
      return;
    }
    this.#replace(from, to);
    if (rest === undefined) return;
    this.#more.delete(from);
    this.#more.set(to, rest);
  }

  #removeAt(place: number): void {
    const chunk = this.#chunk(Math.floor(place / chunkSize));
    const unit = chunk.unit(place % chunkSize);
    this.#perUnit.set(unit, (this.#perUnit.get(unit) ?? 0) - 1);
    this.#size -= 1;
    chunk.remove(place % chunkSize);
    const first = this.#first(this.#load(place)) ?? place;
    const rest = this.#more.get(first);
    if (first !== place) {
      rest?.delete(place);
      if (rest?.size === 0) this.#more.delete(first);
      return;
    }
    const [next] = rest ?? [];
    if (rest === undefined || next === undefined) {
      this.#unindex(place);
      return;
    }
    this.#replace(place, next);
    rest.delete(next);
    this.#more.delete(place);
    if (rest.size > 0) this.#more.set(next, rest);
  }

  /** Makes the fingerprint at a place the one that is looked for. */
  #load(place: number): Uint32Array {
    const chunk = this.#chunk(Math.floor(place / chunkSize));
    const words = this.#words;
    for (let i = 0; i < 4; i++) words[i] = chunk.word(place % chunkSize, i);
    return words;
  }

  /** The place in the index of the fingerprint that is looked for. */
  #first(words: Uint32Array): number | undefined {
    const slots = this.#segments[segmentOf(words[0] ?? 0)];
    if (slots === undefined) return undefined;
    const tag = (words[2] ?? 0) & 31;
    for (let i = home(words[1] ?? 0, slots.length); ; i = after(i, slots.length)) {
      const slot = slots[i] ?? 0;
      if (slot === 0) return undefined;
      if (slot >>> placeBits !== tag) continue;
      const place = (slot & placeMask) - 1;
      if (this.#chunks[Math.floor(place / chunkSize)]?.has(place % chunkSize, words) === true) return place;
    }
  }

  /** Puts a place into the index, under the fingerprint that is looked for. */
  #index(place: number): void {
    const [w0 = 0, w1 = 0, w2 = 0] = this.#words;
    const segment = segmentOf(w0);
    const count = (this.#counts[segment] ?? 0) + 1;
    this.#counts[segment] = count;
    let slots = this.#segments[segment];
    if (slots === undefined || count > slots.length * fullest) slots = this.#resize(segment, count);
    put(slots, home(w1, slots.length), slotOf(w2, place));
  }

  #unindex(place: number): void {
    const segment = segmentOf(this.#words[0] ?? 0);
    const slots = this.#segments[segment];
    const found = this.#slot(place);
    if (slots === undefined || found === undefined) return;
    this.#closeGap(slots, found);
    const count = (this.#counts[segment] ?? 0) - 1;
    this.#counts[segment] = count;
    if (count === 0) this.#segments[segment] = undefined;
    else if (slots.length > leastSlots && count < slots.length * emptiest) this.#resize(segment, count);
  }

  /** Exchanges one place in the index for another with the same fingerprint, which is the one looked for. */
  #replace(from: number, to: number): void {
    const slots = this.#segments[segmentOf(this.#words[0] ?? 0)];
    const found = this.#slot(from);
    if (slots !== undefined && found !== undefined) slots[found] = slotOf(this.#words[2] ?? 0, to);
  }

  /** The slot that holds a place with the fingerprint that is looked for. */
  #slot(place: number): number | undefined {
    const [w0 = 0, w1 = 0, w2 = 0] = this.#words;
    const slots = this.#segments[segmentOf(w0)];
    if (slots === undefined) return undefined;
    const wantedSlot = slotOf(w2, place);
    for (let i = home(w1, slots.length); slots[i] !== 0; i = after(i, slots.length))
      if (slots[i] === wantedSlot) return i;
    return undefined;
  }

  /** Empties a slot; those behind it that would not be found any more move up. */
  #closeGap(slots: Uint32Array, emptied: number): void {
    let gap = emptied;
    for (let i = after(gap, slots.length); slots[i] !== 0; i = after(i, slots.length)) {
      const at = this.#homeOf(slots[i] ?? 0, slots.length);
      const isReached = gap <= i ? gap < at && at <= i : gap < at || at <= i;
      if (isReached) continue;
      slots[gap] = slots[i] ?? 0;
      gap = i;
    }
    slots[gap] = 0;
  }

  #resize(segment: number, count: number): Uint32Array {
    const old = this.#segments[segment];
    const least = old === undefined ? this.#firstSlots : leastSlots;
    const slots = new Uint32Array(Math.max(least, Math.ceil(count / wanted)));
    this.#segments[segment] = slots;
    for (const slot of old ?? []) if (slot !== 0) put(slots, this.#homeOf(slot, slots.length), slot);
    return slots;
  }

  #homeOf(slot: number, slots: number): number {
    const place = (slot & placeMask) - 1;
    return home(this.#chunk(Math.floor(place / chunkSize)).word(place % chunkSize, 1), slots);
  }
}

function segmentOf(word: number): number {
  return word >>> (32 - segmentBits);
}

/** The slot at which the search for a fingerprint begins. */
function home(word: number, slots: number): number {
  return Math.floor((word * slots) / 2 ** 32);
}

function after(slot: number, slots: number): number {
  return slot + 1 === slots ? 0 : slot + 1;
}

function slotOf(word: number, place: number): number {
  return (((word & 31) << placeBits) | (place + 1)) >>> 0;
}

function put(slots: Uint32Array, from: number, slot: number): void {
  let at = from;
  while (slots[at] !== 0) at = after(at, slots.length);
  slots[at] = slot;
}
