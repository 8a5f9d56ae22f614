// Pages of the lists: from a query to the store's request, and from what is held in memory.

import { defaultLimit } from "@rescind/admin-api";
import { CursorRefused, type Page, type PageRequest } from "@rescind/store";
import { type Answer, ok } from "../http/answer.ts";
import { invalidField } from "./refusal.ts";

interface PageQuery {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export function pageRequest(query: PageQuery): PageRequest {
  return { limit: query.limit ?? defaultLimit, cursor: query.cursor };
}

/** The answer to a list that the store keeps; a cursor that it never gave is the caller's mistake. */
export async function storedList<Item>(
  read: Promise<Page<Item>>,
  shown: (item: Item) => object,
): Promise<Answer> {
  try {
    const { items, next } = await read;
    return ok({ items: items.map(shown), next: next ?? null });
  } catch (error) {
    if (error instanceof CursorRefused) return madeUpCursor;
    throw error;
  }
}

/** What a list that is in memory whole is shown by: keys are unique and give the order. */
interface HeldList<Item> {
  readonly all: readonly Item[];
  readonly keyOf: (item: Item) => string;
  readonly shown: (item: Item) => object;
}

/** The answer to a short list that is in memory whole. */
export function heldList<Item>({ all, keyOf, shown }: HeldList<Item>, query: PageQuery): Answer {
  const { limit, cursor } = pageRequest(query);
  const after = cursor === undefined ? "" : keyIn(cursor);
  if (after === undefined) return madeUpCursor;
  const rest = all.map((item) => ({ key: keyOf(item), item })).filter(({ key }) => key > after);
  rest.sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = rest.slice(0, limit);
  const last = rest.length > limit ? page.at(-1) : undefined;
  return ok({
    items: page.map(({ item }) => shown(item)),
    next: last === undefined ? null : cursorOf(last.key),
  });
}

export const madeUpCursor = invalidField("/cursor", "It must be the next of the previous page.");
const cursorMark = "after ";

function cursorOf(key: string): string {
  return Buffer.from(cursorMark + key).toString("base64url");
}

function keyIn(cursor: string): string | undefined {
  const text = Buffer.from(cursor, "base64url").toString();
  return text.startsWith(cursorMark) ? text.slice(cursorMark.length) : undefined;
}
