// What went wrong and how to go on: every failed load or action says so here, and none spins for ever.

import { Alert, Button, Group } from "@mantine/core";
import { useAgain } from "../session/again.ts";
import { explainFailure, wantsNewerSignIn } from "../session/client.ts";
import { freshFor } from "../session/sign-in.ts";

export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const again = useAgain();
  const way =
    again !== undefined && wantsNewerSignIn(error)
      ? { label: "Sign in again", go: () => again(freshFor) }
      : retry && { label: "Try again", go: retry };
  return (
    <Alert color="red" variant="light" role="alert" title="This did not work">
      <Group justify="space-between">
        <span>{explainFailure(error)}</span>
        {way === undefined ? null : (
          <Button size="xs" variant="light" color="red" onClick={way.go}>
            {way.label}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
