// Why something is live or not: any token, id or `jti` is recognised, explained entry by entry, and can be revoked on
// the spot. A pasted secret goes into one request's body and nowhere else.

import { Alert, Badge, Button, Group, Paper, PasswordInput, Stack, Table, Text } from "@mantine/core";
import type { ExplainedEntry, Explanation, ExplanationRequest } from "@rescind/admin-api";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { orderSearch } from "../orders/target.ts";
import { usePasted } from "../palette/pasted.ts";
import { Facts } from "../parts/facts.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { Moment } from "../parts/moment.tsx";
import { Status } from "../parts/status.tsx";
import { Way, WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

/** Ids stand in the URL; everything else is taken for a token's text, which never does. */
export function idOf(text: string): ExplanationRequest | undefined {
  if (/^tid_\d+$/.test(text)) return { token_id: text };
  if (/^gnt_\d+$/.test(text)) return { grant_id: text };
  return /^ses_\d+$/.test(text) ? { session_id: text } : undefined;
}

export function ExplainPage() {
  const { api } = useConnection();
  const search: Readonly<Record<string, unknown>> = useSearch({ strict: false });
  const navigate = useNavigate();
  const id = typeof search.id === "string" ? search.id : "";
  const named = idOf(id);
  const [text, setText] = useState(id);
  const byId = useQuery({
    queryKey: ["explain", id],
    enabled: named !== undefined,
    queryFn: ({ signal }) => api.explain({ body: named ?? {}, signal }),
  });
  const byText = useMutation({ mutationFn: (token: string) => api.explain({ body: { token } }) });
  const { reset } = byText;
  useEffect(() => {
    if (id === "") return;
    setText(id);
    reset();
  }, [id, reset]);
  usePasted((pasted) => {
    setText(pasted);
    byText.mutate(pasted);
  });
  const shown = byText.data ?? byId.data;
  const error = byText.error ?? byId.error;
  return (
    <Stack>
      <Heading>Explain</Heading>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const given = text.trim();
          byText.reset();
          if (idOf(given) !== undefined) navigate({ to: "/explain", search: { id: given } });
          else if (given !== "") byText.mutate(given);
        }}
      >
        <Group align="end">
          <PasswordInput
            label="Token, id or jti"
            description="A token's text is sent to this server only, and kept nowhere"
            autoComplete="off"
            flex={1}
            miw={260}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
          />
          <Button type="submit" loading={byText.isPending || byId.isFetching}>
            Explain
          </Button>
        </Group>
      </form>
      {error === null ? null : <Failure error={error} />}
      {shown === undefined ? null : <Explained explanation={shown} />}
    </Stack>
  );
}

const titles: Readonly<Record<Explanation["what"], string>> = {
  access_token: "An access token",
  refresh_token: "A refresh token",
  grant: "A grant",
  session: "A login session",
  foreign_token: "Another issuer's token",
  unknown: "Nothing that this server knows",
};

function Explained({ explanation }: { readonly explanation: Explanation }) {
  const { what, status, why, at, head, facts, units, lineage } = explanation;
  const named = units.filter(({ entries }) => entries.length > 0);
  return (
    <Stack>
      <Alert variant="light" color={status === "live" ? "teal" : "red"} role="status">
        <Group>
          <Text fw={600}>{titles[what]}</Text>
          <Status value={status} />
          <Text>{why}</Text>
        </Group>
        <Text size="sm" c="dimmed">
          <Moment at={at} />, at number {head} of the log
        </Text>
      </Alert>
      <Facts
        facts={Object.entries(facts).map(([name, value]) => [name.replaceAll("_", " "), shownFact(value)])}
      />
      <Ways units={units} />
      {[
        ...named.map(({ unit, entries }) => ({ title: unit, entries })),
        ...lineage.map(({ fp, entries }) => ({ title: `an ancestor, ${fp}`, entries })),
      ].map(({ title, entries }) => (
        <Entries key={title} title={title} entries={entries} />
      ))}
      {named.length === 0 && lineage.length === 0 ? (
        <Text c="dimmed">No entry of the log names it.</Text>
      ) : null}
    </Stack>
  );
}

function shownFact(value: unknown) {
  if (typeof value === "string" && /^\d{4}-\d\d-\d\dT/.test(value)) return <Moment at={value} />;
  if (typeof value === "string" && /^gnt_\d+$/.test(value))
    return (
      <Identifier value={value}>
        <Way to={`/grants/${value}`}>{value}</Way>
      </Identifier>
    );
  if (typeof value === "string" && /^[a-z]{3}_/.test(value)) return <Identifier value={value} />;
  return <Text size="sm">{typeof value === "string" ? value : JSON.stringify(value)}</Text>;
}

/** The orders that would end it, from the narrowest on. */
function Ways({ units }: Pick<Explanation, "units">) {
  const { session } = useConnection();
  const kinds = { token: "token_id", grant: "grant_id", session: "session_id", subject: "subject" } as const;
  if (!session.may("operator")) return null;
  return (
    <Group>
      {Object.entries(kinds).map(([unit, kind]) => {
        const found = units.find((one) => one.unit === unit);
        return found === undefined ? null : (
          <WayButton
            key={unit}
            size="xs"
            variant="light"
            color="red"
            to="/revocations/new"
            search={orderSearch({ kind, values: [found.value] })}
          >
            Revoke the {unit}
          </WayButton>
        );
      })}
    </Group>
  );
}

const effects = { covers: "red", lifted: "gray", spares: "teal" } as const;

function Entries({
  title,
  entries,
}: {
  readonly title: string;
  readonly entries: readonly ExplainedEntry[];
}) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={560}>
        <Table aria-label={`Entries that name ${title}`}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Entries of: {title}</Table.Th>
              <Table.Th>Effect</Table.Th>
              <Table.Th>When</Table.Th>
              <Table.Th>By</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {entries.map(({ seq, effect, why, at, actor, reason }) => (
              <Table.Tr key={seq}>
                <Table.Td>
                  {seq}: {why}
                </Table.Td>
                <Table.Td>
                  <Badge variant="light" tt="none" color={effects[effect]}>
                    {effect}
                  </Badge>
                </Table.Td>
                <Table.Td>
                  <Moment at={at} />
                </Table.Td>
                <Table.Td>
                  {actor.kind} {actor.id}, {reason}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
