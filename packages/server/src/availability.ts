// Since when the server could answer without a break. The grace window of a rotation counts only that time, so that a
// client whose answer was lost in an outage still gets a full window after it. DESIGN.md section 4.

export interface Availability {
  /** Milliseconds since 1970. */
  sinceMs(): number;
  /** A request could not be answered for the store's sake. */
  failed(): void;
  /** The store answered again. */
  recovered(): void;
}

export function availability(now: () => number): Availability {
  let since = now();
  let down = false;
  return {
    sinceMs: () => since,
    failed() {
      down = true;
    },
    recovered() {
      if (down) since = now();
      down = false;
    },
  };
}
