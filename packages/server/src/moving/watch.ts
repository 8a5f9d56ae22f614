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

/** @param mark where the last known position is kept, for a store that does not keep it itself */
export function restoreWatch(parts: Parts, mark: HighWaterMark | undefined): RestoreWatch {
  const { store, standing, turns, metrics } = parts;
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

  // A promotion breaks connections: after an outage nothing is judged before it is known where the database lives.
  standing.confirmBy(async () => {
    const cause = await movedHome();
    if (cause !== undefined) throw new LogReplaced(standing.position, cause);
  });

  return {
    async look() {
      try {
        await standing.confirm();
      } catch (error) {
        if (!(error instanceof LogReplaced)) throw error;
        const { known, how } = error;
        await begin(known, how === "behind" ? unlessFollowed(known, how) : movedHome);
      }
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
