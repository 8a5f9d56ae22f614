// Rescind's store: one interface of intentions, and the two engines that implement it: SQLite, PostgreSQL.

export { CursorRefused } from "./intentions/cursor.ts";
export { type BackupReceipt, backUp, type CheckedBackup, type Moved } from "./moving/backup.ts";
export { type Examined, examineDatabase, freeBytes } from "./moving/examine.ts";
export { type InPlace, restoredInPlace } from "./moving/in-place.ts";
export { type MoveReceipt, moveDatabase, undoMove } from "./moving/migrate.ts";
export { type RestoreReceipt, restoreBackup } from "./moving/restore.ts";
export { openStore } from "./open-store.ts";
export { openPostgres, type PostgresOptions } from "./postgres/open.ts";
export type { SqlStoreOptions } from "./sql-store.ts";
export { HighWaterMark } from "./sqlite/high-water-mark.ts";
export { openSharedSqlite, openSqlite, type SharedSqlite, type SqliteOptions } from "./sqlite/open.ts";
export * from "./store.ts";
export { StoreRefused } from "./store-refused.ts";
