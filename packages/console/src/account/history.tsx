// What was taken back about me, by whom and why.

import { Card, Text } from "@mantine/core";
import type { AccountRevocation } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { Moment } from "../parts/moment.tsx";
import { useOwn } from "./own.ts";
import { Section } from "./section.tsx";

export function History() {
  const { api } = useOwn();
  const query = useQuery({
    queryKey: ["history"],
    queryFn: ({ signal }) => api.listOwnRevocations({ query: { limit: 50 }, signal }),
  });
  return (
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

function byOf({ by, reason }: AccountRevocation): string {
  const who = {
    you: "by you",
    application: "by the application",
    administrator: "by an administrator",
    server: "by the server",
  };
  return `${who[by]}: ${reason.replaceAll("_", " ")}`;
}
