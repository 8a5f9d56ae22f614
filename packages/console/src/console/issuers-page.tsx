// Foreign issuers whose JWTs can be revoked here.

import { Button, Group, Paper, Stack, Text, TextInput } from "@mantine/core";
import type { IssuerItem } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { orderSearch } from "../orders/target.ts";
import { Failure } from "../parts/failure.tsx";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

export function IssuersPage() {
  const { api, session } = useConnection();
  return (
    <Stack>
      <Heading>Issuers</Heading>
      <Text c="dimmed">
        Identity providers that you run already. Register one, and its JWTs can be revoked here: by token, by
        person, by time, or all of them.
      </Text>
      {session.may("administrator") ? <Register /> : null}
      <ListTable
        label="Issuers"
        queryKey={["issuers"]}
        load={(cursor, signal) => api.listIssuers({ query: given({ cursor, limit: 200 }), signal })}
        columns={session.may("operator") ? [...columns, endColumn] : columns}
        keyOf={({ issuer }) => issuer}
        empty="No other issuer is registered."
      />
    </Stack>
  );
}

function Register() {
  const { api } = useConnection();
  const queries = useQueryClient();
  const [issuer, setIssuer] = useState("");
  const [jwksUri, setJwksUri] = useState("");
  const [life, setLife] = useState<number | undefined>();
  const put = useMutation({
    mutationFn: () =>
      api.putIssuer({ body: { issuer, jwks_uri: jwksUri, ...given({ max_token_ttl: life }) } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["issuers"] }),
  });
  return (
    <Paper withBorder p="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          put.mutate();
        }}
      >
        <Stack gap="sm">
          <Group align="end">
            <TextInput
              label="Issuer"
              description="The iss of its tokens, letter for letter"
              required
              flex={1}
              miw={240}
              value={issuer}
              onChange={({ currentTarget }) => setIssuer(currentTarget.value)}
            />
            <TextInput
              label="Keys"
              description="Its JWKS, by https"
              required
              flex={1}
              miw={240}
              value={jwksUri}
              onChange={({ currentTarget }) => setJwksUri(currentTarget.value)}
            />
            <TextInput
              label="Longest life"
              description="Seconds"
              type="number"
              min={1}
              value={life ?? ""}
              onChange={({ currentTarget: { value } }) => setLife(value === "" ? undefined : Number(value))}
            />
            <Button type="submit" loading={put.isPending}>
              Register
            </Button>
          </Group>
          {put.isError ? <Failure error={put.error} /> : null}
        </Stack>
      </form>
    </Paper>
  );
}

const columns: readonly Column<IssuerItem>[] = [
  { title: "Issuer", width: 260, cell: ({ issuer }) => <OneLine text={issuer} /> },
  { title: "Keys", width: 260, cell: ({ jwks_uri }) => <OneLine text={jwks_uri} /> },
  { title: "Longest life", width: 120, cell: ({ max_token_ttl }) => `${max_token_ttl} s` },
  { title: "Since", width: 170, cell: ({ created_at }) => <Moment at={created_at} /> },
];

const endColumn: Column<IssuerItem> = {
  title: "End",
  width: 120,
  cell: ({ issuer }) => (
    <Way to="/revocations/new" search={orderSearch({ kind: "issuer", values: [issuer] })}>
      Revoke tokens
    </Way>
  ),
};
