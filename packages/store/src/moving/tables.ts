// The tables of a schema, as backups and moves carry them: their names, columns and keys are those of the migrations, so
// that both engines hold the same. What nodes tell each other while they run is not carried, nor what other rows say as well.

import { DatabaseSync } from "node:sqlite";
import { migrations } from "../migrations/migrations.ts";
import { defineFunctions } from "../sqlite/functions.ts";

export interface Column {
  readonly name: string;
  readonly type: "whole" | "text" | "bytes";
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** The names of its primary key's columns, by which rows are ordered. */
  readonly key: readonly string[];
}

/** Between nodes: leases, turns and tallies of a moment that is over when the rows arrive. */
const ofTheMoment = ["turns", "failures", "fleet_nodes", "fleet"];
/** SQLite's own, made of the entries again by whoever opens it next. */
const ofOtherRows = ["entry_fps", "entry_fps_upto"];
const notCarried = new Set([...ofTheMoment, ...ofOtherRows]);

export const newestSchema: number = migrations.at(-1)?.number ?? 0;

/** The tables after the migration of this number, by name; those that others refer to come before. */
export function tablesAt(schema: number): readonly Table[] {
  const database = new DatabaseSync(":memory:");
  try {
    defineFunctions(database);
    for (const { number, sqlite } of migrations) if (number <= schema) database.exec(sqlite);
    const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    return names
      .map(({ name }) => String(name))
      .filter((name) => !name.startsWith("sqlite_") && !notCarried.has(name))
      .map((name) => tableOf(database, name));
  } finally {
    database.close();
  }
}

function tableOf(database: DatabaseSync, name: string): Table {
  const found = database.prepare(`PRAGMA table_info(${name})`).all();
  const columns = found.map((column) => ({ name: String(column.name), type: typeOf(String(column.type)) }));
  const key = found
    .filter(({ pk }) => Number(pk) > 0)
    .sort((a, b) => Number(a.pk) - Number(b.pk))
    .map((column) => String(column.name));
  if (key.length === 0) throw new TypeError(`the table ${name} has no key`);
  return { name, columns, key };
}

function typeOf(declared: string): Column["type"] {
  switch (declared) {
    case "INTEGER":
      return "whole";
    case "TEXT":
      return "text";
    case "BLOB":
      return "bytes";
    default:
      throw new TypeError(`a column of the type ${declared} cannot be carried`);
  }
}
