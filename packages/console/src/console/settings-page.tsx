// What the server runs with; nothing can be changed here.

import { Loader, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Facts } from "../parts/facts.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { Moment } from "../parts/moment.tsx";
import { useConnection } from "../session/client.ts";

export function SettingsPage() {
  const { api } = useConnection();
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: ({ signal }) => api.readSettings({ signal }),
  });
  if (settings.isError) return <Failure error={settings.error} retry={() => settings.refetch()} />;
  if (settings.data === undefined)
    return <Loader role="progressbar" aria-label="Settings are being loaded" />;
  const { issuer, version, now, workers, head, lifetimes, longest, digests, sources, store } = settings.data;
  const number = (value: number): string => value.toLocaleString("en");
  return (
    <Stack>
      <Heading>Settings</Heading>
      <Text c="dimmed">
        Nothing can be changed here; a start with other settings changes them. As of <Moment at={now} />.
      </Text>
      <Title order={2}>Server</Title>
      <Facts
        facts={[
          ["Issuer", <Identifier key="issuer" value={issuer} />],
          ["Version", version],
          ["Workers", number(workers)],
          ["Position on the log", number(head.seq)],
          ["Its hash", <Identifier key="hash" value={head.hash} />],
          ["Tokens are stored as", digests.current],
          ["Accepted too, from before", digests.previous],
        ]}
      />
      <Title order={2}>Database</Title>
      <Facts
        facts={[
          ["Engine", `${store.engine} ${store.version}`],
          [
            "A commit is durable",
            store.durability === "local" ? "on this machine" : "on a second machine too",
          ],
          ["Size", `${(store.bytes / 1_048_576).toFixed(1)} MiB`],
          ["Access tokens", number(store.access_tokens)],
          ["Refresh tokens", number(store.refresh_tokens)],
          ["Standing entries", number(store.standing_entries)],
        ]}
      />
      <Title order={2}>Lifetimes</Title>
      <Facts
        facts={[
          ["Access token", lasting(lifetimes.access_token)],
          ["Access token at most", lasting(lifetimes.access_token_cap)],
          ["Refresh token without use", lasting(lifetimes.refresh_token_idle)],
          ["Grant", lasting(lifetimes.grant)],
          ["Login session", lasting(lifetimes.session)],
          ["Longest access token issued so far", lasting(longest.access_token)],
        ]}
      />
      <Title order={2}>Where settings come from</Title>
      <Text c="dimmed">
        A flag decides over the environment, that over the config file. The rest are left to their defaults:{" "}
        {sources
          .filter(({ from }) => from === "default")
          .map(({ setting }) => setting)
          .join(", ")}
        .
      </Text>
      <Facts
        facts={sources
          .filter(({ from }) => from !== "default")
          .map(({ setting, from }) => [setting, `${places[from]} ${spelled[from](setting)}`])}
      />
    </Stack>
  );
}

const places = { flag: "flag", environment: "environment,", "config-file": "config file,", default: "" };

/** As the setting is spelled there. */
const spelled = {
  flag: (name: string) => `--${name}`,
  environment: (name: string) => `RESCIND_${name.toUpperCase().replaceAll("-", "_")}`,
  "config-file": (name: string) => name.replaceAll("-", "_"),
  default: (name: string) => name,
};

const units = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
] as const;

/** A number of seconds in the largest unit that it is a whole number of. */
function lasting(seconds: number): string {
  const [unit, size] = units.find(([, length]) => seconds % length === 0) ?? ["second", 1];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
