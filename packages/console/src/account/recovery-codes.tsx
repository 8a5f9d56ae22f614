// Recovery codes: how many are left, and new ones in their place. They stand in for a second factor, so without one there
// are none.

import { Group, Stack, Text, Title } from "@mantine/core";
import type { SignInMeans } from "@rescind/admin-api";
import { useState } from "react";
import { Ask } from "../parts/ask.tsx";
import { Moment } from "../parts/moment.tsx";
import { ShownOnce } from "./codes-shown-once.tsx";
import { useOwn } from "./own.ts";

export function RecoveryCodes({ means }: { readonly means: SignInMeans }) {
  const { api } = useOwn();
  const [codes, setCodes] = useState<readonly string[]>();
  const { recovery_codes: kept, totp, passkeys } = means;
  if (kept === null && totp === null && passkeys.length === 0) return null;
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={3}>Recovery codes</Title>
        <Ask
          label={kept === null ? "Make recovery codes" : "Make new ones"}
          title="Make recovery codes?"
          color="brand"
          act={async () => setCodes((await api.makeRecoveryCodes()).recovery_codes)}
          changes={["sign-in", "sessions", "history"]}
        >
          <Text>
            {kept === null
              ? "They are shown once. Have a place for them at hand."
              : "Those you have work no more. The new ones are shown once: have a place for them at hand."}
          </Text>
        </Ask>
      </Group>
      <Text size="sm" c="dimmed">
        {kept === null ? (
          "None. When your device is lost, an administrator has to let you in."
        ) : (
          <>
            {kept.left} of {kept.of} left, made <Moment at={kept.created_at} />
          </>
        )}
      </Text>
      {codes === undefined ? null : <ShownOnce codes={codes} close={() => setCodes(undefined)} />}
    </Stack>
  );
}
