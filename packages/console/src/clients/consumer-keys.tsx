// The consumer keys of a client: each a secret with a life of its own.

import { Button, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import type { ClientAnswer, ConsumerKeyAnswer } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Ask } from "../parts/ask.tsx";
import { Failure } from "../parts/failure.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { Secret } from "../parts/secret.tsx";
import { Status } from "../parts/status.tsx";
import { useConnection } from "../session/client.ts";

export function ConsumerKeys({ client }: { readonly client: ClientAnswer }) {
  const { api, session } = useConnection();
  const queries = useQueryClient();
  const [made, setMade] = useState<ConsumerKeyAnswer | undefined>();
  const add = useMutation({
    mutationFn: () => api.createKey({ params: { client_id: client.client_id } }),
    onSuccess: (key) => {
      setMade(key);
      queries.invalidateQueries({ queryKey: ["clients"] });
    },
  });
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2}>Consumer keys</Title>
        {session.may("administrator") ? (
          <Button size="compact-sm" variant="default" loading={add.isPending} onClick={() => add.mutate()}>
            Add a key
          </Button>
        ) : null}
      </Group>
      {add.isError ? <Failure error={add.error} /> : null}
      {made?.client_secret === undefined ? null : (
        <Secret
          label={`Secret of ${made.key_id}`}
          value={made.client_secret}
          hint="Give it to the application now; it is stored as a digest only."
        />
      )}
      {client.keys.length === 0 ? (
        <Text c="dimmed">This client authenticates without a secret.</Text>
      ) : (
        <Paper withBorder>
          <Table.ScrollContainer minWidth={420}>
            <Table aria-label="Consumer keys">
              <Table.Tbody>
                {client.keys.map(({ key_id, status }) => (
                  <Table.Tr key={key_id}>
                    <Table.Td>
                      <Identifier value={key_id} />
                    </Table.Td>
                    <Table.Td>
                      <Status value={status} />
                    </Table.Td>
                    <Table.Td>
                      <Actions keyId={key_id} status={status} made={setMade} />
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
    </Stack>
  );
}

interface ActionsProps {
  readonly keyId: string;
  readonly status: string;
  readonly made: (key: ConsumerKeyAnswer) => void;
}

function Actions({ keyId, status, made }: ActionsProps) {
  const { api, session } = useConnection();
  const params = { key_id: keyId };
  const changes = ["clients"];
  return (
    <Group gap="xs" justify="end" wrap="nowrap">
      {session.may("operator") && status === "approved" ? (
        <Ask
          label="Suspend"
          title="Suspend this key?"
          act={() => api.suspendKey({ params })}
          changes={changes}
        >
          <Text>Every token issued with it is dead, and it opens nothing until it is approved again.</Text>
        </Ask>
      ) : null}
      {session.may("operator") && status === "revoked" ? (
        <Ask
          label="Approve"
          color="brand"
          title="Approve this key?"
          act={() => api.approveKey({ params })}
          changes={changes}
        >
          <Text>It works again, and tokens issued with it return unless something else covers them.</Text>
        </Ask>
      ) : null}
      {session.may("administrator") ? (
        <Ask
          label="Rotate"
          title="Replace this key?"
          act={async () => made(await api.rotateKey({ params }))}
          changes={changes}
        >
          <Text>A new key takes its place, and this one ends now with every token issued with it.</Text>
        </Ask>
      ) : null}
      {session.may("administrator") ? (
        <Ask
          label="Delete"
          title="Delete this key for good?"
          act={() => api.deleteKey({ params })}
          changes={changes}
        >
          <Text>It ends with every token issued with it, and cannot come back.</Text>
        </Ask>
      ) : null}
    </Group>
  );
}
