// What an order has done: its number, what it covered, and each verifier as it applies it, stragglers by name.

import { Alert, Group, Paper, Progress, Stack, Table, Text } from "@mantine/core";
import type { RevocationAnswer, VerifierItem } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Failure } from "../parts/failure.tsx";
import { Moment } from "../parts/moment.tsx";
import { Status } from "../parts/status.tsx";
import { WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";
import { inWords } from "./target.ts";

/** Milliseconds between two looks at the verifiers, and after which nobody is waited for any longer. */
const lookMs = 500;
const patienceMs = 60_000;

export function Receipt({ answer }: { readonly answer: RevocationAnswer }) {
  const { api } = useConnection();
  const [since] = useState(() => performance.now());
  const [seen, setSeen] = useState<ReadonlyMap<string, number>>(new Map());
  const [isOver, setOver] = useState(false);
  const verifiers = useQuery({
    queryKey: ["verifiers", "receipt", answer.seq],
    queryFn: ({ signal }) => api.listVerifiers({ signal }),
    refetchInterval: isOver ? false : lookMs,
  });
  const fleet = (verifiers.data?.items ?? []).filter(({ fresh }) => fresh);
  const applied = fleet.filter((verifier) => hasApplied(verifier, answer.seq));
  useEffect(() => {
    const ms = performance.now() - since;
    const known = new Map(seen);
    for (const { verifier } of applied) if (!known.has(verifier)) known.set(verifier, ms);
    if (known.size > seen.size) setSeen(known);
    if (verifiers.data !== undefined && (applied.length === fleet.length || ms > patienceMs)) setOver(true);
  }, [applied, fleet.length, seen, since, verifiers.data]);
  const { affected } = answer;
  return (
    <Stack>
      <Alert color="teal" variant="light" role="status" title="Revoked">
        <Text>
          {inWords(answer.select)}: {affected.exact ? "" : "at least "}
          {affected.access_tokens.toLocaleString("en")} access tokens,{" "}
          {affected.refresh_tokens.toLocaleString("en")} refresh tokens,{" "}
          {affected.grants.toLocaleString("en")} grants and {affected.sessions.toLocaleString("en")} sessions
          have ended on every node of the server since <Moment at={answer.at} />. It is number {answer.seq} on
          the log.
        </Text>
      </Alert>
      {verifiers.isError ? <Failure error={verifiers.error} retry={() => verifiers.refetch()} /> : null}
      <Text fw={600} aria-live="polite">
        {fleet.length === 0
          ? "No verifier holds a lease right now, so none has to be waited for."
          : `${applied.length} of ${fleet.length} verifiers have applied it`}
      </Text>
      {fleet.length === 0 ? null : (
        <>
          <Progress
            value={(100 * applied.length) / fleet.length}
            aria-label="Verifiers that have applied it"
          />
          <Paper withBorder>
            <Table aria-label="Verifiers">
              <Table.Tbody>
                {[...fleet]
                  .sort((a, b) => Number(hasApplied(a, answer.seq)) - Number(hasApplied(b, answer.seq)))
                  .slice(0, 200)
                  .map(({ verifier, name, client_id, lag, last_lease_at }) => (
                    <Table.Tr key={`${client_id} ${verifier}`}>
                      <Table.Td>{name ?? verifier}</Table.Td>
                      <Table.Td>
                        {seen.has(verifier) ? (
                          `seen after ${Math.round(seen.get(verifier) ?? 0)} ms`
                        ) : (
                          <Group gap="xs">
                            <Status value="pending" /> {lag} behind
                          </Group>
                        )}
                      </Table.Td>
                      <Table.Td>
                        <Moment at={last_lease_at} />
                      </Table.Td>
                    </Table.Tr>
                  ))}
              </Table.Tbody>
            </Table>
          </Paper>
        </>
      )}
      <Group>
        <WayButton to="/revocations" variant="default">
          All revocations
        </WayButton>
      </Group>
    </Stack>
  );
}

function hasApplied({ applied }: VerifierItem, seq: number): boolean {
  return applied.seq >= seq;
}
