// Codes of an app (TOTP, RFC 6238): set up by a picture or by the secret as text, confirmed by a first code, removed.

import { Button, Card, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Ask } from "../parts/ask.tsx";
import { Failure } from "../parts/failure.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { Moment } from "../parts/moment.tsx";
import { QrCode } from "../parts/qr-code.tsx";
import { ShownOnce } from "./codes-shown-once.tsx";
import { stayIfSignedIn, useOwn } from "./own.ts";

export function CodesApp({ since }: { readonly since: string | undefined }) {
  const { api } = useOwn();
  const begin = useMutation({ mutationFn: () => api.beginTotp() });
  const [codes, setCodes] = useState<readonly string[]>();
  const isOn = since !== undefined;
  // What was shown once is not kept for later.
  const finish = (made: readonly string[]) => {
    begin.reset();
    setCodes(made);
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={3}>Codes of an app</Title>
        {isOn ? (
          <Ask
            label="Remove"
            about="codes of an app"
            title="Ask for no more codes?"
            act={async () => {
              await api.removeTotp();
              await stayIfSignedIn({ api });
            }}
            changes={["sign-in", "sessions", "applications", "history"]}
          >
            <Text>
              Your password alone opens your account then, and whoever knows it is in. Devices that were
              signed in with a code are signed out; recovery codes end too, if nothing else is left that they
              would stand in for.
            </Text>
          </Ask>
        ) : begin.data !== undefined ? null : (
          <Button
            size="compact-sm"
            variant="default"
            loading={begin.isPending}
            onClick={() => begin.mutate()}
          >
            Set up an app
          </Button>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        {isOn ? (
          <>
            On since <Moment at={since} />: after your password you are asked for a code of your app.
          </>
        ) : (
          "Off. With an authenticator app, whoever learns your password still cannot sign in."
        )}
      </Text>
      {begin.isError ? <Failure error={begin.error} /> : null}
      {begin.data === undefined || isOn ? null : (
        <Confirm {...begin.data} done={finish} cancel={() => begin.reset()} />
      )}
      {codes === undefined ? null : <ShownOnce codes={codes} close={() => setCodes(undefined)} />}
    </Stack>
  );
}

interface ConfirmProps {
  readonly secret: string;
  readonly uri: string;
  readonly state: string;
  readonly done: (recoveryCodes: readonly string[]) => void;
  readonly cancel: () => void;
}

function Confirm({ secret, uri, state, done, cancel }: ConfirmProps) {
  const { api } = useOwn();
  const queries = useQueryClient();
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => api.confirmTotp({ body: { state, code: code.replaceAll(" ", "") } }),
    onSuccess: async ({ recovery_codes }) => {
      done(recovery_codes);
      await queries.invalidateQueries({ queryKey: ["sign-in"] });
    },
    onError: () => setCode(""),
  });
  return (
    <Card withBorder>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          confirm.mutate();
        }}
      >
        <Group align="start" gap="lg">
          <QrCode text={uri} label="QR code for your authenticator app" />
          <Stack gap="sm" flex={1} miw={220}>
            <Text size="sm">
              1. Scan this with your authenticator app, or type the key into it. It is shown only now.
            </Text>
            <Identifier value={secret} />
            <TextInput
              label="2. The code that the app shows"
              inputMode="numeric"
              autoComplete="one-time-code"
              required
              maw={280}
              maxLength={16}
              value={code}
              onChange={({ currentTarget }) => setCode(currentTarget.value)}
            />
            {confirm.isError ? <Failure error={confirm.error} /> : null}
            <Group>
              <Button type="submit" loading={confirm.isPending}>
                Confirm
              </Button>
              <Button variant="default" onClick={cancel}>
                Cancel
              </Button>
            </Group>
          </Stack>
        </Group>
      </form>
    </Card>
  );
}
