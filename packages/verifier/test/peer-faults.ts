// What a peer does wrong, on demand.

import type { Logged } from "./feed-peer.ts";
import type { Signer } from "./peer-signer.ts";

export interface Faults {
  /** Every connection is cut as soon as it asks for something. */
  down: boolean;
  /** The stream opens and stays silent. */
  silentStream: boolean;
  /** What is sent instead of an entry. */
  stream: ((logged: Logged) => readonly Logged[]) | undefined;
  /** What is signed instead of a lease. */
  lease: ((payload: Record<string, unknown>) => Record<string, unknown>) | undefined;
  leaseSigner: Signer | undefined;
  /** Acknowledgements are not answered. */
  noLeases: boolean;
  noIntrospection: boolean;
  noKeys: boolean;
  noForeignKeys: boolean;
  noSnapshot: boolean;
  /** What is sent instead of a snapshot. */
  snapshot: ((bytes: Buffer) => Buffer) | undefined;
}

/** A peer that does everything right, and has no snapshots. */
export function noFaults(): Faults {
  return {
    down: false,
    silentStream: false,
    stream: undefined,
    lease: undefined,
    leaseSigner: undefined,
    noLeases: false,
    noIntrospection: false,
    noKeys: false,
    noForeignKeys: false,
    noSnapshot: true,
    snapshot: undefined,
  };
}
