// The password, and another in its place. It asks for the one before, so it wants no fresh sign-in beside it.

import { Button, Group, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Failure } from "../parts/failure.tsx";
import { useOwn } from "./own.ts";

export function Password({ isSet }: { readonly isSet: boolean }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={3}>Password</Title>
        {isSet && !isOpen ? (
          <Button size="compact-sm" variant="default" onClick={() => setOpen(true)}>
            Change password
          </Button>
        ) : null}
      </Group>
      {isSet ? null : (
        <Text size="sm" c="dimmed">
          You have none. Ask an administrator for a link with which you set one.
        </Text>
      )}
      {isOpen ? <ChangePassword close={() => setOpen(false)} /> : null}
    </Stack>
  );
}

function ChangePassword({ close }: { readonly close: () => void }) {
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
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
