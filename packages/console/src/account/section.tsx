// One part of the account page: a heading, what it is for, and a list that is whole or says why it is not.

import { Loader, Stack, Text, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "../parts/failure.tsx";

interface SectionProps<Item> {
  readonly title: string;
  readonly children?: ReactNode;
  readonly query: UseQueryResult<{ readonly items: readonly Item[] }>;
  readonly empty: string;
  readonly show: (item: Item) => ReactNode;
}

export function Section<Item>({ title, children, query, empty, show }: SectionProps<Item>) {
  const items = query.data?.items ?? [];
  return (
    <Stack component="section" gap="sm" aria-label={title}>
      <Title order={2}>{title}</Title>
      {children}
      {query.isPending ? <Loader role="progressbar" aria-label={`${title}: being loaded`} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => query.refetch()} /> : null}
      {query.data !== undefined && items.length === 0 ? <Text c="dimmed">{empty}</Text> : null}
      {items.map(show)}
    </Stack>
  );
}
