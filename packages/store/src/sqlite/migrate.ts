// Brings the schema up to date, each step in one transaction. A schema newer than this program is refused.

import { migrations } from "../migrations/migrations.ts";
import { StoreRefused } from "../store-refused.ts";
import type { Connection } from "./connection.ts";

/** @param path for the message @throws StoreRefused */
export function migrate(connection: Connection, path: string): void {
  const version = Number(connection.pragma("user_version"));
  const newest = migrations.at(-1)?.number ?? 0;
  if (version > newest)
    throw new StoreRefused(
      `${path} has schema ${version}, this program knows up to ${newest}: it was opened by a newer version. Use that one.`,
    );
  for (const { number, sqlite } of migrations) {
    if (number <= version) continue;
    connection.database.exec("BEGIN IMMEDIATE");
    try {
      connection.database.exec(`${sqlite}; PRAGMA user_version = ${number};`);
      connection.database.exec("COMMIT");
    } catch (error) {
      connection.database.exec("ROLLBACK");
      throw error;
    }
  }
}
