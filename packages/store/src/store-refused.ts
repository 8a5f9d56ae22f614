// Why a database was not opened.

/**
 * Thrown while opening: the database is damaged, newer than this program, another's, or named by an address this
 * version does not know. The message is a whole sentence for the operator. Opening never falls back to an empty one.
 */
export class StoreRefused extends Error {
  override readonly name = "StoreRefused";
}
