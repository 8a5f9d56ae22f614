// Passkeys: those there are, another one, another name, and their end.

import { Badge, Button, Card, Group, Modal, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Passkey } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Ask } from "../parts/ask.tsx";
import { browserOf } from "../parts/browser.ts";
import { Failure } from "../parts/failure.tsx";
import { Moment } from "../parts/moment.tsx";
import { stayIfSignedIn, useOwn } from "./own.ts";
import { canMakePasskeys, makePasskey } from "./passkey.ts";

interface PasskeysProps {
  readonly passkeys: readonly Passkey[];
  /** Why there can be none at this address. */
  readonly unavailable: string | null;
}

export function Passkeys({ passkeys, unavailable }: PasskeysProps) {
  const canAdd = unavailable === null && canMakePasskeys();
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={3}>Passkeys</Title>
        {canAdd ? <Add /> : null}
      </Group>
      <Text size="sm" c="dimmed">
        {unavailable ??
          (canAdd
            ? "Sign in with your fingerprint, face or screen lock, or with a security key, without a password. No other site can ask for it."
            : "This browser cannot make passkeys. Try a newer one.")}
      </Text>
      {passkeys.map((passkey) => (
        <Shown key={passkey.passkey_id} passkey={passkey} />
      ))}
    </Stack>
  );
}

function Add() {
  const { api } = useOwn();
  const own = browserOf(navigator.userAgent);
  return (
    <Named
      label="Add a passkey"
      title="Add a passkey"
      hint="By what you will know it again. Your browser asks for the rest."
      initial={own}
      act={async (name) => {
        const { options, state } = await api.beginPasskey();
        await api.addPasskey({ body: { state, credential: await makePasskey(options), name } });
      }}
    />
  );
}

function Shown({ passkey }: { readonly passkey: Passkey }) {
  const { api } = useOwn();
  const { passkey_id, name, created_at, last_used_at, backed_up } = passkey;
  const params = { passkey_id };
  return (
    <Card withBorder component="article" aria-label={name} p="sm">
      <Group justify="space-between" align="start">
        <Stack gap={4} flex={1} miw={180}>
          <Group gap="xs">
            <Text fw={600} style={{ overflowWrap: "anywhere" }}>
              {name}
            </Text>
            {backed_up ? (
              <Badge variant="light" color="gray" tt="none" miw="max-content">
                synced
              </Badge>
            ) : null}
          </Group>
          <Text size="sm" c="dimmed">
            Since <Moment at={created_at} /> · last used <Moment at={last_used_at ?? undefined} />
          </Text>
        </Stack>
        <Group gap="xs" wrap="nowrap">
          <Named
            label="Rename"
            about={name}
            title="Another name for this passkey"
            initial={name}
            act={(name) => api.renamePasskey({ params, body: { name } })}
          />
          <Ask
            label="Remove"
            about={name}
            title="Remove this passkey?"
            act={async () => {
              await api.removePasskey({ params });
              await stayIfSignedIn({ api });
            }}
            changes={["sign-in", "sessions", "applications", "history"]}
          >
            <Text>
              “{name}” opens your account no more, and devices that were signed in with it are signed out.
              Delete it where it is kept as well.
            </Text>
          </Ask>
        </Group>
      </Group>
    </Card>
  );
}

interface NamedProps {
  readonly label: string;
  readonly about?: string;
  readonly title: string;
  readonly hint?: string;
  readonly initial: string;
  readonly act: (name: string) => Promise<unknown>;
}

/** A button that asks for a name and does something with it. */
function Named({ label, about, title, hint, initial, act }: NamedProps) {
  const queries = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure();
  const [name, setName] = useState(initial);
  const acting = useMutation({
    mutationFn: () => act(name.trim()),
    onSuccess: async () => {
      close();
      await queries.invalidateQueries({ queryKey: ["sign-in"] });
    },
  });
  const begin = () => {
    setName(initial);
    acting.reset();
    open();
  };
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        miw="max-content"
        onClick={begin}
        {...(about === undefined ? {} : { "aria-label": `${label}: ${about}` })}
      >
        {label}
      </Button>
      <Modal opened={isOpen} onClose={close} title={title}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            acting.mutate();
          }}
        >
          <Stack>
            <TextInput
              label="Name"
              {...(hint === undefined ? {} : { description: hint })}
              required
              maxLength={64}
              data-autofocus
              value={name}
              onChange={({ currentTarget }) => setName(currentTarget.value)}
            />
            {acting.isError ? <Failure error={acting.error} /> : null}
            <Group justify="end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={acting.isPending} disabled={name.trim() === ""}>
                {label}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
