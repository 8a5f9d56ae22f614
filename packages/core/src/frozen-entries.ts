// What stood at one moment, to be read at leisure while the set it was taken from goes on: a byte copied for each entry,
// which takes a millisecond or two for ten million.

import type { EntryChunk, EntryRecord, FrozenChunk } from "./entry-chunk.ts";

export interface FrozenEntries {
  readonly count: number;
  /** By number. The record is the same one each time, filled anew. */
  records(): Generator<EntryRecord, void, void>;
}

/** Of these chunks, which hold `count` entries, in their order. */
export function frozenEntries(chunks: readonly EntryChunk[], count: number): FrozenEntries {
  const frozen = chunks.map((chunk) => chunk.frozen());
  return { count, records: () => recordsOf(frozen) };
}

function* recordsOf(chunks: readonly FrozenChunk[]): Generator<EntryRecord, void, void> {
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
