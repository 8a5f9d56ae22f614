// The password, and what to do when it was not me.

import { Alert, Button, Group, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Ask } from "../parts/ask.tsx";
import { Failure } from "../parts/failure.tsx";
import { useOwn } from "./own.ts";

export function Security() {
  const { api } = useOwn();
  return (
    <Stack component="section" gap="sm" aria-label="Security">
      <Title order={2}>Security</Title>
      <ChangePassword />
      <Alert color="orange" variant="light" title="Was something here not you?">
        <Text size="sm" mb="xs">
          End everything first, then sign in and choose another password: whoever knows the old one is out at
          once.
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
    </Stack>
  );
}

function ChangePassword() {
  const { api, session } = useOwn();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    mutationFn: () => api.changePassword({ body: { current_password: current, new_password: next } }),
    onSuccess: () => location.reload(),
  });
  const differs = again !== "" && again !== next;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!differs) change.mutate();
      }}
    >
      <Stack gap="sm" maw={420}>
        <input type="text" autoComplete="username" value={session.name} readOnly hidden />
        <PasswordInput
          label="Your password now"
          autoComplete="current-password"
          required
          value={current}
          onChange={({ currentTarget }) => setCurrent(currentTarget.value)}
        />
        <PasswordInput
          label="Another password"
          description="8 characters or more; longer is better. Every session and token of yours ends with the old one"
          autoComplete="new-password"
          required
          minLength={8}
          value={next}
          onChange={({ currentTarget }) => setNext(currentTarget.value)}
        />
        <PasswordInput
          label="The same again"
          autoComplete="new-password"
          required
          value={again}
          onChange={({ currentTarget }) => setAgain(currentTarget.value)}
          error={differs ? "The two differ." : undefined}
        />
        {change.isError ? <Failure error={change.error} /> : null}
        <Group>
          <Button type="submit" loading={change.isPending}>
            Change password
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
