// The tokens that sign-ins through a provider brought along, never by value: which are held, which were revoked there,
// and which could not be.

import { Button, Group, Select, Stack, Text, Title } from "@mantine/core";
import type { UpstreamAnswer, UpstreamTokenItem } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Failure } from "../parts/failure.tsx";
import { given } from "../parts/given.ts";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { useFilters } from "../parts/search.ts";
import { Status } from "../parts/status.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

/** What each state means; the order is that of a token's life. */
const states = {
  held: "held",
  pending: "being revoked",
  revoked: "revoked there",
  expired: "expired before that",
  left: "left alone, since it revokes none",
  dead: "given up",
} as const;

type State = keyof typeof states;

const stateNames = Object.keys(states) as State[]; // keys of the table above

export function ProviderTokens({ provider: { upstream_id, tokens } }: { readonly provider: UpstreamAnswer }) {
  const { api, session } = useConnection();
  const [filters, set] = useFilters(`/providers/${upstream_id}`, ["status"]);
  const status = stateNames.find((known) => known === filters.status);
  const params = { upstream_id };
  const counted = stateNames
    .filter((state) => tokens[state] > 0)
    .map((state) => `${tokens[state]} ${states[state]}`)
    .join(", ");
  return (
    <Stack>
      <Title order={2}>Tokens of sign-ins</Title>
      <Text c="dimmed">
        {counted === "" ? "None so far" : counted}. One is revoked at the provider when nothing here hangs on
        its sign-in any more.
      </Text>
      <Select
        label="Status"
        data={stateNames.map((value) => ({ value, label: states[value] }))}
        clearable
        maw={220}
        value={status ?? null}
        onChange={(value) => set({ status: value ?? undefined })}
      />
      <ListTable
        label="Tokens of sign-ins"
        queryKey={["upstream-tokens", upstream_id, status]}
        load={(cursor, signal) =>
          api.listUpstreamTokens({ params, query: given({ status, cursor, limit: 200 }), signal })
        }
        columns={session.may("administrator") ? [...columns, retryColumn(upstream_id)] : columns}
        keyOf={({ token_id }) => token_id}
        empty="No sign-in has brought a token along, or none is in this state."
      />
    </Stack>
  );
}

const columns: readonly Column<UpstreamTokenItem>[] = [
  { title: "Status", width: 110, cell: ({ status }) => <Status value={status} /> },
  {
    title: "Person",
    width: 190,
    cell: ({ subject }) =>
      subject === undefined ? null : <Way to={`/users/${encodeURIComponent(subject)}`}>{subject}</Way>,
  },
  {
    title: "Session",
    width: 200,
    cell: ({ session_id: id }) =>
      id === undefined ? null : (
        <Way to="/explain" search={{ id }}>
          {id}
        </Way>
      ),
  },
  { title: "Ended by", width: 160, cell: ({ ended_by = "" }) => <OneLine text={ended_by} /> },
  { title: "Attempts", width: 90, cell: ({ attempts }) => attempts },
  { title: "Last result", width: 200, cell: ({ last_result = "" }) => <OneLine text={last_result} /> },
  { title: "Since", width: 170, cell: ({ created_at }) => <Moment at={created_at} /> },
  {
    title: "Finished",
    width: 170,
    cell: ({ finished_at }) => (finished_at === undefined ? null : <Moment at={finished_at} />),
  },
];

function retryColumn(upstreamId: string): Column<UpstreamTokenItem> {
  return {
    title: "Again",
    width: 100,
    cell: ({ token_id, status }) =>
      status === "dead" ? <Retry params={{ upstream_id: upstreamId, token_id }} /> : null,
  };
}

interface RetryProps {
  readonly params: { readonly upstream_id: string; readonly token_id: string };
}

function Retry({ params }: RetryProps) {
  const { api } = useConnection();
  const queries = useQueryClient();
  const retry = useMutation({
    mutationFn: () => api.retryUpstreamToken({ params }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["upstream-tokens"] }),
  });
  if (retry.isError) return <Failure error={retry.error} />;
  return (
    <Group>
      <Button size="compact-xs" variant="light" loading={retry.isPending} onClick={() => retry.mutate()}>
        Try again
      </Button>
    </Group>
  );
}
