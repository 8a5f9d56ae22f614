// How I sign in: password, passkeys, codes of an app, recovery codes, linked accounts. Whoever changes one of them has
// to have signed in within the last minutes (RFC 9470), which is said before.

import { Alert, Button, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Failure } from "../parts/failure.tsx";
import { useNow } from "../parts/now.ts";
import { freshFor } from "../session/sign-in.ts";
import { CodesApp } from "./codes-app.tsx";
import { LinkOutcome } from "./link-outcome.tsx";
import { LinkedAccounts } from "./linked-accounts.tsx";
import { useOwn } from "./own.ts";
import { Passkeys } from "./passkeys.tsx";
import { Password } from "./password.tsx";
import { RecoveryCodes } from "./recovery-codes.tsx";

export function HowISignIn() {
  const { api } = useOwn();
  const query = useQuery({ queryKey: ["sign-in"], queryFn: ({ signal }) => api.readSignIn({ signal }) });
  return (
    <Stack component="section" gap="md" aria-label="How you sign in">
      <Title order={2}>How you sign in</Title>
      <Freshness />
      {query.isPending ? <Loader role="progressbar" aria-label="How you sign in: being loaded" /> : null}
      {query.isError ? <Failure error={query.error} retry={() => query.refetch()} /> : null}
      {query.data === undefined ? null : (
        <>
          <LinkOutcome identities={query.data.identities} providers={query.data.providers} />
          <Password isSet={query.data.password} />
          <Passkeys passkeys={query.data.passkeys} unavailable={query.data.passkeys_unavailable} />
          <CodesApp since={query.data.totp?.since} />
          <RecoveryCodes means={query.data} />
          <LinkedAccounts identities={query.data.identities} providers={query.data.providers} />
        </>
      )}
    </Stack>
  );
}

/** Said before something is filled in that the server would refuse. */
function Freshness() {
  const { session } = useOwn();
  useNow();
  if (session.signedInSecondsAgo() < freshFor) return null;
  return (
    <Alert color="gray" variant="light" role="note">
      <Group justify="space-between">
        <Text size="sm" flex={1} miw={220}>
          To change any of this, sign in again first. You come back here.
        </Text>
        <Button size="compact-sm" variant="default" onClick={() => session.again(freshFor)}>
          Sign in again
        </Button>
      </Group>
    </Alert>
  );
}
