// Since when the server could answer without a break. The grace window of a rotation counts only that time, so that a
// client whose answer was lost in an outage still gets a full window after it. DESIGN.md section 4.

export interface Availability {
  /** Milliseconds since 1970; while the store is not known to answer again, now. */
  sinceMs(): number;
  /** Milliseconds since 1970: until when it could answer before that; undefined before the first outage of this process. */
  untilMs(): number | undefined;
  /** A request could not be answered for the store's sake. */
  failed(): void;
  /** The store answered again. */
  recovered(): void;
}

/** @param onFailed called with every request that could not be answered */
export function availability(now: () => number, onFailed: () => void = () => undefined): Availability {
  let since = now();
  let until: number | undefined;
  let down = false;
  return {
    sinceMs: () => (down ? now() : since),
    untilMs: () => until,
    failed() {
      if (!down) until = now();
      down = true;
      onFailed();
    },
    recovered() {
      if (down) since = now();
      down = false;
    },
  };
}
