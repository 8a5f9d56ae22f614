// Rescind's store: one interface of intentions, and the embedded SQLite database that implements it.

export { CursorRefused } from "./intentions/cursor.ts";
export { openStore } from "./open-store.ts";
export type { SqlStoreOptions } from "./sql-store.ts";
export { openSqlite, type SqliteOptions } from "./sqlite/open.ts";
export * from "./store.ts";
export { StoreRefused } from "./store-refused.ts";
