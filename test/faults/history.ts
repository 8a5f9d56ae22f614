// What clients of a server saw: every request with when it was sent, when its answer was there, and what that said.

/** Milliseconds on the driver's monotonic clock: when a request was sent, and when its answer was there. */
export interface Interval {
  readonly sent: number;
  readonly returned: number;
}

/** `info`: no answer, or a 5xx; it may have happened or not. */
export type Result = "ok" | "fail" | "info";

/** Tokens and grants by names of the driver's own, so that a history can be printed. */
export interface NamedToken {
  readonly name: string;
  readonly kind: "access" | "refresh";
  /** Absent for client credentials. */
  readonly grant: string | undefined;
}

/** Only acknowledged ones are recorded: nobody can use a token he never got. */
export interface Issued extends Interval {
  readonly op: "issue";
  readonly tokens: readonly NamedToken[];
}

export interface Refreshed extends Interval {
  readonly op: "refresh";
  readonly token: string;
  readonly result: Result;
  /** Of an `ok`. */
  readonly successor?: string | undefined;
  readonly access?: string | undefined;
}

export interface Revoked extends Interval {
  readonly op: "revoke";
  readonly token: string;
  readonly reach: "token" | "grant";
  readonly result: Result;
  /** `Rescind-Seq` of an `ok`. */
  readonly seq?: number | undefined;
  /** Milliseconds since 1970 when the answer was there. */
  readonly returnedAt?: number | undefined;
}

/** A definite answer of introspection. */
export interface Checked extends Interval {
  readonly op: "check";
  readonly token: string;
  readonly active: boolean;
}

export interface Leased extends Interval {
  readonly op: "lease";
  readonly head: number;
  /** Milliseconds since 1970, as the server signed it. */
  readonly issuedAt: number;
}

/** From the moment the server went down until it answered again. */
export interface Outage extends Interval {
  readonly op: "outage";
  /** One node of several was away: it gives a full grace window after its start, the others need not. */
  readonly partly?: true;
}

/** The numbers of all audit records of revocations, read at the end. */
export interface Audited extends Interval {
  readonly op: "audit";
  readonly seqs: readonly number[];
}

export type HistoryRecord = Issued | Refreshed | Revoked | Checked | Leased | Outage | Audited;
