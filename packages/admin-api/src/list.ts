// Lists: `{items, next}`, newest first, with `?limit=&cursor=`. `next` is the cursor of the following page, null at
// the end. A cursor is opaque and belongs to the list and the filters it came from.

import Type from "typebox";

export const defaultLimit = 50;
export const mostItems = 1000;

export function List<Item extends Type.TSchema>(item: Item, description: string) {
  return Type.Object(
    { items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) },
    { description },
  );
}

/** The page parameters, to be spread into a list's query. Absent `limit`: `defaultLimit`. */
export const page = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: mostItems,
      description: `Items at most; ${defaultLimit} if absent.`,
    }),
  ),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 512, pattern: "^[\\w.~-]+$" })),
};

export const PageQuery = Type.Object(page, { additionalProperties: false });
