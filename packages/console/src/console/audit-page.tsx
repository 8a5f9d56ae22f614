// Who did what: filtered, verified, exported.

import { Alert, Button, Group, Stack } from "@mantine/core";
import type { AuditItem } from "@rescind/admin-api";
import { useMutation } from "@tanstack/react-query";
import { Failure } from "../parts/failure.tsx";
import { Filter } from "../parts/filter.tsx";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { useFilters } from "../parts/search.ts";
import { useConnection } from "../session/client.ts";

export function AuditPage() {
  const { api } = useConnection();
  const [filters, set] = useFilters("/audit", ["action", "actor"]);
  const verify = useMutation({ mutationFn: () => api.verifyAudit() });
  const save = useMutation({
    mutationFn: async () => saveAs("audit.ndjson", await new Response(await api.exportAudit()).blob()),
  });
  const brokenAt = verify.data?.broken_at;
  return (
    <Stack>
      <Group justify="space-between">
        <Heading>Audit</Heading>
        <Group>
          <Button variant="default" loading={verify.isPending} onClick={() => verify.mutate()}>
            Verify the chain
          </Button>
          <Button variant="default" loading={save.isPending} onClick={() => save.mutate()}>
            Export
          </Button>
        </Group>
      </Group>
      {verify.data === undefined ? null : (
        <Alert color={brokenAt === undefined ? "teal" : "red"} variant="light" role="status">
          {brokenAt === undefined
            ? `All ${verify.data.records} records fit. The last hash is ${verify.data.head}: compare it with one that was noted elsewhere.`
            : `Record ${brokenAt} does not fit: it or one before it was changed. ${verify.data.records} records before it do.`}
        </Alert>
      )}
      {verify.isError ? <Failure error={verify.error} /> : null}
      {save.isError ? <Failure error={save.error} /> : null}
      <Group>
        <Filter label="Action" value={filters.action} set={(action) => set({ action })} />
        <Filter label="By" value={filters.actor} set={(actor) => set({ actor })} />
      </Group>
      <ListTable
        label="Audit records"
        queryKey={["audit", filters]}
        load={(cursor, signal) => api.listAudit({ query: given({ ...filters, cursor, limit: 200 }), signal })}
        columns={columns}
        keyOf={({ number }) => String(number)}
        empty="No record matches."
      />
    </Stack>
  );
}

const columns: readonly Column<AuditItem>[] = [
  { title: "Number", width: 90, cell: ({ number }) => number },
  { title: "When", width: 170, cell: ({ at }) => <Moment at={at} /> },
  { title: "Action", width: 160, cell: ({ action }) => action },
  { title: "By", width: 190, cell: ({ actor }) => <OneLine text={`${actor.kind} ${actor.id}`} /> },
  { title: "On the log", width: 100, cell: ({ seq }) => seq },
  { title: "Content", width: 320, cell: ({ content }) => <OneLine text={JSON.stringify(content)} /> },
];

function saveAs(name: string, blob: Blob): void {
  const href = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href, download: name }).click();
  URL.revokeObjectURL(href);
}
