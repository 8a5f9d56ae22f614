// A migration: one step of the schema, in the text of each engine. Numbers have no gaps; a released one never changes.

export interface Migration {
  readonly number: number;
  /**
   * The oldest schema whose programs can go on beside this one, for nodes that are upgraded one after the other: it adds
   * what those do not ask for, and takes nothing away. Its own number where it is not given: then all stop first.
   */
  readonly compatibleFrom?: number | undefined;
  readonly sqlite: string;
  readonly postgres: string;
}
