// What happened when, in milliseconds since the demonstration began.

export class Timeline {
  readonly #began = performance.now();

  /** Prints the event and returns its time. */
  note(event: string): number {
    const at = performance.now() - this.#began;
    console.log(`${at.toFixed(1).padStart(9)} ms  ${event}`);
    return at;
  }
}
