// What an order would reach, before it happens: the cascade table's row, the counts, whose tokens they are.

import { Alert, Group, Paper, Stack, Table, Text } from "@mantine/core";
import type { RevocationPreview } from "@rescind/admin-api";
import { Moment } from "../parts/moment.tsx";
import { Way } from "../parts/way.tsx";
import { coverageOf, type Target } from "./target.ts";

interface ReachProps {
  readonly target: Target;
  readonly preview: RevocationPreview;
}

export function Reach({ target, preview }: ReachProps) {
  const { affected, at, by_client: shares } = preview;
  const counts: readonly (readonly [string, number])[] = [
    ["access tokens", affected.access_tokens],
    ["refresh tokens", affected.refresh_tokens],
    ["grants", affected.grants],
    ["sessions", affected.sessions],
    ["subscriptions", affected.subscriptions],
  ];
  return (
    <Stack gap="sm" aria-live="polite">
      <Alert variant="light" color="gray" title="What it reaches">
        {coverageOf(target)}.
      </Alert>
      <Group gap="xl">
        {counts.map(([name, count]) => (
          <div key={name}>
            <Text fz={24} fw={600}>
              {affected.exact ? "" : "≥ "}
              {count.toLocaleString("en")}
            </Text>
            <Text size="sm" c="dimmed">
              {name}
            </Text>
          </div>
        ))}
      </Group>
      <Text size="sm" c="dimmed">
        Live <Moment at={at} />
        {affected.exact ? "" : "; counted for a moment only, so there are at least so many"}
      </Text>
      {shares.length === 0 ? null : <Shares shares={shares} />}
    </Stack>
  );
}

function Shares({ shares }: { readonly shares: RevocationPreview["by_client"] }) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={480}>
        <Table aria-label="Affected clients">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Client</Table.Th>
              <Table.Th>Access tokens</Table.Th>
              <Table.Th>Refresh tokens</Table.Th>
              <Table.Th>Last use</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shares.map(({ client_id, access_tokens, refresh_tokens, last_used_at }) => (
              <Table.Tr key={client_id}>
                <Table.Td>
                  <Way to="/tokens" search={{ client_id }}>
                    {client_id}
                  </Way>
                </Table.Td>
                <Table.Td>{access_tokens.toLocaleString("en")}</Table.Td>
                <Table.Td>{refresh_tokens.toLocaleString("en")}</Table.Td>
                <Table.Td>
                  <Moment at={last_used_at} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
