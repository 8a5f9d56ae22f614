// The fleet: which API has applied what, whether its lease may still be in force, and how that was in the last day.

import { Group, Loader, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import type { VerifierItem } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { Plot } from "../live/plot.tsx";
import { Failure } from "../parts/failure.tsx";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { useFilters } from "../parts/search.ts";
import { Status } from "../parts/status.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

const refreshMs = 2000;
/** The history has a point a minute. */
const historyMs = 10_000;

export function VerifiersPage() {
  const { api } = useConnection();
  const [{ client_id, verifier }] = useFilters("/verifiers", ["client_id", "verifier"]);
  return (
    <Stack>
      <Heading>Verifiers</Heading>
      <ListTable
        label="Verifiers"
        queryKey={["verifiers", "list"]}
        load={(_, signal) => api.listVerifiers({ signal })}
        refreshMs={refreshMs}
        columns={columns}
        keyOf={({ client_id, verifier }) => `${client_id} ${verifier}`}
        empty="No API has asked for a lease within a day. Install @rescind/verifier in one: createVerifier({ issuer, audience, clientId, clientSecret })."
      />
      <Text size="sm" c="dimmed">
        Refreshed every {refreshMs / 1000} seconds.
      </Text>
      <History clientId={client_id} verifier={verifier} />
    </Stack>
  );
}

interface HistoryProps {
  readonly clientId: string | undefined;
  readonly verifier: string | undefined;
}

function History({ clientId, verifier }: HistoryProps) {
  const { api } = useConnection();
  const isOfOne = clientId !== undefined && verifier !== undefined;
  const query = isOfOne ? { client_id: clientId, verifier } : {};
  const history = useQuery({
    queryKey: ["verifiers", "history", query],
    queryFn: ({ signal }) => api.readVerifierHistory({ query: given(query), signal }),
    refetchInterval: historyMs,
  });
  const points = history.data?.points ?? [];
  const timesMs = points.map(({ at }) => Date.parse(at));
  return (
    <>
      <Group gap="sm" align="baseline">
        <Title order={2}>{isOfOne ? `The last day of ${verifier}` : "The last day of the fleet"}</Title>
        {isOfOne ? <Way to="/verifiers">All verifiers</Way> : null}
      </Group>
      {history.isPending ? <Loader role="progressbar" aria-label="The history is being loaded" /> : null}
      {history.isError ? <Failure error={history.error} retry={() => history.refetch()} /> : null}
      {history.data === undefined ? null : points.length === 0 ? (
        <Text>It was not met within a day, so nothing is known of it.</Text>
      ) : (
        <>
          <SimpleGrid cols={{ base: 1, lg: 2 }}>
            <Plot
              title={isOfOne ? "Fresh (1) or not (0)" : "Verifiers by freshness"}
              span="the last day"
              timesMs={timesMs}
              lines={[
                { name: "fresh", color: "teal", values: points.map(({ fresh }) => fresh) },
                ...(isOfOne
                  ? []
                  : [{ name: "stale", color: "orange", values: points.map(({ stale }) => stale) }]),
              ]}
              show={whole}
            />
            <Plot
              title={isOfOne ? "Entries behind" : "Entries behind, of the furthest"}
              span="the last day"
              timesMs={timesMs}
              lines={[{ name: "behind", color: "red", values: points.map(({ lag }) => lag) }]}
              show={whole}
            />
          </SimpleGrid>
          <Text size="sm" c="dimmed">
            A point a minute, kept by the node that answers since it was started, here since{" "}
            <Moment at={points[0]?.at} />; as of <Moment at={history.data.as_of} />.
          </Text>
        </>
      )}
    </>
  );
}

function whole(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 0 });
}

const columns: readonly Column<VerifierItem>[] = [
  {
    title: "Name",
    width: 180,
    cell: ({ client_id, name, verifier }) => (
      <Way to="/verifiers" search={{ client_id, verifier }}>
        <OneLine text={name ?? verifier} />
      </Way>
    ),
  },
  { title: "Lease", width: 90, cell: ({ fresh }) => <Status value={fresh ? "fresh" : "stale"} /> },
  { title: "Position", width: 100, cell: ({ applied }) => applied.seq },
  { title: "Behind", width: 80, cell: ({ lag }) => lag.toLocaleString("en") },
  { title: "Max. staleness", width: 120, cell: ({ max_staleness }) => `${max_staleness} s` },
  { title: "Last lease", width: 170, cell: ({ last_lease_at }) => <Moment at={last_lease_at} /> },
  { title: "Checks", width: 100, cell: ({ counts }) => counts?.checks?.toLocaleString("en") },
  { title: "Refusals", width: 100, cell: ({ counts }) => counts?.refusals?.toLocaleString("en") },
  {
    title: "Uses of revoked tokens",
    width: 170,
    cell: ({ counts }) => counts?.revoked_uses?.toLocaleString("en"),
  },
  { title: "Client", width: 150, cell: ({ client_id }) => <OneLine text={client_id} /> },
];
