// A migration: one step of the schema, in the text of each engine. Numbers have no gaps; a released one never changes.

export interface Migration {
  readonly number: number;
  readonly sqlite: string;
  readonly postgres: string;
}
