// OpenID providers that people sign in through, and what became of the tokens that their sign-ins brought along.

import { Group, Stack, Text } from "@mantine/core";
import type { UpstreamAnswer } from "@rescind/admin-api";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { Status } from "../parts/status.tsx";
import { Way, WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

export function ProvidersPage() {
  const { api, session } = useConnection();
  return (
    <Stack>
      <Group justify="space-between">
        <Heading>Sign-in providers</Heading>
        {session.may("administrator") ? <WayButton to="/providers/new">New</WayButton> : null}
      </Group>
      <Text c="dimmed">
        Where people have an account already: they sign in there and are known here. What a sign-in brought
        along is revoked there when its session or grant ends here.
      </Text>
      <ListTable
        label="Sign-in providers"
        queryKey={["upstreams"]}
        load={(cursor, signal) => api.listUpstreams({ query: given({ cursor, limit: 200 }), signal })}
        columns={columns}
        keyOf={({ upstream_id }) => upstream_id}
        empty="Nobody signs in through another provider yet. An administrator adds one with its issuer and the client that it has made for this server."
      />
    </Stack>
  );
}

const columns: readonly Column<UpstreamAnswer>[] = [
  {
    title: "Name",
    width: 180,
    cell: ({ upstream_id, name }) => <Way to={`/providers/${upstream_id}`}>{name}</Way>,
  },
  {
    title: "Status",
    width: 100,
    cell: ({ enabled }) => <Status value={enabled ? "active" : "disabled"} />,
  },
  { title: "Issuer", width: 260, cell: ({ issuer }) => <OneLine text={issuer} /> },
  { title: "Tokens held", width: 110, cell: ({ tokens }) => tokens.held },
  { title: "Being revoked", width: 120, cell: ({ tokens }) => tokens.pending },
  { title: "Revoked", width: 90, cell: ({ tokens }) => tokens.revoked },
  { title: "Given up", width: 90, cell: ({ tokens }) => tokens.dead },
  { title: "Since", width: 170, cell: ({ created_at }) => <Moment at={created_at} /> },
];
