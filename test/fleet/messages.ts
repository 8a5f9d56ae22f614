// What a test says to a process that hosts many verifiers, and what it hears back. Times are milliseconds of the
// system's monotonic clock, which all processes of a host share.

export type Request =
  /** Answers `watching` with the verdicts of now, then `refused` once every verifier refuses the token. */
  | { readonly kind: "watch"; readonly token: string }
  /** Answers `checked`: every verifier's verdict on every token. */
  | { readonly kind: "check"; readonly tokens: readonly string[] }
  /** This token is good: one verifier after the other is asked about it, all the time. */
  | { readonly kind: "keep-asking"; readonly token: string }
  | { readonly kind: "report" };

export type Reply =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly why: string }
  | { readonly kind: "watching"; readonly verdicts: Verdicts }
  /** `acceptedAt`: when the last question was asked that one of them answered by accepting it; 0 if none did. */
  | {
      readonly kind: "refused";
      readonly at: readonly number[];
      readonly acceptedAt: number;
      readonly verdicts: Verdicts;
    }
  | { readonly kind: "checked"; readonly verdicts: readonly Verdicts[] }
  | { readonly kind: "reported"; readonly report: Report };

/** How many verifiers gave which verdict: "accepted" or the code of the rejection. */
export type Verdicts = Readonly<Record<string, number>>;

export interface Report {
  /** How many verifiers are in which state. */
  readonly freshness: Verdicts;
  /** The lowest number that a verifier has applied the log up to. */
  readonly lowestSeq: number;
  /** Verdicts on good tokens since the start. */
  readonly kept: Verdicts;
  /** Seconds of processor time since the start. */
  readonly processorTime: number;
}

/** Milliseconds of CLOCK_MONOTONIC. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
