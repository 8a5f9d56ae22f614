// One grant and its family: what was issued, what of it is live, and what ended it.

import { Group, Loader, Stack, Text, Title } from "@mantine/core";
import { type AdminClient, AdminProblem, type GrantItem } from "@rescind/admin-api";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { familyEvents, familyOrders } from "../grants/family.ts";
import { FamilyPicture } from "../grants/family-picture.tsx";
import { OrderButton } from "../orders/order-button.tsx";
import { Facts } from "../parts/facts.tsx";
import { Failure } from "../parts/failure.tsx";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { Moment } from "../parts/moment.tsx";
import { Status } from "../parts/status.tsx";
import { Way, WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";

/** Milliseconds between two looks. */
const lookMs = 5000;
/** Orders, the newest ones; of tokens the API tells as many of a kind. */
const most = 200;

export function GrantPage() {
  const { api } = useConnection();
  const { grant_id: id = "" } = useParams({ strict: false });
  const family = useQuery({
    // Of the revocations, so that lifting one has it read anew.
    queryKey: ["revocations", "family", id],
    queryFn: ({ signal }) => readFamily(api, id, signal),
    refetchInterval: lookMs,
  });
  return (
    <Stack>
      <Heading>Grant</Heading>
      {family.isPending ? <Loader role="progressbar" aria-label="The grant is being loaded" /> : null}
      {family.isError ? <Failure error={family.error} retry={() => family.refetch()} /> : null}
      {family.data === undefined ? null : <Shown family={family.data} />}
    </Stack>
  );
}

type Family = Awaited<ReturnType<typeof readFamily>>;

async function readFamily(api: AdminClient, grant_id: string, signal: AbortSignal) {
  const [explanation, family] = await Promise.all([
    api.explain({ body: { grant_id }, signal }),
    api.readGrantFamily({ params: { grant_id }, signal }).catch(noneIfUnknown),
  ]);
  if (family === undefined) return { explanation, family, events: [] };
  const { subject, client_id } = family.grant;
  const history = await api.listRevocations({ query: { subject, client_id, limit: most }, signal });
  const tokens = [...family.access_tokens, ...family.refresh_tokens];
  const orders = familyOrders(grant_id, explanation, tokens, history.items);
  return { explanation, family, events: familyEvents(family, orders) };
}

function noneIfUnknown(error: unknown): undefined {
  if (error instanceof AdminProblem && error.status === 404) return undefined;
  throw error;
}

function Shown({ family: { explanation, family, events } }: { readonly family: Family }) {
  if (family === undefined) return <Text>{explanation.why}</Text>;
  const { grant } = family;
  const { grant_id, status } = grant;
  return (
    <>
      <GrantFacts grant={grant} />
      <Group>
        {status === "live" ? (
          <OrderButton target={{ kind: "grant_id", values: [grant_id] }}>Revoke the grant</OrderButton>
        ) : null}
        <WayButton size="compact-sm" variant="default" to="/explain" search={{ id: grant_id }}>
          Explain
        </WayButton>
        <WayButton size="compact-sm" variant="default" to="/tokens" search={{ grant_id }}>
          Live tokens
        </WayButton>
      </Group>
      <Title order={2}>Family</Title>
      {family.whole ? null : <Text>The newest {most} tokens of a kind; those before them are left out.</Text>}
      <FamilyPicture family={family} events={events} />
      <Text size="sm" c="dimmed">
        As of <Moment at={family.at} />, at number {family.head} of the log. Access tokens leave a day after
        their end, spent refresh tokens with the grant.
      </Text>
    </>
  );
}

function GrantFacts({ grant }: { readonly grant: GrantItem }) {
  const { grant_id, status, client_id, subject, session_id, scope, audience, expires_at, last_used_at } =
    grant;
  return (
    <Facts
      facts={[
        ["Grant", <Identifier key="grant" value={grant_id} />],
        ["Status", <Status key="status" value={status} />],
        [
          "Client",
          <Way key="client" to={`/clients/${encodeURIComponent(client_id)}`}>
            {client_id}
          </Way>,
        ],
        [
          "Subject",
          <Way key="subject" to={`/users/${encodeURIComponent(subject)}`}>
            {subject}
          </Way>,
        ],
        [
          "Session",
          session_id === undefined ? undefined : (
            <Way key="session" to="/explain" search={{ id: session_id }}>
              {session_id}
            </Way>
          ),
        ],
        ["Scope", scope],
        ["Audience", audience.join(", ")],
        ["Without the person too", grant.offline ? "yes (offline_access)" : "no, it ends with the session"],
        ["Expires", <Moment key="expires" at={expires_at} />],
        ["Last use", <Moment key="use" at={last_used_at} />],
      ]}
    />
  );
}
