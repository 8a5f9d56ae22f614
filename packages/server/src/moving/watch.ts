// While serving: whether the database came back from a backup under this node. Its memory is then no prefix of the log, or
// the database lives elsewhere, or a verifier holds a signed position that is not on the log. Nothing is judged until a
// new epoch has begun. DESIGN.md section 1, "Restores".

import { hash } from "node:crypto";
import { isSameHome, noticedRestore, type Position, type RestoreCause } from "@rescind/core";
import type { HighWaterMark } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { LogReplaced } from "../tokens/standing.ts";
import { beginNewEpoch, type EpochParts } from "./new-epoch.ts";

export interface RestoreWatch {
  /** Looks now. @throws StoreUnavailable */
  look(): Promise<void>;
  /** A position that is proven to have been on this log and is not: a new epoch, unless one followed it. */
  lost(position: Position): Promise<void>;
}

type Parts = EpochParts & Pick<Dependencies, "metrics" | "standing" | "turns">;

/** Milliseconds between questions where the database lives; a promotion breaks connections, and is asked after at once. */
const homeEveryMs = 10_000;

/** @param mark where the last known position is kept, for a store that does not keep it itself */
export function restoreWatch(parts: Parts, mark: HighWaterMark | undefined): RestoreWatch {
  const { store, standing, turns, metrics } = parts;
  let askedHomeAtMs = Number.NEGATIVE_INFINITY;
  let written = "";

  /** One node after the other: those that come later find it done, and go on from there. */
  const begin = (known: Position, causeOf: () => Promise<RestoreCause | undefined>): Promise<void> =>
    turns.inTurn("restore", async () => {
      const cause = await causeOf();
      if (cause !== undefined) {
        const home = await store.home();
        const mark = hash("sha256", `${known.seq} ${known.hash} ${home?.system} ${home?.timeline}`, "hex");
        if (await beginNewEpoch({ cause, above: known.seq, keepTokens: false, home, mark }, parts))
          metrics.restored(cause);
      }
      await standing.renew();
    });

  /** What an epoch has followed since is replaced by it. */
  const unlessFollowed =
    (known: Position, cause: RestoreCause): (() => Promise<RestoreCause | undefined>) =>
    async () =>
      known.seq >= (await store.whereabouts()).epochSeq ? cause : undefined;

  const movedHome = async (): Promise<RestoreCause | undefined> => {
    const { noted } = await store.whereabouts();
    const home = await store.home();
    const cause = noticedRestore("on-log", noted, home);
    if (cause === undefined && home !== undefined && !isSameHome(home, noted)) await store.noteHome(home);
    return cause;
  };

  return {
    async look() {
      const isDue = performance.now() - askedHomeAtMs >= homeEveryMs || standing.isDoubted;
      try {
        await standing.confirm();
      } catch (error) {
        if (!(error instanceof LogReplaced)) throw error;
        await begin(error.known, unlessFollowed(error.known, "behind"));
      }
      if (isDue && (await movedHome()) !== undefined) await begin(standing.position, movedHome);
      askedHomeAtMs = isDue ? performance.now() : askedHomeAtMs;
      const { position } = standing;
      if (mark === undefined || written === position.hash) return;
      mark.write(position);
      written = position.hash;
    },
    async lost(position) {
      const { place } = await store.placeOf(position);
      if (place === "off-log") await begin(position, unlessFollowed(position, "lease"));
    },
  };
}
