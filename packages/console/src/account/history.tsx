// What was taken back about me, by whom and why.

import { Button, Card, Group, Text } from "@mantine/core";
import type { AccountRevocation } from "@rescind/admin-api";
import { useInfiniteQuery } from "@tanstack/react-query";
import { given } from "../parts/given.ts";
import { Moment } from "../parts/moment.tsx";
import { useOwn } from "./own.ts";
import { Section } from "./section.tsx";

export function History() {
  const { api } = useOwn();
  const query = useInfiniteQuery({
    queryKey: ["history"],
    queryFn: ({ pageParam: cursor, signal }) =>
      api.listOwnRevocations({ query: given({ cursor, limit: 20 }), signal }),
    initialPageParam: undefined as string | undefined, // the type of the following ones
    getNextPageParam: ({ next }) => next ?? undefined,
    select: ({ pages }) => ({ items: pages.flatMap(({ items }) => items) }),
  });
  return (
    <>
      <Section
        title="History"
        query={query}
        empty="Nothing of yours has been taken back."
        show={(item) => (
          <Card key={item.id} withBorder p="sm">
            <Text size="sm">
              <Moment at={item.at} /> · {whatOf(item)} · {byOf(item)}
              {item.lifted ? " · given back since" : ""}
            </Text>
          </Card>
        )}
      />
      {query.hasNextPage ? (
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => query.fetchNextPage()}
          >
            Show earlier ones
          </Button>
        </Group>
      ) : null}
    </>
  );
}

const units: Readonly<Record<AccountRevocation["unit"], string>> = {
  token: "one token",
  grant: "one sign-in at an application",
  session: "a device was signed out",
  logout: "a device was signed out",
  subject: "everything of yours",
  "subject+client": "all that an application had",
  client: "an application's access",
  key: "an application's access",
  "signing-key": "tokens of one of the server's keys",
  issuer: "tokens of another issuer",
  all: "everybody's sessions and tokens",
};

function whatOf({ unit, client_name, client_id, scope }: AccountRevocation): string {
  const application = client_name ?? client_id;
  if (scope !== undefined && application !== undefined)
    return `one permission of an application (${application}: ${scope}), which was signed out`;
  return application === undefined ? units[unit] : `${units[unit]} (${application})`;
}

const reasons: Readonly<Record<AccountRevocation["reason"], string>> = {
  unspecified: "no reason was given",
  client_request: "it was no longer needed",
  user_request: "asked for on this page",
  administrator: "decided by them",
  replay_detected: "a token was used twice, as after a theft",
  token_leaked: "a token had come into the open",
  key_compromise: "a key was no longer safe",
  logout: "signed out",
  consent_withdrawn: "permission taken back",
  password_changed: "another password was set",
  user_disabled: "the account was disabled",
  user_deleted: "the account was deleted",
  client_suspended: "the application was suspended",
  client_deleted: "the application was removed",
  secret_rotated: "the application's secret was replaced",
  security_event: "another system reported a risk",
  restore: "the server came back from a backup",
};

function byOf({ by, reason }: AccountRevocation): string {
  const who = {
    you: "by you",
    application: "by the application",
    administrator: "by an administrator",
    server: "by the server",
  };
  return `${who[by]}: ${reasons[reason]}`;
}
