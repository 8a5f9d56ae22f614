// The valid tokens, and the one in use here marked as such. Filters stand in the URL.

import { Badge, Group, Select, Stack } from "@mantine/core";
import type { TokenItem } from "@rescind/admin-api";
import { Filter } from "../parts/filter.tsx";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { useFilters } from "../parts/search.ts";
import { Status } from "../parts/status.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

const statuses = ["live", "expired", "revoked"] as const;
const kinds = ["access", "refresh"] as const;

export function TokensPage() {
  const { api, session } = useConnection();
  const [filters, set] = useFilters("/tokens", ["subject", "client_id", "grant_id", "status", "kind"]);
  const { subject, client_id, grant_id } = filters;
  const status = statuses.find((known) => known === filters.status) ?? "live";
  const kind = kinds.find((known) => known === filters.kind);
  const query = { subject, client_id, grant_id, status, kind };
  return (
    <Stack>
      <Heading>Tokens</Heading>
      <Group align="end">
        <Select
          label="Status"
          data={statuses}
          value={status}
          allowDeselect={false}
          onChange={(value) => set({ status: value ?? undefined })}
        />
        <Select
          label="Kind"
          data={kinds}
          clearable
          value={kind ?? null}
          onChange={(value) => set({ kind: value ?? undefined })}
        />
        <Filter label="Subject" value={subject} set={(subject) => set({ subject })} />
        <Filter label="Client" value={client_id} set={(client_id) => set({ client_id })} />
      </Group>
      <ListTable
        label="Tokens"
        queryKey={["tokens", query]}
        load={(cursor, signal) => api.listTokens({ query: given({ ...query, cursor, limit: 200 }), signal })}
        columns={columns(session.tokenId())}
        keyOf={({ kind, token_id }) => `${kind} ${token_id}`}
        empty="No token matches. Clear a filter, or get one with the snippet on a client's page."
      />
    </Stack>
  );
}

function columns(own: string | undefined): Column<TokenItem>[] {
  return [
    {
      title: "Token",
      width: 230,
      cell: ({ token_id }) => (
        <Group gap="xs" wrap="nowrap">
          <Identifier value={token_id}>
            <Way to="/explain" search={{ id: token_id }}>
              {token_id}
            </Way>
          </Identifier>
          {token_id === own ? (
            <Badge variant="dot" tt="none" miw="max-content">
              in use here
            </Badge>
          ) : null}
        </Group>
      ),
    },
    { title: "Status", width: 90, cell: ({ status }) => <Status value={status} /> },
    { title: "Kind", width: 130, cell: ({ kind, format }) => `${kind}, ${format}` },
    { title: "Client", width: 150, cell: ({ client_id }) => client_id },
    { title: "Subject", width: 150, cell: ({ subject }) => subject },
    {
      title: "Grant",
      width: 190,
      cell: ({ grant_id }) =>
        grant_id === undefined ? null : <Way to={`/grants/${grant_id}`}>{grant_id}</Way>,
    },
    { title: "Scope", width: 160, cell: ({ scope }) => <OneLine text={scope} /> },
    { title: "Issued", width: 170, cell: ({ issued_at }) => <Moment at={issued_at} /> },
    { title: "Expires", width: 170, cell: ({ expires_at }) => <Moment at={expires_at} /> },
    { title: "Last use", width: 170, cell: ({ last_used_at }) => <Moment at={last_used_at} /> },
  ];
}
