// What has access to my account, by application: since when, to what, when last; and its end.

import { Card, Group, Stack, Text } from "@mantine/core";
import type { Application } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { Ask } from "../parts/ask.tsx";
import { Moment } from "../parts/moment.tsx";
import { useOwn } from "./own.ts";
import { Section } from "./section.tsx";

export function Applications() {
  const { api } = useOwn();
  const query = useQuery({
    queryKey: ["applications"],
    queryFn: ({ signal }) => api.listApplications({ query: { limit: 200 }, signal }),
  });
  return (
    <Section
      title="Applications"
      query={query}
      empty="No application has access to your account."
      show={(application) => <Shown key={application.client_id} application={application} />}
    >
      <Text c="dimmed">What may act for you. Remove what you do not use, or do not know.</Text>
    </Section>
  );
}

function Shown({ application }: { readonly application: Application }) {
  const { api } = useOwn();
  const { client_id, name, scopes, since, last_used_at, grants, sessions, exact } = application;
  const signIns = `${exact ? "" : "at least "}${grants} ${grants === 1 ? "sign-in" : "sign-ins"}`;
  const devices = sessions === 1 ? "one device that is" : `${sessions} devices that are`;
  const places = sessions === 0 ? signIns : `${signIns}, on ${devices} signed in`;
  return (
    <Card withBorder component="article" aria-label={name}>
      <Group justify="space-between" align="start" wrap="nowrap">
        <Stack gap={4} flex={1} miw={0}>
          <Text fw={600}>{name}</Text>
          <Text size="sm" c="dimmed">
            Since <Moment at={since} /> · last used <Moment at={last_used_at} />
          </Text>
          <Text size="sm" c="dimmed">
            {places}
          </Text>
        </Stack>
        <Ask
          label="Remove"
          title={`Remove ${name}?`}
          act={() => api.endApplication({ params: { client_id } })}
          changes={["applications", "history"]}
        >
          <Text>
            Everything that you gave {name} ends now, on every device. To use it again you have to allow it
            again.
          </Text>
        </Ask>
      </Group>
      {scopes.length === 0 ? null : (
        <Stack component="ul" gap={4} mt="sm" pl={0} mb={0} style={{ listStyle: "none" }}>
          {scopes.map((scope) => (
            <MayDo key={scope.scope} of={application} scope={scope} />
          ))}
        </Stack>
      )}
    </Card>
  );
}

interface MayDoProps {
  readonly of: Application;
  readonly scope: Application["scopes"][number];
}

/** One thing that it may do, in words; taken back by itself if it was asked for. */
function MayDo({ of: { client_id, name }, scope: { scope, description, consented } }: MayDoProps) {
  const { api } = useOwn();
  const words = description ?? `Use ${scope}`;
  return (
    <Group component="li" justify="space-between" align="start" wrap="nowrap">
      <Text size="sm" miw={0} style={{ overflowWrap: "anywhere" }}>
        {words}
      </Text>
      {consented ? (
        <Ask
          label="Take back"
          about={words}
          title={`Take this back from ${name}?`}
          variant="subtle"
          act={() => api.endApplicationScope({ params: { client_id, scope } })}
          changes={["applications", "history"]}
        >
          <Text>“{words}” ends now, on every device.</Text>
          <Text>
            To make sure of it, {name} is signed out of your account until you use it again. What else you
            allowed it stays allowed; for this it has to ask you again.
          </Text>
        </Ask>
      ) : null}
    </Group>
  );
}
