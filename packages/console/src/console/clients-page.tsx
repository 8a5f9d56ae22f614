// Applications that are registered here, and a new one by the few questions that matter.

import { Group, Stack } from "@mantine/core";
import type { ClientAnswer } from "@rescind/admin-api";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { Status } from "../parts/status.tsx";
import { Way, WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

export function ClientsPage() {
  const { api, session } = useConnection();
  return (
    <Stack>
      <Group justify="space-between">
        <Heading>Clients</Heading>
        {session.may("administrator") ? <WayButton to="/clients/new">New</WayButton> : null}
      </Group>
      <ListTable
        label="Clients"
        queryKey={["clients"]}
        load={(cursor, signal) => api.listClients({ query: given({ cursor, limit: 200 }), signal })}
        columns={columns}
        keyOf={({ client_id }) => client_id}
        empty="No application is registered yet."
      />
    </Stack>
  );
}

const columns: readonly Column<ClientAnswer>[] = [
  {
    title: "Name",
    width: 200,
    cell: ({ client_id, name }) => <Way to={`/clients/${encodeURIComponent(client_id)}`}>{name}</Way>,
  },
  { title: "Status", width: 100, cell: ({ status }) => <Status value={status} /> },
  { title: "Client id", width: 240, cell: ({ client_id }) => client_id },
  {
    title: "Grant types",
    width: 240,
    cell: ({ grant_types }) => <OneLine text={grant_types.map(shortened).join(", ")} />,
  },
  { title: "Scope", width: 220, cell: ({ scope }) => <OneLine text={scope} /> },
  { title: "Keys", width: 70, cell: ({ keys }) => keys.length },
  { title: "Since", width: 170, cell: ({ created_at }) => <Moment at={created_at} /> },
];

/** The last word of a grant type's URN. */
function shortened(grantType: string): string {
  return grantType.split(":").at(-1) ?? grantType;
}
