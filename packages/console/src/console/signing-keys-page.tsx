// Signing keys: which signs what, rotation, and the order that ends everything a key has signed.

import { Group, Stack, Text } from "@mantine/core";
import type { SigningKeyItem } from "@rescind/admin-api";
import { orderSearch } from "../orders/target.ts";
import { Ask } from "../parts/ask.tsx";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { Status } from "../parts/status.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

const uses = { access: "access tokens", id: "ID tokens", feed: "the revocation feed" } as const;

export function SigningKeysPage() {
  const { api, session } = useConnection();
  return (
    <Stack>
      <Group justify="space-between">
        <Heading>Signing keys</Heading>
        {session.may("administrator") ? (
          <Ask
            label="Rotate"
            color="brand"
            title="Replace the keys that sign tokens?"
            act={() => api.rotateSigningKeys({ body: {} })}
            changes={["signing-keys"]}
          >
            <Text>
              New keys are published now and sign in a few minutes, when everybody can have fetched them.
              Tokens signed before stay good.
            </Text>
          </Ask>
        ) : null}
      </Group>
      <ListTable
        label="Signing keys"
        queryKey={["signing-keys"]}
        load={(_, signal) => api.listSigningKeys({ signal })}
        columns={session.may("operator") ? [...columns, endColumn] : columns}
        keyOf={({ kid }) => kid}
        empty="There is no key."
      />
    </Stack>
  );
}

const columns: readonly Column<SigningKeyItem>[] = [
  { title: "Key (kid)", width: 220, cell: ({ kid }) => <Identifier value={kid} /> },
  { title: "Signs", width: 150, cell: ({ use }) => uses[use] },
  { title: "Algorithm", width: 100, cell: ({ alg }) => alg },
  { title: "Status", width: 100, cell: ({ status }) => <Status value={status} /> },
  { title: "Made", width: 170, cell: ({ created_at }) => <Moment at={created_at} /> },
  { title: "Signs from", width: 170, cell: ({ signs_from }) => <Moment at={signs_from} /> },
  {
    title: "Signs until",
    width: 170,
    cell: ({ retired_at }) => (retired_at === undefined ? null : <Moment at={retired_at} />),
  },
];

const endColumn: Column<SigningKeyItem> = {
  title: "Compromised?",
  width: 110,
  cell: ({ kid, status }) =>
    status === "revoked" ? null : (
      <Way to="/revocations/new" search={orderSearch({ kind: "kid", values: [kid] })}>
        Revoke
      </Way>
    ),
};
