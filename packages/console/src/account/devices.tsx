// Where I am signed in, and signing out there.

import { Badge, Card, Group, Stack, Text } from "@mantine/core";
import type { AccountSession } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { Ask } from "../parts/ask.tsx";
import { Moment } from "../parts/moment.tsx";
import { useOwn } from "./own.ts";
import { Section } from "./section.tsx";

export function Devices() {
  const { api } = useOwn();
  const query = useQuery({
    queryKey: ["sessions"],
    queryFn: async ({ signal }) => {
      const { items } = await api.listOwnSessions({ query: { limit: 200 }, signal });
      return { items: items.filter(({ status }) => status === "live") };
    },
  });
  const others = (query.data?.items ?? []).filter(({ current }) => !current).length;
  return (
    <Section
      title="Devices"
      query={query}
      empty="You are signed in nowhere."
      show={(session) => <Shown key={session.session_id} session={session} />}
    >
      {others === 0 ? null : (
        <Group>
          <Ask
            label="Sign out everywhere else"
            title="Sign out everywhere but here?"
            act={() => api.endOtherSessions()}
            changes={["sessions", "applications", "history"]}
          >
            <Text>
              Every other browser is signed out, with all that was given in it. You stay signed in here.
            </Text>
          </Ask>
        </Group>
      )}
    </Section>
  );
}

function Shown({ session }: { readonly session: AccountSession }) {
  const { api } = useOwn();
  const { session_id, current, user_agent, address, opened_at, last_seen_at } = session;
  return (
    <Card withBorder component="article" aria-label={browserOf(user_agent)}>
      <Group justify="space-between" align="start" wrap="nowrap">
        <Stack gap={4}>
          <Group gap="xs">
            <Text fw={600} title={user_agent}>
              {browserOf(user_agent)}
            </Text>
            {current ? (
              <Badge variant="light" color="teal" tt="none">
                here
              </Badge>
            ) : null}
          </Group>
          <Text size="sm" c="dimmed">
            {address === undefined ? "" : `${address} · `}since <Moment at={opened_at} /> · last seen{" "}
            <Moment at={last_seen_at} />
          </Text>
        </Stack>
        {current ? null : (
          <Ask
            label="Sign out"
            title="Sign this device out?"
            act={() => api.endSession({ params: { session_id } })}
            changes={["sessions", "applications", "history"]}
          >
            <Text>Whoever uses it has to sign in again.</Text>
          </Ask>
        )}
      </Group>
    </Card>
  );
}

/** Names that browsers give themselves, the more telling ones first. */
const browsers = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;
const systems = [
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["Android", "Android"],
  ["Windows", "Windows"],
  ["Mac OS", "macOS"],
  ["Linux", "Linux"],
] as const;

function browserOf(userAgent: string | undefined): string {
  if (userAgent === undefined) return "Unknown device";
  const browser = browsers.find(([mark]) => userAgent.includes(mark))?.[1];
  const system = systems.find(([mark]) => userAgent.includes(mark))?.[1];
  const name = [browser, system].filter((part) => part !== undefined).join(" on ");
  return name === "" ? "Unknown device" : name;
}
