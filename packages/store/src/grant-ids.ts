// A grant's public id is its row's id behind a prefix; tables and indexes hold the row id, which is a third as long.

import { parseId } from "@rescind/core";

/**
 * The row id in a grant's public id.
 * @throws RangeError for a text that is none
 */
export function grantRow(grantId: string): bigint {
  const rowId = parseId("grant", grantId);
  if (rowId === undefined) throw new RangeError("a grant id is gnt_ and a row id");
  return BigInt(rowId);
}

/** As `grantRow`; null, which equals no row, for a text that is none. */
export function grantRowOrNone(grantId: string): bigint | null {
  const rowId = parseId("grant", grantId);
  return rowId === undefined ? null : BigInt(rowId);
}
