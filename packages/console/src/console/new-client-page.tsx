// Registers an application by what it is, and shows how to begin with it.

import { Button, Checkbox, Radio, Stack, Textarea, TextInput } from "@mantine/core";
import type { ClientAnswer, NewClient } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Snippets } from "../clients/snippets.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Secret } from "../parts/secret.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

interface Kind {
  readonly title: string;
  readonly description: string;
  readonly redirects: boolean;
  readonly settings: Pick<NewClient, "grant_types" | "token_endpoint_auth_method">;
}

const kinds = {
  service: {
    title: "Service",
    description: "Calls APIs for itself, without a person.",
    redirects: false,
    settings: { grant_types: ["client_credentials"] },
  },
  web: {
    title: "Web application",
    description: "Signs people in from its own server, which can keep a secret.",
    redirects: true,
    settings: { grant_types: ["authorization_code", "refresh_token"] },
  },
  browser: {
    title: "Browser or mobile application",
    description: "Signs people in on their own device; it has no secret, and PKCE instead.",
    redirects: true,
    settings: { grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "none" },
  },
  device: {
    title: "Device",
    description: "A television or a command line: people type a code elsewhere.",
    redirects: false,
    settings: {
      grant_types: ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"],
      token_endpoint_auth_method: "none",
    },
  },
  api: {
    title: "API",
    description:
      "Verifies tokens with @rescind/verifier: reads the revocation feed, introspects when it is stale.",
    redirects: false,
    settings: { grant_types: ["client_credentials"] },
  },
} as const satisfies Readonly<Record<string, Kind>>;

type KindName = keyof typeof kinds;

const kindNames = Object.keys(kinds) as KindName[]; // keys of the table above
const scopeOfApis = "rescind:feed rescind:introspect";

export function NewClientPage() {
  const { api } = useConnection();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (body: NewClient) => api.createClient({ body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["clients"] }),
  });
  if (create.data !== undefined) return <Registered client={create.data} />;
  return (
    <Stack maw={640}>
      <Heading>New client</Heading>
      <Questions isPending={create.isPending} register={create.mutate} />
      {create.isError ? <Failure error={create.error} /> : null}
    </Stack>
  );
}

interface QuestionsProps {
  readonly isPending: boolean;
  readonly register: (body: NewClient) => void;
}

function Questions({ isPending, register }: QuestionsProps) {
  const [name, setName] = useState("");
  const [kindName, setKindName] = useState<KindName>("service");
  const [scope, setScope] = useState("");
  const [redirects, setRedirects] = useState("");
  const [isFirstParty, setFirstParty] = useState(false);
  const kind: Kind = kinds[kindName];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        register({
          name,
          ...kind.settings,
          scope: kindName === "api" ? scopeOfApis : scope.trim(),
          ...(kind.redirects ? { redirect_uris: redirects.split(/\s+/).filter((uri) => uri !== "") } : {}),
          ...(isFirstParty ? { first_party: true } : {}),
        });
      }}
    >
      <Stack>
        <TextInput
          label="Name"
          description="Shown to people"
          required
          maxLength={200}
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <Radio.Group
          label="What is it?"
          value={kindName}
          onChange={(value) => setKindName(kindNames.find((known) => known === value) ?? kindName)}
        >
          <Stack gap="xs" mt="xs">
            {kindNames.map((value) => (
              <Radio
                key={value}
                value={value}
                label={kinds[value].title}
                description={kinds[value].description}
              />
            ))}
          </Stack>
        </Radio.Group>
        {kind.redirects ? (
          <Textarea
            label="Redirect URIs"
            description="One a line; compared letter by letter"
            required
            autosize
            minRows={2}
            value={redirects}
            onChange={({ currentTarget }) => setRedirects(currentTarget.value)}
          />
        ) : null}
        {kindName === "api" ? null : (
          <TextInput
            label="Scope"
            description="What it may ask for, with spaces between; for people's sign-in: openid profile email offline_access"
            value={scope}
            onChange={({ currentTarget }) => setScope(currentTarget.value)}
          />
        )}
        {kind.redirects ? (
          <Checkbox
            label="It is ours: people are not asked for consent"
            checked={isFirstParty}
            onChange={({ currentTarget }) => setFirstParty(currentTarget.checked)}
          />
        ) : null}
        <Button type="submit" loading={isPending}>
          Register
        </Button>
      </Stack>
    </form>
  );
}

function Registered({ client }: { readonly client: ClientAnswer }) {
  const { client_id, client_secret, name } = client;
  return (
    <Stack maw={760}>
      <Heading>{`${name} is registered`}</Heading>
      <TextInput label="Client id" value={client_id} readOnly />
      {client_secret === undefined ? null : (
        <Secret
          label="Client secret"
          value={client_secret}
          hint="Give it to the application now; it is stored as a digest only, and not shown again."
        />
      )}
      <Snippets client={client} />
      <Way to={`/clients/${encodeURIComponent(client_id)}`}>To the client</Way>
    </Stack>
  );
}
