// The fleet: which API has applied what, and whether its lease may still be in force.

import { Stack, Text, Title } from "@mantine/core";
import type { VerifierItem } from "@rescind/admin-api";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { Status } from "../parts/status.tsx";
import { useConnection } from "../session/client.ts";

const refreshMs = 2000;

export function VerifiersPage() {
  const { api } = useConnection();
  return (
    <Stack>
      <Title order={1}>Verifiers</Title>
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
    </Stack>
  );
}

const columns: readonly Column<VerifierItem>[] = [
  { title: "Name", width: 180, cell: ({ name, verifier }) => <OneLine text={name ?? verifier} /> },
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
