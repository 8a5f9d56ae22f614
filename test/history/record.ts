// What a history is made of: every request of every client with when it was sent, when its answer was there and what
// that said. Times are milliseconds on the driver's monotonic clock. Plain data, so that it can be saved and judged again.

import type { Unit } from "../model/model.ts";

/** `info`: no answer, a 5xx, or an answer that says nothing of what was asked; it may have happened or not. */
export type Result = "ok" | "fail" | "info";

/** What can be live or not: a token, what can become one, or the credentials of a client. */
export interface Thing {
  /** The driver's own name of it. */
  readonly name: string;
  readonly kind: "access" | "refresh" | "code" | "session" | "credential";
  readonly id?: string | undefined;
  readonly client?: string | undefined;
  readonly subject?: string | undefined;
  readonly grant?: string | undefined;
  readonly session?: string | undefined;
  readonly offline?: boolean | undefined;
  readonly key?: string | undefined;
  readonly kid?: string | undefined;
  /** As the token itself says; the judge uses it for the state at the end only. */
  readonly rev?: number | undefined;
  /** Seconds: what `before` is compared with. */
  readonly authorisedAt?: number | undefined;
  /** Names of what it was exchanged from. */
  readonly parents?: readonly string[] | undefined;
  /** Names of what had to be live for it to be issued: the spent refresh token, the code, the session, the parents. */
  readonly evidence?: readonly string[] | undefined;
}

interface Recorded<Op extends string, Args> {
  /** The client that asked, one request at a time. */
  readonly proc: string;
  /** The node, or the verifier, that was asked. */
  readonly node: string;
  readonly op: Op;
  readonly args: Args;
  readonly t_inv: number;
  readonly t_ret: number;
  readonly result: Result;
  /** The number on the log that the answer names. */
  readonly position?: number | undefined;
}

/** Something new: client credentials, a grant of an administrator's, a sign-in, a code, an exchange. */
export type Issued = Recorded<
  "issue",
  {
    readonly by: string;
    /** What had to be live. */
    readonly evidence: readonly string[];
    readonly made: readonly Thing[];
  }
>;

/** A definite answer about a thing: `ok` it is live, `fail` it is not. */
export type Used = Recorded<
  "use",
  {
    readonly thing: string;
    /** Introspection, userinfo, a list, a verifier … */
    readonly at: string;
    /** True where a verifier of another process answered. */
    readonly verifier?: boolean | undefined;
    /** The log's hash at `position`. */
    readonly hash?: string | undefined;
    /** What the answer says of the token. */
    readonly rev?: number | undefined;
  }
>;

export type Refreshed = Recorded<
  "refresh",
  {
    readonly token: string;
    /** False: another client presents it. */
    readonly authorised: boolean;
    readonly successor?: string | undefined;
    readonly made: readonly Thing[];
  }
>;

export type Redeemed = Recorded<
  "redeem",
  { readonly code: string; readonly authorised: boolean; readonly made: readonly Thing[] }
>;

export type Ordered = Recorded<
  "order",
  {
    readonly unit: Unit;
    readonly suspend: boolean;
    readonly final: boolean;
    /** Seconds. */
    readonly before?: number | undefined;
    /** False: by somebody who may not; it has no effect. */
    readonly authorised: boolean;
    /** Milliseconds since 1970 when the answer was there. */
    readonly returnedAt?: number | undefined;
  }
>;

/** Takes back the entry with this number, as the answer says, or every suspension of the unit. */
export type Lifted = Recorded<
  "lift",
  { readonly unit: Unit; readonly suspensions: boolean; readonly lifts?: number | undefined }
>;

/** `issuedAt`: milliseconds since 1970, as the server signed it. */
export type Leased = Recorded<
  "lease",
  { readonly head: number; readonly hash: string; readonly issuedAt: number }
>;

/** From when something was broken until it was mended. */
export type Fault = Recorded<"fault", { readonly what: string; readonly outage: boolean }>;

/** What a `Fault` is called in which an older copy of the database was put in its place. */
export const restore = "restored";

/** Where a reader of the log stands: so many entries stand at `position`. */
export type Placed = Recorded<
  "place",
  { readonly hash: string; readonly standing?: number | undefined; readonly fresh: boolean }
>;

/** The whole log and the audit records, read at the end when nothing is under way. */
export type LogRead = Recorded<
  "log",
  {
    readonly entries: readonly LogEntry[];
    readonly orders: readonly ListedOrder[];
    /** The numbers of the log that audit records name. */
    readonly audited: readonly number[];
    /** The first audit record that does not fit the chain. */
    readonly brokenAt?: number | undefined;
  }
>;

export interface LogEntry {
  readonly seq: number;
  readonly kind: "revoke" | "lift" | "epoch";
  /** Where it was told: at the end of a page. */
  readonly hash?: string | undefined;
  readonly lifts?: number | undefined;
}

/** An order as the administrator's list shows it. */
export interface ListedOrder {
  readonly seq: number;
  readonly unit: Unit;
  readonly before?: number | undefined;
  readonly suspend: boolean;
  readonly final: boolean;
  readonly lifted: boolean;
}

export type HistoryRecord =
  | Issued
  | Used
  | Refreshed
  | Redeemed
  | Ordered
  | Lifted
  | Leased
  | Fault
  | Placed
  | LogRead;

export interface History {
  readonly seed: number;
  /** What ran: nodes, database, mutant. */
  readonly about: string;
  /** Milliseconds in which a spent refresh token may be presented again. */
  readonly graceMs: number;
  /** Milliseconds: the verifiers' bound. */
  readonly maxStalenessMs: number;
  /** Milliseconds after the last fault in which every reader must be at the head. */
  readonly convergeMs: number;
  readonly records: readonly HistoryRecord[];
}

export type Invariant =
  | "A1"
  | "A2"
  | "A4"
  | "A5"
  | "A6"
  | "A7"
  | "B1"
  | "B2"
  | "B3"
  | "B4"
  | "C1"
  | "C2"
  | "C3"
  | "C4"
  | "D1"
  | "D2"
  | "D4"
  | "E1";

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
  /** The things and records it is about, for the excerpt. */
  readonly things: readonly string[];
  readonly records: readonly HistoryRecord[];
}
