// What stood at one moment, to be read at leisure while the set it was taken from goes on: a copy of its arrays, which
// takes some milliseconds for each million entries.

import type { EntryChunk, EntryRecord } from "./entry-chunk.ts";

export interface FrozenEntries {
  readonly count: number;
  /** By number. The record is the same one each time, filled anew. */
  records(): Generator<EntryRecord, void, void>;
}

/** Copies these chunks, which hold `count` entries, in their order. */
export function frozenEntries(chunks: readonly EntryChunk[], count: number): FrozenEntries {
  const copies = chunks.map((chunk) => chunk.copied());
  return { count, records: () => recordsOf(copies) };
}

function* recordsOf(chunks: readonly EntryChunk[]): Generator<EntryRecord, void, void> {
  const record: EntryRecord = {
    words: new Uint32Array(4),
    seq: 0,
    unit: "all",
    suspend: false,
    before: undefined,
    expires: undefined,
  };
  for (const chunk of chunks)
    for (let place = 0; place < chunk.used; place++) {
      if (!chunk.isLive(place)) continue;
      chunk.read(place, record);
      yield record;
    }
}
