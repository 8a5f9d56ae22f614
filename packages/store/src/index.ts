// Rescind's store: one interface of intentions, and the two engines that implement it: SQLite, PostgreSQL.

export { CursorRefused } from "./intentions/cursor.ts";
export { openStore } from "./open-store.ts";
export { openPostgres, type PostgresOptions } from "./postgres/open.ts";
export type { SqlStoreOptions } from "./sql-store.ts";
export { HighWaterMark } from "./sqlite/high-water-mark.ts";
export { openSqlite, type SqliteOptions } from "./sqlite/open.ts";
export * from "./store.ts";
export { StoreRefused } from "./store-refused.ts";
