// The reader's reducer for logs of millions of entries: entries in, standing entries out, by fingerprint, as verifiers and
// nodes of the server hold it. The same rules as `RevocationSet`, against which it is tested. DESIGN.md section 5.

import type { EntryRecord } from "./entry-chunk.ts";
import { EntryTable } from "./entry-table.ts";
import { type FeedEntry, follows, origin, type Position, type RevokeEntry } from "./feed-entry.ts";
import type { FrozenEntries } from "./frozen-entries.ts";
import type { Applied } from "./revocation-set.ts";
import type { UnitName } from "./units.ts";

/** Entries removed at once at most, which takes some milliseconds. */
const mostAtOnce = 2000;

export class FingerprintSet {
  #table = new EntryTable();
  #position: Position = origin;
  #generation = 0;

  get position(): Position {
    return this.#position;
  }

  /** Rises with every entry and load; a cached verdict is good only while it has not moved. */
  get generation(): number {
    return this.#generation;
  }

  get size(): number {
    return this.#table.size;
  }

  /** Bytes of the arrays that hold the entries. */
  get bytes(): number {
    return this.#table.bytes;
  }

  /** Whether any standing entry is of this kind of unit. */
  holds(unit: UnitName): boolean {
    return this.#table.holds(unit);
  }

  /** Every standing entry with this fingerprint. */
  find(fp: string): readonly RevokeEntry[] {
    return this.#table.find(fp);
  }

  /** All standing entries, by number. */
  entries(): RevokeEntry[] {
    return [...this.#table.entries()];
  }

  /** What stands now, by number, whatever becomes of the set afterwards. */
  frozen(): FrozenEntries {
    return this.#table.frozen();
  }

  /**
   * Applies the entry that follows the position. `known`: at or below the position, nothing changes.
   * `gap`: it does not follow, nothing changes and the reader must load again.
   */
  apply(entry: FeedEntry, hash: string): Applied {
    if (entry.seq <= this.#position.seq) return "known";
    if (!follows(this.#position.seq, entry)) return "gap";
    take(this.#table, entry);
    this.#position = { seq: entry.seq, hash };
    this.#generation += 1;
    return "applied";
  }

  /**
   * Begins to take what is kept of the log, piece by piece, beside what the set holds; `finish` puts it in the place of
   * everything. `expected`: entries, where their number is known.
   */
  loading(expected = 0): SetLoading {
    const table = new EntryTable(expected);
    let last = 0;
    return {
      take: (entry) => {
        if (entry.seq <= last) return;
        take(table, entry);
        last = entry.seq;
      },
      takeRecord: (record) => {
        if (record.seq <= last) return;
        table.addRecord(record);
        last = record.seq;
      },
      finish: (position) => {
        this.#table = table;
        this.#position = position;
        this.#generation += 1;
      },
    };
  }

  /** Removes some of the entries whose `expires` lies before `at` (seconds): nothing they cover can be live. Housekeeping only; true if there may be more. */
  expire(at: number): boolean {
    return this.#table.expire(at, mostAtOnce) === mostAtOnce;
  }

  /** Removes one entry by number, whatever became of it; an unknown number does nothing. */
  remove(seq: number): void {
    this.#table.remove(seq);
  }
}

/** What is kept of the log up to a position, as it comes: entries in number order, possibly with holes. */
export interface SetLoading {
  /** One that repeats changes nothing. */
  take(entry: FeedEntry): void;
  /** As `take`, for a revocation; the record may be used again. */
  takeRecord(record: EntryRecord): void;
  finish(position: Position): void;
}

function take(table: EntryTable, entry: FeedEntry): void {
  if (entry.kind === "lift") table.remove(entry.lifts);
  if (entry.kind === "revoke") table.add(entry);
}
