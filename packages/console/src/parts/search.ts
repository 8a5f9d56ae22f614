// Filters in the URL: read as texts, written without those that are empty.

import { useNavigate, useSearch } from "@tanstack/react-router";
import { given } from "./given.ts";

export type Filters<Name extends string> = { readonly [N in Name]?: string };

/**
 * The filters of these names as the URL has them, and how to change some; an empty text takes one away.
 * @param path of this page
 */
export function useFilters<Name extends string>(
  path: string,
  names: readonly Name[],
): readonly [Filters<Name>, (changed: Partial<Record<Name, string | undefined>>) => void] {
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const navigate = useNavigate();
  const known = names.map((name) => [name, textOf(search[name])] as const);
  const filters = given(Object.fromEntries(known)) as Filters<Name>; // of these names, and texts
  const set = (changed: Partial<Record<Name, string | undefined>>): void => {
    const next = Object.entries({ ...filters, ...changed }).map(([name, value]) => [name, textOf(value)]);
    navigate({ to: path, search: given(Object.fromEntries(next)), replace: true });
  };
  return [filters, set];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
