// What stands right now: log, store, verifiers. Each number says as of when.

import { Card, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Failure } from "../parts/failure.tsx";
import { Moment } from "../parts/moment.tsx";
import { useConnection } from "../session/client.ts";

const refreshMs = 5000;

export function OverviewPage() {
  const { api } = useConnection();
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => api.readSettings({ signal }),
    refetchInterval: refreshMs,
  });
  const verifiers = useQuery({
    queryKey: ["verifiers"],
    queryFn: ({ signal }) => api.listVerifiers({ signal }),
    refetchInterval: refreshMs,
  });
  const fresh = verifiers.data?.items.filter((verifier) => verifier.fresh).length;
  const number = (value: number | undefined): string => value?.toLocaleString("en") ?? "…";
  return (
    <Stack>
      <Title order={1}>Overview</Title>
      {settings.isError ? <Failure error={settings.error} retry={() => settings.refetch()} /> : null}
      <SimpleGrid cols={{ base: 1, xs: 2, lg: 4 }}>
        <Figure title="Position on the log" value={number(settings.data?.head.seq)} />
        <Figure title="Standing entries" value={number(settings.data?.store.standing_entries)} />
        <Figure
          title="Verifiers"
          value={`${number(fresh)} fresh of ${number(verifiers.data?.items.length)}`}
        />
        <Figure title="Access tokens kept" value={number(settings.data?.store.access_tokens)} />
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        As of <Moment at={settings.data?.now} />
      </Text>
    </Stack>
  );
}

function Figure({ title, value }: { readonly title: string; readonly value: ReactNode }) {
  return (
    <Card withBorder>
      <Text size="sm" c="dimmed">
        {title}
      </Text>
      <Group>
        <Text fz={28} fw={600}>
          {value}
        </Text>
      </Group>
    </Card>
  );
}
