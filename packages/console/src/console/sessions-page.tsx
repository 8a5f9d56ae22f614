// Login sessions: one person in one browser.

import { Stack } from "@mantine/core";
import type { SessionItem } from "@rescind/admin-api";
import { orderSearch } from "../orders/target.ts";
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

export function SessionsPage() {
  const { api, session } = useConnection();
  const [filters, set] = useFilters("/sessions", ["subject"]);
  return (
    <Stack>
      <Heading>Sessions</Heading>
      <Filter label="Subject" value={filters.subject} set={(subject) => set({ subject })} />
      <ListTable
        label="Sessions"
        queryKey={["sessions", filters]}
        load={(cursor, signal) =>
          api.listSessions({ query: given({ ...filters, cursor, limit: 200 }), signal })
        }
        columns={session.may("operator") ? [...columns, endColumn] : columns}
        keyOf={({ session_id }) => session_id}
        empty="Nobody is signed in, or nobody matches the filter."
      />
    </Stack>
  );
}

const columns: readonly Column<SessionItem>[] = [
  {
    title: "Session",
    width: 230,
    cell: ({ session_id: id }) => (
      <Identifier value={id}>
        <Way to="/explain" search={{ id }}>
          {id}
        </Way>
      </Identifier>
    ),
  },
  { title: "Status", width: 90, cell: ({ status }) => <Status value={status} /> },
  {
    title: "Person",
    width: 170,
    cell: ({ subject }) => <Way to={`/users/${encodeURIComponent(subject)}`}>{subject}</Way>,
  },
  { title: "Signed in", width: 170, cell: ({ authenticated_at }) => <Moment at={authenticated_at} /> },
  { title: "By", width: 90, cell: ({ amr }) => amr.join(", ") },
  { title: "Last seen", width: 170, cell: ({ last_seen_at }) => <Moment at={last_seen_at} /> },
  { title: "Address", width: 130, cell: ({ address }) => address },
  { title: "Browser", width: 200, cell: ({ user_agent = "" }) => <OneLine text={user_agent} /> },
];

const endColumn: Column<SessionItem> = {
  title: "End",
  width: 70,
  cell: ({ session_id, status }) =>
    status === "live" ? (
      <Way to="/revocations/new" search={orderSearch({ kind: "session_id", values: [session_id] })}>
        End
      </Way>
    ) : null,
};
