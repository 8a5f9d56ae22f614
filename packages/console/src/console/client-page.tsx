// One application: how it is registered, its keys, how to begin with it, and how to end it.

import { Group, Loader, Stack, Text, Title } from "@mantine/core";
import type { ClientAnswer } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { ConsumerKeys } from "../clients/consumer-keys.tsx";
import { Snippets } from "../clients/snippets.tsx";
import { OrderButton } from "../orders/order-button.tsx";
import { Ask } from "../parts/ask.tsx";
import { Facts } from "../parts/facts.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { Moment } from "../parts/moment.tsx";
import { Status } from "../parts/status.tsx";
import { WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

/** Kept as this version of the server needs them. */
const builtIn = ["admin", "console"];

export function ClientPage() {
  const { api } = useConnection();
  const { client_id = "" } = useParams({ strict: false });
  const client = useQuery({
    queryKey: ["clients", "one", client_id],
    queryFn: ({ signal }) => api.readClient({ params: { client_id }, signal }),
  });
  return (
    <Stack>
      <Heading>{client.data?.name ?? "Client"}</Heading>
      {client.isPending ? <Loader role="progressbar" aria-label="The client is being loaded" /> : null}
      {client.isError ? <Failure error={client.error} retry={() => client.refetch()} /> : null}
      {client.data === undefined ? null : <Shown client={client.data} />}
    </Stack>
  );
}

function Shown({ client }: { readonly client: ClientAnswer }) {
  const { client_id, status, grant_types, scope, audience, redirect_uris, first_party, created_at } = client;
  return (
    <>
      <Facts
        facts={[
          ["Client id", <Identifier key="id" value={client_id} />],
          ["Status", <Status key="status" value={status} />],
          ["Since", <Moment key="since" at={created_at} />],
          ["Grant types", grant_types.join(", ")],
          ["Authenticates by", client.token_endpoint_auth_method],
          ["Scope", scope],
          ["Audience", audience.length === 0 ? "this issuer" : audience.join(", ")],
          ["Redirect URIs", redirect_uris.join(", ")],
          ["Consent", first_party ? "is not asked for" : "is asked for"],
        ]}
      />
      <Actions client={client} />
      <ConsumerKeys client={client} />
      <Title order={2}>Begin</Title>
      <Snippets client={client} />
    </>
  );
}

function Actions({ client: { client_id, name, status } }: { readonly client: ClientAnswer }) {
  const { api, session } = useConnection();
  const params = { client_id };
  return (
    <Group>
      <WayButton variant="default" size="compact-sm" to="/tokens" search={{ client_id }}>
        Tokens
      </WayButton>
      <OrderButton target={{ kind: "client_id", values: [client_id] }}>Revoke its tokens</OrderButton>
      {session.may("operator") && status === "approved" ? (
        <Ask
          label="Suspend"
          title={`Suspend ${name}?`}
          act={() => api.suspendClient({ params })}
          changes={["clients"]}
        >
          <Text>All its tokens are dead and nothing is issued to it, until it is approved again.</Text>
        </Ask>
      ) : null}
      {session.may("operator") && status === "revoked" ? (
        <Ask
          label="Approve"
          color="brand"
          title={`Approve ${name}?`}
          act={() => api.approveClient({ params })}
          changes={["clients"]}
        >
          <Text>It is served again, and unexpired tokens return unless something else covers them.</Text>
        </Ask>
      ) : null}
      {session.may("administrator") && !builtIn.includes(client_id) ? (
        <Ask
          label="Delete"
          title={`Delete ${name} for good?`}
          act={() => api.deleteClient({ params })}
          changes={["clients"]}
        >
          <Text>It is suspended and can never be approved again. Its history stays.</Text>
        </Ask>
      ) : null}
    </Group>
  );
}
