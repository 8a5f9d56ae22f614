// The part of the store's interface by which nodes over one database know of each other: turns, failures, the fleet of
// verifiers. The same contract as store.ts; nothing here decides whether a token is live. All times are the database's.

/** A verifier as one node knows it. */
export interface FleetMember {
  readonly clientId: string;
  readonly verifier: string;
  readonly name: string | undefined;
  /** Its lease at this node may be in force, or it is being given one. */
  readonly leased: boolean;
  /** -1 with an empty hash where it is not known yet. */
  readonly applied: { readonly seq: number; readonly hash: string };
  /** Milliseconds. */
  readonly maxStalenessMs: number;
  /** Milliseconds since 1970 on that node's clock. */
  readonly lastLeaseAtMs: number;
  readonly counts: { readonly checks: number; readonly refusals: number; readonly revokedUses: number };
}

export interface FleetNode {
  readonly node: string;
  /** The number of what it wrote last. */
  readonly beat: number;
}

export interface BetweenNodesStore {
  /**
   * Takes a turn, or goes on with it, for so many milliseconds; false while somebody else has it. Of any number that
   * ask at once one gets it. Whoever stops without ending its turn loses it when its time is over.
   */
  claimTurn(name: string, holder: string, forMs: number): Promise<boolean>;
  /** Ends a turn early; that of somebody else stays. */
  endTurn(name: string, holder: string): Promise<void>;
  /**
   * Counts one failure under a name, in a window that begins with the first one and lasts so many milliseconds: how many
   * there are in it now, wherever they happened, and in how many milliseconds it ends.
   */
  countFailure(
    name: string,
    windowMs: number,
  ): Promise<{ readonly failures: number; readonly endsInMs: number }>;
  /**
   * Writes what a node knows of its verifiers, and that it runs. Numbers of one node rise; what comes with a lower one
   * after a higher one changes nothing, so that a write whose outcome was unknown may be made again with the next number.
   */
  beatFleet(beat: FleetNode, members: readonly FleetMember[]): Promise<void>;
  /** Every node that wrote lately. What it wrote up to the number that stands there is found by `fleetMembers`. */
  fleetNodes(): Promise<readonly FleetNode[]>;
  /** What a node wrote of its verifiers with numbers above this one, and those numbers. */
  fleetMembers(
    node: string,
    afterBeat: number,
  ): Promise<readonly { readonly member: FleetMember; readonly beat: number }[]>;
  /** The sealed bytes under a name. */
  findSecret(name: string): Promise<Uint8Array | undefined>;
  /** Stores sealed bytes under a name, whatever was there. */
  replaceSecret(name: string, sealed: Uint8Array): Promise<void>;
  /** Removes turns, failures, nodes and verifiers that were not heard of for a day; at most so many of each. */
  pruneBetweenNodes(limit: number): Promise<void>;
}
