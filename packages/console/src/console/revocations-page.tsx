// Every order there has been: who, why, what, and whether it can be taken back.

import { Badge, Group, Stack } from "@mantine/core";
import type { RevocationItem } from "@rescind/admin-api";
import { useSearch } from "@tanstack/react-router";
import { isLiftable, LiftButton } from "../orders/lift-button.tsx";
import { inWords } from "../orders/target.ts";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

export function RevocationsPage() {
  const { api, session } = useConnection();
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const filters = given({
    subject: typeof search.subject === "string" ? search.subject : undefined,
    client_id: typeof search.client_id === "string" ? search.client_id : undefined,
  });
  return (
    <Stack>
      <Group justify="space-between">
        <Heading>Revocations</Heading>
        {session.may("operator") ? <WayButton to="/revocations/new">New</WayButton> : null}
      </Group>
      <ListTable
        label="Revocations"
        queryKey={["revocations", filters]}
        load={(cursor, signal) =>
          api.listRevocations({ query: given({ ...filters, cursor, limit: 200 }), signal })
        }
        columns={
          session.may("operator") ? [...columns.slice(0, 3), liftColumn, ...columns.slice(3)] : columns
        }
        keyOf={({ id }) => id}
        empty="Nothing has been revoked yet. When something is, by whomever, it stands here."
      />
    </Stack>
  );
}

const columns: readonly Column<RevocationItem>[] = [
  { title: "When", width: 180, cell: ({ at }) => <Moment at={at} /> },
  { title: "Number", width: 90, cell: ({ seq }) => seq },
  { title: "What", width: 240, cell: ({ select }) => <OneLine text={inWords(select)} /> },
  { title: "Reason", width: 150, cell: ({ reason }) => reason },
  { title: "By", width: 180, cell: ({ actor }) => <OneLine text={`${actor.kind} ${actor.id}`} /> },
  { title: "Note", width: 160, cell: ({ note = "" }) => <OneLine text={note} /> },
  {
    title: "State",
    width: 150,
    cell: ({ suspend, final, lifted_by }) => (
      <Group gap={4} wrap="nowrap">
        {lifted_by === undefined ? null : (
          <Badge variant="light" tt="none" color="gray">
            lifted by {lifted_by}
          </Badge>
        )}
        {suspend ? (
          <Badge variant="light" tt="none" color="orange">
            suspension
          </Badge>
        ) : null}
        {final ? (
          <Badge variant="light" tt="none" color="red">
            final
          </Badge>
        ) : null}
      </Group>
    ),
  },
];

const liftColumn: Column<RevocationItem> = {
  title: "Lift",
  width: 70,
  cell: (order) => (isLiftable(order) ? <LiftButton order={order} /> : null),
};
