// The reader's reducer in its plainest form: entries in, standing entries out, by keys of the reader's choice. DESIGN.md
// section 5. That of verifiers and of the server's nodes, for millions of entries, is `FingerprintSet`, which tests hold
// against this one. Hashing is the caller's: it brings the hash at each entry.

import { type FeedEntry, follows, origin, type Position, type RevokeEntry } from "./feed-entry.ts";
import type { UnitName } from "./units.ts";

export type Applied = "applied" | "known" | "gap";

/**
 * Standing entries by key. The key is the reader's choice: the server indexes by unit and by fingerprint. Entries with the same key are kept side by side, so that a lift removes exactly one.
 */
export class RevocationSet<Entry extends RevokeEntry = RevokeEntry> {
  #position: Position = origin;
  #generation = 0;
  readonly #keysOf: (entry: Entry) => readonly string[];
  readonly #byKey = new Map<string, Entry[]>();
  readonly #bySeq = new Map<number, Entry>();
  readonly #perUnit = new Map<UnitName, number>();

  constructor(keysOf: (entry: Entry) => readonly string[]) {
    this.#keysOf = keysOf;
  }

  get position(): Position {
    return this.#position;
  }

  /** Rises with every entry and load; a cached verdict is good only while it has not moved. */
  get generation(): number {
    return this.#generation;
  }

  get size(): number {
    return this.#bySeq.size;
  }

  /**
   * Whether any standing entry is of this kind of unit. Where none is, a reader need not make the key: most logs hold
   * a few kinds, and most tokens have ten units.
   */
  holds(unit: UnitName): boolean {
    return (this.#perUnit.get(unit) ?? 0) > 0;
  }

  /** Every standing entry with this key. */
  find(key: string): readonly Entry[] {
    return this.#byKey.get(key) ?? [];
  }

  /** All standing entries, by number. */
  entries(): Entry[] {
    return [...this.#bySeq.values()].sort((a, b) => a.seq - b.seq);
  }

  /**
   * Applies the entry that follows the position. `known`: at or below the position, nothing changes.
   * `gap`: it does not follow, nothing changes and the reader must load again.
   */
  apply(entry: Entry | Exclude<FeedEntry, RevokeEntry>, hash: string): Applied {
    if (entry.seq <= this.#position.seq) return "known";
    if (!follows(this.#position.seq, entry)) return "gap";
    this.#take(entry);
    this.#position = { seq: entry.seq, hash };
    this.#generation += 1;
    return "applied";
  }

  /**
   * Replaces everything by what is kept of the log up to `position`: entries in number order, possibly with holes.
   * One that repeats, or lies beyond the position, changes nothing.
   */
  load(entries: Iterable<Entry | Exclude<FeedEntry, RevokeEntry>>, position: Position): void {
    this.#byKey.clear();
    this.#bySeq.clear();
    this.#perUnit.clear();
    let last = 0;
    for (const entry of entries) {
      if (entry.seq <= last || entry.seq > position.seq) continue;
      this.#take(entry);
      last = entry.seq;
    }
    this.#position = position;
    this.#generation += 1;
  }

  /** Drops entries whose `expires` lies before `at` (seconds): nothing they cover can be live. Housekeeping only. */
  expire(at: number): void {
    for (const entry of this.#bySeq.values())
      if (entry.expires !== undefined && entry.expires < at) this.#remove(entry.seq);
  }

  /** Removes one entry by number, whatever became of it; an unknown number does nothing. */
  remove(seq: number): void {
    this.#remove(seq);
  }

  #take(entry: Entry | Exclude<FeedEntry, RevokeEntry>): void {
    if (entry.kind === "lift") this.#remove(entry.lifts);
    if (entry.kind !== "revoke") return;
    this.#bySeq.set(entry.seq, entry);
    this.#perUnit.set(entry.unit, (this.#perUnit.get(entry.unit) ?? 0) + 1);
    for (const key of this.#keysOf(entry)) {
      const beside = this.#byKey.get(key);
      if (beside === undefined) this.#byKey.set(key, [entry]);
      else beside.push(entry);
    }
  }

  #remove(seq: number): void {
    const entry = this.#bySeq.get(seq);
    if (entry === undefined) return;
    this.#bySeq.delete(seq);
    this.#perUnit.set(entry.unit, (this.#perUnit.get(entry.unit) ?? 0) - 1);
    for (const key of this.#keysOf(entry)) {
      const rest = (this.#byKey.get(key) ?? []).filter((other) => other.seq !== seq);
      if (rest.length === 0) this.#byKey.delete(key);
      else this.#byKey.set(key, rest);
    }
  }
}
