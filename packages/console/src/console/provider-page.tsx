// One provider: how it is set up, whether it answers now, its change and its end, and the tokens of its sign-ins.

import { Alert, Button, Group, Loader, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { UpstreamAnswer } from "@rescind/admin-api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { Ask } from "../parts/ask.tsx";
import { Facts } from "../parts/facts.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { Moment } from "../parts/moment.tsx";
import { Status } from "../parts/status.tsx";
import { bodyOf, draftOf, ProviderFields } from "../providers/provider-fields.tsx";
import { ProviderTokens } from "../providers/provider-tokens.tsx";
import { useConnection } from "../session/client.ts";

export function ProviderPage() {
  const { api } = useConnection();
  const { upstream_id = "" } = useParams({ strict: false });
  const provider = useQuery({
    queryKey: ["upstreams", "one", upstream_id],
    queryFn: ({ signal }) => api.readUpstream({ params: { upstream_id }, signal }),
  });
  return (
    <Stack>
      <Heading>{provider.data?.name ?? "Sign-in provider"}</Heading>
      {provider.isPending ? <Loader role="progressbar" aria-label="The provider is being loaded" /> : null}
      {provider.isError ? <Failure error={provider.error} retry={() => provider.refetch()} /> : null}
      {provider.data === undefined ? null : <Shown key={upstream_id} provider={provider.data} />}
    </Stack>
  );
}

function Shown({ provider }: { readonly provider: UpstreamAnswer }) {
  const { session } = useConnection();
  const { upstream_id, issuer, client_id, has_secret, scopes, redirect_uri, enabled } = provider;
  const { create_users, link_by_email, trust_mfa, created_at, changed_at } = provider;
  return (
    <>
      <Facts
        facts={[
          ["Id", upstream_id],
          ["Status", <Status key="status" value={enabled ? "active" : "disabled"} />],
          ["Issuer", <Identifier key="issuer" value={issuer} />],
          ["Client id", <Identifier key="client" value={client_id} />],
          ["Client secret", has_secret ? "is kept, sealed" : "none: a public client"],
          ["Redirect URI", <Identifier key="redirect" value={redirect_uri} />],
          ["Scopes", scopes.join(" ")],
          ["First-time sign-in", create_users ? "makes a user" : "only for linked accounts"],
          ["Verified email address", link_by_email ? "joins the user who has the same" : "joins nobody"],
          ["Second factor shown there", trust_mfa ? "counts here" : "does not count here"],
          ["Since", <Moment key="since" at={created_at} />],
          ["Changed", <Moment key="changed" at={changed_at} />],
        ]}
      />
      <Group>
        {session.may("administrator") ? <Change provider={provider} /> : null}
        {session.may("administrator") ? <Delete provider={provider} /> : null}
      </Group>
      <Check upstreamId={upstream_id} />
      <ProviderTokens provider={provider} />
    </>
  );
}

/** Asked only when somebody wants to know: it makes the server call the provider. */
function Check({ upstreamId }: { readonly upstreamId: string }) {
  const { api } = useConnection();
  const check = useMutation({
    mutationFn: () => api.checkUpstream({ params: { upstream_id: upstreamId } }),
  });
  const { data } = check;
  return (
    <Stack gap="xs">
      <Group>
        <Button variant="default" size="compact-sm" loading={check.isPending} onClick={() => check.mutate()}>
          Does it answer?
        </Button>
      </Group>
      {check.isError ? <Failure error={check.error} /> : null}
      {data === undefined ? null : (
        <Alert
          role="status"
          variant="light"
          color={data.reachable && data.problem === null ? "teal" : "orange"}
          title={data.reachable ? "It answers" : "It does not answer"}
        >
          {data.problem === null ? null : <Text size="sm">{data.problem}</Text>}
          <Text size="sm">
            {data.revocation_endpoint === null
              ? data.reachable
                ? "It has no revocation endpoint: tokens of sign-ins end there by their own time only."
                : ""
              : `Tokens of sign-ins are revoked at ${data.revocation_endpoint}`}
          </Text>
          <Text size="sm">
            As of <Moment at={data.checked_at} />
          </Text>
        </Alert>
      )}
    </Stack>
  );
}

function Change({ provider }: { readonly provider: UpstreamAnswer }) {
  const { api } = useConnection();
  const queries = useQueryClient();
  const [isOpen, { open, close }] = useDisclosure();
  const [draft, setDraft] = useState(() => draftOf(provider));
  const { upstream_id, name, has_secret } = provider;
  const change = useMutation({
    mutationFn: () => api.changeUpstream({ params: { upstream_id }, body: bodyOf(draft) }),
    onSuccess: async () => {
      close();
      await queries.invalidateQueries({ queryKey: ["upstreams"] });
    },
  });
  const begin = () => {
    setDraft(draftOf(provider));
    change.reset();
    open();
  };
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={begin}>
        Change
      </Button>
      <Modal opened={isOpen} onClose={close} title={`Change ${name}`} size="lg">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate();
          }}
        >
          <Stack>
            <ProviderFields
              draft={draft}
              change={setDraft}
              secretHint={has_secret ? "Empty: the one that is kept stays" : "Empty: none, as now"}
            />
            {change.isError ? <Failure error={change.error} /> : null}
            <Group justify="end">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={change.isPending}>
                Save
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

function Delete({ provider: { upstream_id, name } }: { readonly provider: UpstreamAnswer }) {
  const { api } = useConnection();
  const navigate = useNavigate();
  return (
    <Ask
      label="Delete"
      title={`Delete ${name} for good?`}
      act={async () => {
        await api.deleteUpstream({ params: { upstream_id } });
        await navigate({ to: "/providers" });
      }}
      changes={["upstreams"]}
    >
      <Text>
        Nobody signs in through it any more, and the accounts that were linked there are forgotten: who has no
        other way in is locked out. Tokens of its sign-ins are revoked there. Sessions that are open here
        stay.
      </Text>
    </Ask>
  );
}
