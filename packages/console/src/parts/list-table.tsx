// A list of the admin API as a table: pages are fetched as the reader scrolls, and only the rows in view are drawn, so
// that ten thousand scroll as ten do.

import { Box, Button, Loader, Paper, ScrollArea, Stack, Table, Text } from "@mantine/core";
import {
  type InfiniteData,
  type Query,
  type UseInfiniteQueryResult,
  useInfiniteQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useRef } from "react";
import { Failure } from "./failure.tsx";
import look from "./list-table.module.css";
import { Moment } from "./moment.tsx";

export interface Column<Item> {
  readonly title: string;
  /** Pixels at least. */
  readonly width: number;
  readonly cell: (item: Item) => ReactNode;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export interface ListTableProps<Item> {
  /** What the list is, for readers who do not see it. */
  readonly label: string;
  /** Of the query: the list's name and its filters. */
  readonly queryKey: readonly unknown[];
  readonly load: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<Item>>;
  readonly columns: readonly Column<Item>[];
  readonly keyOf: (item: Item) => string;
  /** Milliseconds after which it is read anew; not before it is asked to where absent. */
  readonly refreshMs?: number;
  /** What to do where there is nothing yet. */
  readonly empty: ReactNode;
}

const rowHeight = 44;

type Pages<Item> = UseInfiniteQueryResult<InfiniteData<Page<Item>>>;

/** What was scrolled far is not fetched anew, page after page, without being asked to. */
function isShort({ state }: Pick<Query<unknown, Error, InfiniteData<unknown>>, "state">): boolean {
  return (state.data?.pages.length ?? 0) < 2;
}

export function ListTable<Item>(props: ListTableProps<Item>) {
  const { queryKey, load, refreshMs = false } = props;
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    refetchInterval: refreshMs,
    refetchOnMount: isShort,
    refetchOnWindowFocus: isShort,
    refetchOnReconnect: isShort,
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  const { hasNextPage, isFetching, isError, fetchNextPage } = query;
  const isSearching = items.length === 0 && hasNextPage;
  useEffect(() => {
    if (isSearching && !isFetching && !isError) fetchNextPage();
  }, [isSearching, isFetching, isError, fetchNextPage]);
  if (query.isPending) return <Loader role="progressbar" aria-label={`${props.label} are being loaded`} />;
  if (isError && items.length === 0) return <Failure error={query.error} retry={() => query.refetch()} />;
  if (isSearching) return <Nothing>Still looking; nothing has been found so far.</Nothing>;
  if (items.length === 0) return <Nothing>{props.empty}</Nothing>;
  return <Rows {...props} items={items} query={query} />;
}

function Nothing({ children }: { readonly children: ReactNode }) {
  return (
    <Paper withBorder p="xl" ta="center" role="status">
      <Text c="dimmed">{children}</Text>
    </Paper>
  );
}

interface RowsProps<Item> extends ListTableProps<Item> {
  readonly items: readonly Item[];
  readonly query: Pages<Item>;
}

function Rows<Item>({ label, items, query, queryKey, columns, keyOf, refreshMs }: RowsProps<Item>) {
  const viewport = useRef<HTMLDivElement>(null);
  const queries = useQueryClient();
  const refresh = () => {
    queries.setQueryData<InfiniteData<Page<Item>>>(
      queryKey,
      (known) => known && { pages: known.pages.slice(0, 1), pageParams: known.pageParams.slice(0, 1) },
    );
    return query.refetch();
  };
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    // The browser goes on scrolling while rows are being drawn; those around the ones in view are there already.
    useFlushSync: false,
  });
  const drawn = rows.getVirtualItems();
  const last = drawn.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  useEffect(() => {
    if (last >= items.length - 20 && hasNextPage && !isFetchingNextPage) fetchNextPage();
  }, [last, items.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  const above = drawn[0]?.start ?? 0;
  const below = rows.getTotalSize() - (drawn.at(-1)?.end ?? 0);
  return (
    <Stack gap="xs">
      <Paper withBorder className={look.frame}>
        <ScrollArea.Autosize
          mah="calc(100dvh - 220px)"
          viewportRef={viewport}
          viewportProps={{ tabIndex: 0 }}
        >
          <Table stickyHeader aria-label={label} aria-rowcount={items.length} verticalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                {columns.map(({ title, width }) => (
                  <Table.Th key={title} miw={width}>
                    {title}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              <Filler height={above} />
              {drawn.map(({ index }) => {
                const item = items[index];
                return item === undefined ? null : (
                  <Row key={keyOf(item)} item={item} index={index} columns={columns} />
                );
              })}
              <Filler height={below} />
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      </Paper>
      <Box aria-live="polite">
        <Text size="sm" c="dimmed" span>
          {items.length.toLocaleString("en")} shown{hasNextPage ? ", more as you scroll" : ""}, as of{" "}
          <Moment at={new Date(query.dataUpdatedAt).toISOString()} />.{" "}
        </Text>
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={refresh}
          loading={query.isRefetching && refreshMs === undefined}
        >
          Refresh
        </Button>
      </Box>
      {query.isError ? <Failure error={query.error} retry={() => query.refetch()} /> : null}
    </Stack>
  );
}

interface RowProps<Item> {
  readonly item: Item;
  readonly index: number;
  readonly columns: readonly Column<Item>[];
}

/** Drawn once, however often the others move past it. */
const Row = memo(function Row<Item>({ item, index, columns }: RowProps<Item>) {
  return (
    <tr className={look.row} style={{ height: rowHeight }} aria-rowindex={index + 1}>
      {columns.map(({ title, cell }) => (
        <td key={title}>{cell(item)}</td>
      ))}
    </tr>
  );
}) as <Item>(props: RowProps<Item>) => ReactNode; // memo forgets that the component is generic

/** Stands for the rows that are not drawn. */
function Filler({ height }: { readonly height: number }) {
  return height > 0 ? (
    <Table.Tr aria-hidden="true">
      <Table.Td style={{ height, padding: 0, border: 0 }} />
    </Table.Tr>
  ) : null;
}
