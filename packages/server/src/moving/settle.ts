// At the start, before anything is served: did the database come back from a backup, or move on to another place? What a
// restore left to do is done here. DESIGN.md section 1, "Restores".

import { type Home, isSameHome, noticedRestore, type RestoreCause } from "@rescind/core";
import { type HighWaterMark, StoreRefused } from "@rescind/store";
import { beginNewEpoch, type EpochParts } from "./new-epoch.ts";

/**
 * @param mark the last position that this server knew, where it is kept beside the store
 * @returns how a restore was noticed, if one was
 * @throws StoreRefused the database was moved elsewhere
 * @throws StoreUnavailable
 */
export async function settleRestore(
  parts: EpochParts,
  mark: HighWaterMark | undefined,
): Promise<RestoreCause | undefined> {
  const { store } = parts;
  const { pending, moved, noted, epochSeq } = await store.whereabouts();
  if (moved !== undefined)
    throw new StoreRefused(
      `This database was moved to ${moved}, where its log goes on: serve that one. To go back to this one in spite of what was done there: rescind migrate --undo --from with its address.`,
    );
  const home = await store.home();
  const kept = mark?.read();
  // What was known before the last restore was replaced by it.
  const known = kept !== undefined && kept.seq >= epochSeq ? kept : undefined;
  const place = known === undefined ? "unknown" : (await store.placeOf(known)).place;
  const cause = pending?.cause ?? noticedRestore(place, noted, home);
  if (cause === undefined) {
    if (home !== undefined && !isSameHome(home, noted)) await store.noteHome(home);
    return undefined;
  }
  const { keepTokens = false, above = known?.seq ?? 0, atMs, ended } = pending ?? {};
  await beginNewEpoch({ cause, above, keepTokens, ended, home, mark: markOf(atMs, noted, home) }, parts);
  return cause;
}

function markOf(atMs: number | undefined, noted: Home | undefined, home: Home | undefined): string {
  const from = noted === undefined ? "" : `${noted.system}.${noted.timeline}`;
  return [atMs ?? "", from, home?.system ?? "", home?.timeline ?? ""].join(" ");
}
