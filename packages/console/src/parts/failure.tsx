// What went wrong and how to go on: every failed load or action says so here, and none spins for ever.

import { Alert, Button, Group } from "@mantine/core";
import { explainFailure } from "../session/client.ts";

export function Failure({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  return (
    <Alert color="red" variant="light" role="alert" title="This did not work">
      <Group justify="space-between">
        <span>{explainFailure(error)}</span>
        {retry === undefined ? null : (
          <Button size="xs" variant="light" color="red" onClick={retry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
