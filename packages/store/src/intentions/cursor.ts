// Cursors of lists: the row id (or number) after which the next page begins, newest first.

import type { Page } from "../store.ts";

/** Thrown by every list for a cursor that no list of this store gave. The message is for the caller. */
export class CursorRefused extends Error {
  override readonly name = "CursorRefused";
}

const greatestId = 2n ** 63n - 1n;

/**
 * What a row's id must lie below to stand on the page.
 * @throws CursorRefused
 */
export function beforeCursor(cursor: string | undefined): bigint {
  if (cursor === undefined) return greatestId;
  const id = /^(?:0|[1-9]\d{0,18})$/.test(cursor) ? BigInt(cursor) : undefined;
  if (id === undefined || id > greatestId)
    throw new CursorRefused("cursor must be one that the previous page gave as next");
  return id;
}

/** The page of rows of which one more than `limit` was asked for. */
export function pageOf<Item>(rows: readonly { id: string; item: Item }[], limit: number): Page<Item> {
  const shown = rows.slice(0, limit);
  return {
    items: shown.map(({ item }) => item),
    next: rows.length > limit ? shown.at(-1)?.id : undefined,
  };
}
