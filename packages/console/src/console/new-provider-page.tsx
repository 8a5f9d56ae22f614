// Adds an OpenID provider that people sign in through, and says what to register there.

import { Button, Stack, Text, TextInput } from "@mantine/core";
import type { NewUpstream, UpstreamAnswer } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { Way } from "../parts/way.tsx";
import { bodyOf, emptyDraft, ProviderFields } from "../providers/provider-fields.tsx";
import { useConnection } from "../session/client.ts";
import { issuer as ours } from "../session/place.ts";

export function NewProviderPage() {
  const { api } = useConnection();
  const queries = useQueryClient();
  const [id, setId] = useState("");
  const [issuer, setIssuer] = useState("");
  const [draft, setDraft] = useState(emptyDraft);
  const create = useMutation({
    mutationFn: (body: NewUpstream) => api.createUpstream({ body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["upstreams"] }),
  });
  if (create.data !== undefined) return <Added provider={create.data} />;
  return (
    <Stack maw={640}>
      <Heading>New sign-in provider</Heading>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          create.mutate({ upstream_id: id.trim(), issuer: issuer.trim(), ...bodyOf(draft) });
        }}
      >
        <Stack>
          <TextInput
            label="Id"
            description="Your choice: small letters, digits and hyphens. It stays"
            required
            maxLength={64}
            pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?"
            value={id}
            onChange={({ currentTarget }) => setId(currentTarget.value)}
          />
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            Register at the provider as redirect URI: {ours}/login/upstream/{id === "" ? "…" : id}/callback
          </Text>
          <TextInput
            label="Issuer"
            description="Letter for letter; its metadata is read from there"
            type="url"
            required
            value={issuer}
            onChange={({ currentTarget }) => setIssuer(currentTarget.value)}
          />
          <ProviderFields
            draft={draft}
            change={setDraft}
            secretHint="As the provider gave it; none for a public client. It is kept sealed and never shown again"
          />
          <Button type="submit" loading={create.isPending}>
            Add
          </Button>
          {create.isError ? <Failure error={create.error} /> : null}
        </Stack>
      </form>
    </Stack>
  );
}

function Added({ provider: { upstream_id, name, redirect_uri } }: { readonly provider: UpstreamAnswer }) {
  return (
    <Stack maw={760}>
      <Heading>{`${name} is added`}</Heading>
      <Text>Register this redirect URI at the provider, letter for letter:</Text>
      <Identifier value={redirect_uri} />
      <Way to={`/providers/${upstream_id}`}>To the provider</Way>
    </Stack>
  );
}
