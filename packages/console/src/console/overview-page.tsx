// What happens right now, on the node that answers: orders and how fast they take effect, tokens issued and refused, the
// fleet, and uses of tokens after their end.

import { Card, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useLogStream } from "../live/log-stream.ts";
import { perMinute, quantile, type Sample, sumOf } from "../live/metrics-text.ts";
import { Plot } from "../live/plot.tsx";
import { useSamples } from "../live/samples.ts";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Moment } from "../parts/moment.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

const refreshMs = 5000;
const effect = "rescind_acknowledgement_seconds";
const requests = "rescind_http_request_duration_seconds_count";

export function OverviewPage() {
  const { api } = useConnection();
  const verifiers = useQuery({
    queryKey: ["verifiers", "overview"],
    queryFn: ({ signal }) => api.listVerifiers({ signal }),
    refetchInterval: refreshMs,
  });
  const samples = useSamples();
  const fleet = verifiers.data?.items ?? [];
  const used = fleet.reduce((sum, { counts }) => sum + (counts?.revoked_uses ?? 0), 0);
  const all = samples.data ?? [];
  const latest = all.at(-1);
  useLogStream(latest && sumOf(latest, "rescind_log_seq"), ["metrics", "verifiers"]);
  const error = samples.error ?? verifiers.error;
  return (
    <Stack>
      <Heading>Overview</Heading>
      {error === null ? null : <Failure error={error} retry={() => samples.refetch()} />}
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure title="Position on the log" value={latest && sumOf(latest, "rescind_log_seq")} />
        <Figure title="Standing entries" value={latest && sumOf(latest, "rescind_standing_entries")} />
        <Figure title="Verifiers" value={verifiers.data && fleet.length} to="/verifiers" />
        <Figure title="Uses of revoked tokens" value={verifiers.data && used} to="/verifiers" />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Plot
          title="Orders a minute"
          timesMs={timesOf(all)}
          lines={[{ name: "orders", color: "red", values: rates(all, "rescind_revocations_total") }]}
          show={whole}
        />
        <Plot
          title="Time from an order to its acknowledgement by a verifier"
          timesMs={timesOf(all)}
          lines={[
            { name: "p50", color: "teal", values: quantiles(all, 0.5) },
            { name: "p99", color: "orange", values: quantiles(all, 0.99) },
          ]}
          show={(ms) => `≤ ${whole(ms)} ms`}
        />
        <Plot
          title="Tokens a minute"
          timesMs={timesOf(all)}
          lines={[
            { name: "issued", color: "brand", values: rates(all, "rescind_tokens_issued_total") },
            { name: "refused", color: "orange", values: refusals(all) },
          ]}
          show={whole}
        />
        <Plot
          title="Verifiers by freshness"
          timesMs={timesOf(all)}
          lines={[
            { name: "fresh", color: "teal", values: fleetOf(all, "fresh") },
            { name: "stale", color: "orange", values: fleetOf(all, "stale") },
          ]}
          show={whole}
        />
      </SimpleGrid>
      <Text size="sm" c="dimmed">
        Of the node that answers, since this page was opened. As of{" "}
        <Moment at={latest === undefined ? undefined : new Date(latest.atMs).toISOString()} />
      </Text>
    </Stack>
  );
}

interface FigureProps {
  readonly title: string;
  readonly value: number | undefined;
  readonly to?: string;
}

function Figure({ title, value, to }: FigureProps) {
  return (
    <Card withBorder p="sm">
      <Text size="sm" c="dimmed">
        {to === undefined ? title : <Way to={to}>{title}</Way>}
      </Text>
      <Text fz={26} fw={600}>
        {value === undefined ? "–" : whole(value)}
      </Text>
    </Card>
  );
}

/** Looks back so many samples, so that one order does not look like thirty a minute. */
const window = 15;

function overWindow<T>(all: readonly Sample[], of: (before: Sample | undefined, after: Sample) => T): T[] {
  return all.map((after, index) => of(all[Math.max(0, index - window)], after));
}

function rates(all: readonly Sample[], name: string): number[] {
  return overWindow(all, (before, after) => perMinute(before ?? after, after, name));
}

function refusals(all: readonly Sample[]): number[] {
  return overWindow(all, (before, after) =>
    ["400", "401", "403"]
      .map((status) =>
        perMinute(before ?? after, after, requests, `route="/oauth2/token",status="${status}"`),
      )
      .reduce((a, b) => a + b, 0),
  );
}

/** Milliseconds. */
function quantiles(all: readonly Sample[], share: number): (number | undefined)[] {
  return overWindow(all, (before, after) => {
    const seconds = before === after ? undefined : quantile(before, after, effect, share);
    return seconds === undefined ? undefined : seconds * 1000;
  });
}

function fleetOf(all: readonly Sample[], freshness: string): number[] {
  return all.map((sample) => sumOf(sample, "rescind_verifiers", `freshness="${freshness}"`));
}

function timesOf(all: readonly Sample[]): number[] {
  return all.map(({ atMs }) => atMs);
}

function whole(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 0 });
}
