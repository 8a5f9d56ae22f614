// Accounts at other providers that open this one: those that are linked, their end, and another one.

import { Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import type { Identity, SignInMeans } from "@rescind/admin-api";
import { useMutation } from "@tanstack/react-query";
import { Ask } from "../parts/ask.tsx";
import { Failure } from "../parts/failure.tsx";
import { Moment } from "../parts/moment.tsx";
import { useOwn } from "./own.ts";

interface LinkedAccountsProps {
  readonly identities: readonly Identity[];
  readonly providers: SignInMeans["providers"];
}

export function LinkedAccounts({ identities, providers }: LinkedAccountsProps) {
  const { api } = useOwn();
  const link = useMutation({
    mutationFn: (upstream_id: string) => api.linkIdentity({ body: { upstream_id } }),
    onSuccess: ({ url }) => location.assign(url),
  });
  if (identities.length === 0 && providers.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={3}>Linked accounts</Title>
      <Text size="sm" c="dimmed">
        Whoever is signed in there can sign in here as you.
      </Text>
      {identities.map((identity) => (
        <Shown key={identity.identity_id} identity={identity} />
      ))}
      {link.isError ? <Failure error={link.error} /> : null}
      <Group>
        {providers.map(({ upstream_id, name }) => (
          <Button
            key={upstream_id}
            size="compact-sm"
            variant="default"
            loading={link.isPending && link.variables === upstream_id}
            onClick={() => link.mutate(upstream_id)}
          >
            Link {name}
          </Button>
        ))}
      </Group>
    </Stack>
  );
}

function Shown({ identity }: { readonly identity: Identity }) {
  const { api } = useOwn();
  const { identity_id, name, email, username, linked_at, last_used_at } = identity;
  return (
    <Card withBorder component="article" aria-label={name} p="sm">
      <Group justify="space-between" align="start">
        <Stack gap={4} flex={1} miw={180}>
          <Text fw={600} style={{ overflowWrap: "anywhere" }}>
            {name}
          </Text>
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {[username, email].filter((known) => known !== null && known !== "").join(" · ")}
          </Text>
          <Text size="sm" c="dimmed">
            Linked <Moment at={linked_at} /> · last used <Moment at={last_used_at ?? undefined} />
          </Text>
        </Stack>
        <Ask
          label="Unlink"
          about={name}
          title={`Unlink ${name}?`}
          act={() => api.unlinkIdentity({ params: { identity_id } })}
          changes={["sign-in", "sessions", "applications", "history"]}
        >
          <Text>
            Your account at {name} opens this one no more; where you signed in by it, you are signed out.
          </Text>
        </Ask>
      </Group>
    </Card>
  );
}
