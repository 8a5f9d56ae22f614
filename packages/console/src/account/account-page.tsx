// The account page: one page, for the person that it is about.

import { Button, Container, Group, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Facts } from "../parts/facts.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { brandName, rootPath } from "../session/place.ts";
import { Applications } from "./applications.tsx";
import { Devices } from "./devices.tsx";
import { History } from "./history.tsx";
import { HowISignIn } from "./how-i-sign-in.tsx";
import { NotMe } from "./not-me.tsx";
import { useOwn } from "./own.ts";

export function AccountPage() {
  const { api, session } = useOwn();
  const profile = useQuery({ queryKey: ["profile"], queryFn: ({ signal }) => api.readProfile({ signal }) });
  const { username, email, name, groups, roles } = profile.data ?? {};
  return (
    <>
      <Group component="header" justify="space-between" p="md" wrap="nowrap">
        <Group gap="sm" wrap="nowrap">
          <img src={`${rootPath}/brand/logo`} alt={brandName} height={28} />
          <Text fw={600}>Account</Text>
        </Group>
        <Group gap="xs" wrap="nowrap">
          {(roles ?? []).length > 0 ? (
            <Button component="a" href={`${rootPath}/console/`} size="compact-sm" variant="subtle">
              Console
            </Button>
          ) : null}
          <Button size="compact-sm" variant="subtle" onClick={() => session.signOut()}>
            Sign out
          </Button>
        </Group>
      </Group>
      <Container component="main" size="sm" pb="xl">
        <Stack gap="xl">
          <Heading tab="Your account">{name ?? username ?? session.name}</Heading>
          {profile.isError ? <Failure error={profile.error} retry={() => profile.refetch()} /> : null}
          <Facts
            facts={[
              ["Username", username],
              ["Email address", email],
              ["Groups", groups?.join(", ")],
            ]}
          />
          <Applications />
          <Devices />
          <HowISignIn />
          <NotMe />
          <History />
        </Stack>
      </Container>
    </>
  );
}
