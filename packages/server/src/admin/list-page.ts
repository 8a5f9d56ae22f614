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

export function listAnswer<Item>(page: Page<Item>, shown: (item: Item) => object): Answer {
  return ok({ items: page.items.map(shown), next: page.next ?? null });
}

/** The answer to a list that the store keeps; a cursor that it never gave is the caller's mistake. */
export async function storedList<Item>(
  read: Promise<Page<Item>>,
  shown: (item: Item) => object,
): Promise<Answer> {
  try {
    return listAnswer(await read, shown);
  } catch (error) {
    if (error instanceof CursorRefused)
      return invalidField("/cursor", "It must be the next of the previous page.");
    throw error;
  }
}

/** A page of a short list that is in memory whole, in the order of its keys, which are unique. */
export function pageOf<Item>(
  all: readonly Item[],
  keyOf: (item: Item) => string,
  query: PageQuery,
): Page<Item> {
  const { limit, cursor } = pageRequest(query);
  const after = cursor === undefined ? "" : Buffer.from(cursor, "base64url").toString();
  const rest = all.map((item) => ({ key: keyOf(item), item })).filter(({ key }) => key > after);
  rest.sort((a, b) => (a.key < b.key ? -1 : 1));
  const shown = rest.slice(0, limit);
  const last = rest.length > limit ? shown.at(-1) : undefined;
  const next = last === undefined ? undefined : Buffer.from(last.key).toString("base64url");
  return { items: shown.map(({ item }) => item), next };
}
