// What to do when it was not me.

import { Alert, Text } from "@mantine/core";
import { Ask } from "../parts/ask.tsx";
import { useOwn } from "./own.ts";

export function NotMe() {
  const { api } = useOwn();
  return (
    <Alert component="section" color="orange" variant="light" title="Was something here not you?">
      <Text size="sm" mb="xs">
        End everything first: whoever is in is out at once. Then sign in, choose another password, and remove
        every passkey, app and account under “How you sign in” that is not yours.
      </Text>
      <Ask
        label="This was not me"
        title="End every session and token of yours?"
        act={async () => {
          await api.signOutEverywhere();
          location.reload();
        }}
        changes={[]}
      >
        <Text>
          Everybody who is signed in as you is signed out, here too, and every application loses its access.
        </Text>
      </Ask>
    </Alert>
  );
}
