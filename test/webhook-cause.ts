// A way in which something ends, and what a webhook must tell of it.

export interface Cause {
  readonly name: string;
  readonly happen: () => Promise<unknown>;
  /** Types in order, with what else the data of the last one says. */
  readonly told: readonly string[];
  readonly reason: string;
  readonly actor?: string;
  readonly says?: () => Record<string, unknown>;
}
