// Where I am signed in, and signing out there.

import { Badge, Card, Group, Stack, Text } from "@mantine/core";
import type { AccountSession } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { Ask } from "../parts/ask.tsx";
import { browserOf } from "../parts/browser.ts";
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
  const { session_id, current, user_agent, address, opened_at, last_seen_at, amr } = session;
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
            {signedInWith(amr)}
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

/** How somebody signed in (RFC 8176), in words; what has none is left out. */
const methods: Readonly<Record<string, string>> = {
  pwd: "a password",
  otp: "a code",
  hwk: "a passkey",
  swk: "a passkey",
  fed: "another account",
};

function signedInWith(amr: readonly string[]): string {
  const words = new Set(amr.flatMap((method) => methods[method] ?? []));
  return words.size === 0 ? "" : ` · signed in with ${[...words].join(" and ")}`;
}
