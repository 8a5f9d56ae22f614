// The log as it grows: each entry within a moment of its commit, the newest first. Its stream says when; read from the audit records, which
// name the units that the feed of the verifiers carries as fingerprints only.

import { Badge, Loader, Paper, Stack, Table, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { entryOf, type Log, type LogEntry, mostEntries, readLog } from "../live/log-entries.ts";
import { useLogStream } from "../live/log-stream.ts";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { useConnection } from "../session/client.ts";

/** Milliseconds between two looks where the stream says nothing. */
const lookMs = 5000;

export function FeedPage() {
  const { api } = useConnection();
  const queries = useQueryClient();
  const log = useQuery({
    queryKey: ["log"],
    refetchInterval: lookMs,
    queryFn: ({ signal }) =>
      readLog((query) => api.listAudit({ query, signal }), queries.getQueryData<Log>(["log"])),
  });
  // From the newest record that is shown; what an older number would bring again changes nothing.
  useLogStream(log.data && (log.data.records[0]?.seq ?? 0), ["log"]);
  const entries = (log.data?.records ?? []).map(entryOf);
  return (
    <Stack>
      <Heading>Feed</Heading>
      {log.isPending ? <Loader role="progressbar" aria-label="The log is being loaded" /> : null}
      {log.isError ? <Failure error={log.error} retry={() => log.refetch()} /> : null}
      {log.data === undefined ? null : (
        <Text c="dimmed" component="div">
          What is appended to the log appears here within a moment. The newest {mostEntries} at most, as of{" "}
          <Moment at={new Date(log.dataUpdatedAt).toISOString()} />
        </Text>
      )}
      {log.data !== undefined && entries.length === 0 ? (
        <Paper withBorder p="xl" ta="center">
          <Text c="dimmed">Nothing has been appended lately. Revoke something, and watch it appear.</Text>
        </Paper>
      ) : null}
      {entries.length === 0 ? null : <Entries entries={entries} />}
    </Stack>
  );
}

function Entries({ entries }: { readonly entries: readonly LogEntry[] }) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={860} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table aria-label="Entries of the log, newest first">
          <Table.Thead>
            <Table.Tr>
              {["Number", "When", "Unit", "What", "Effect", "Reason", "By"].map((title) => (
                <Table.Th key={title}>{title}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map((entry) => (
              <Table.Tr key={entry.record}>
                <Table.Td>{entry.seq}</Table.Td>
                <Table.Td>
                  <Moment at={entry.at} />
                </Table.Td>
                <Table.Td>{entry.unit}</Table.Td>
                <Table.Td>
                  <OneLine text={entry.what} />
                </Table.Td>
                <Table.Td>
                  <Effect {...entry} />
                </Table.Td>
                <Table.Td>{entry.reason}</Table.Td>
                <Table.Td>
                  <OneLine text={entry.by} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

const colors = { ends: "red", suspends: "orange", lifts: "gray", restores: "red" } as const;

function Effect({ effect, lifts, isFinal }: LogEntry) {
  return (
    <Badge variant="light" tt="none" color={colors[effect]} miw="max-content">
      {lifts === undefined ? effect : `lifts ${lifts}`}
      {isFinal && effect !== "lifts" ? ", for good" : ""}
    </Badge>
  );
}
