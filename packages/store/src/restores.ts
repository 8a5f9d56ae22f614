// Where the database lives, whether it came back from a backup, and the epoch that begins then. DESIGN.md section 1.

import type { Home, Place, Position, RestoreCause, RowId } from "@rescind/core";
import type { Order } from "./records.ts";

/** What stood for good in a database that a restore replaced, and is ordered again: it must not come back with the backup. */
export interface EndedUnit {
  readonly name: "client" | "key" | "signing-key";
  readonly value: string;
  readonly final: boolean;
}

/** A restore whose epoch has not begun: nothing may be served before it has. */
export interface PendingRestore {
  readonly cause: RestoreCause;
  readonly atMs: number;
  /** The greatest number known to have been given on what was lost; 0 where none is known. */
  readonly above: number;
  readonly keepTokens: boolean;
  readonly ended?: readonly EndedUnit[] | undefined;
}

export interface Whereabouts {
  /** The number with which the epoch of the last restore began; 0 if there was none. */
  readonly epochSeq: number;
  readonly pending: PendingRestore | undefined;
  /** Where the database was moved to, if it was: then it is served no more. */
  readonly moved: string | undefined;
  readonly noted: Home | undefined;
}

export interface NewEpoch {
  /** Of the change; an audit record names what it was. */
  readonly id: RowId;
  /** Greater than that of every number on the log. */
  readonly epoch: number;
  /** Opens it, an order of `all`; undefined where the tokens are kept, which appends a plain epoch entry. */
  readonly opening: Order | undefined;
  /** What ends beside it, with it or not at all. Each order's idempotency digest is the same at every node that noticed the same. */
  readonly orders: readonly Order[];
  readonly atMs: number;
  readonly actor: { readonly kind: "server" | "admin"; readonly id: string };
  /** For the audit record. */
  readonly content: Readonly<Record<string, unknown>>;
  /** What is noted of where the database lives from now on. */
  readonly home: Home | undefined;
}

export interface RestoreStore {
  whereabouts(): Promise<Whereabouts>;
  /** Where the database lives now; undefined for one without a name of its own, or that does not tell. */
  home(): Promise<Home | undefined>;
  /** Notes where the database lives. */
  noteHome(home: Home): Promise<void>;
  /** Whether a position is on the log, in one statement with its head. */
  placeOf(position: Position): Promise<{ readonly place: Place; readonly head: Position }>;
  /** Notes that the database came back from a backup, durably, before anything else is done about it. */
  notePending(pending: PendingRestore): Promise<void>;
  /**
   * Begins an epoch: the numbers go on at its first, the orders and one audit record `restore` are appended, what was
   * pending is no more, and the catalog's number rises above every one that a node may remember. One transaction. False
   * if another node did the same first; nothing changed then.
   */
  beginEpoch(epoch: NewEpoch): Promise<boolean>;
}
