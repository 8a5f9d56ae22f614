// One person: roles, status, a link to set a password, what they have given to whom, and how to end it.

import { Button, Group, Loader, Stack, Text, Title } from "@mantine/core";
import { AdminProblem, type GrantItem, type UserAnswer } from "@rescind/admin-api";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { OrderButton } from "../orders/order-button.tsx";
import { Ask } from "../parts/ask.tsx";
import { Facts } from "../parts/facts.tsx";
import { Failure } from "../parts/failure.tsx";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { Roles } from "../parts/roles.tsx";
import { Secret } from "../parts/secret.tsx";
import { Status } from "../parts/status.tsx";
import { Way, WayButton } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";
import { rights } from "../session/sign-in.ts";
import { HowTheySignIn } from "../users/how-they-sign-in.tsx";

export function UserPage() {
  const { api } = useConnection();
  const { sub = "" } = useParams({ strict: false });
  const user = useQuery({
    queryKey: ["users", "one", sub],
    queryFn: ({ signal }) => api.readUser({ params: { sub }, signal }),
  });
  const isUnknown = user.error instanceof AdminProblem && user.error.status === 404;
  return (
    <Stack>
      <Heading>{user.data?.name ?? user.data?.username ?? "User"}</Heading>
      {user.isPending ? <Loader role="progressbar" aria-label="The user is being loaded" /> : null}
      {isUnknown ? (
        <>
          <Text>
            Nobody is registered here by {sub}. Clients may hold tokens for this subject all the same.
          </Text>
          <Ways sub={sub} />
        </>
      ) : null}
      {user.isError && !isUnknown ? <Failure error={user.error} retry={() => user.refetch()} /> : null}
      {user.data === undefined ? null : (
        <>
          <Shown key={sub} user={user.data} />
          <HowTheySignIn sub={sub} />
        </>
      )}
      <Title order={2}>Grants</Title>
      <ListTable
        label="Grants"
        queryKey={["grants", sub]}
        load={(cursor, signal) =>
          api.listGrants({ query: given({ subject: sub, cursor, limit: 200 }), signal })
        }
        columns={columns}
        keyOf={({ grant_id }) => grant_id}
        empty="This person has given nothing to any application."
      />
    </Stack>
  );
}

function Shown({ user }: { readonly user: UserAnswer }) {
  const { session } = useConnection();
  const { sub, username, email, groups, status, has_password, created_at } = user;
  return (
    <>
      <Facts
        facts={[
          ["Subject", <Identifier key="sub" value={sub} />],
          ["Username", username],
          ["Email address", email],
          ["Groups", groups.join(", ")],
          ["Status", <Status key="status" value={status} />],
          ["Password", has_password ? undefined : "none yet: make a setup link"],
          ["Since", <Moment key="since" at={created_at} />],
        ]}
      />
      <Ways sub={sub} />
      {session.may("administrator") ? <Administration user={user} /> : null}
    </>
  );
}

/** From the person to what is theirs, and to its end. */
function Ways({ sub }: { readonly sub: string }) {
  return (
    <Group>
      <OrderButton target={{ kind: "subject", values: [sub] }}>End everything of theirs</OrderButton>
      <WayButton variant="default" size="compact-sm" to="/sessions" search={{ subject: sub }}>
        Sessions
      </WayButton>
      <WayButton variant="default" size="compact-sm" to="/tokens" search={{ subject: sub }}>
        Tokens
      </WayButton>
    </Group>
  );
}

function Administration({ user }: { readonly user: UserAnswer }) {
  const { api } = useConnection();
  const queries = useQueryClient();
  const { sub, username, status } = user;
  const [roles, setRoles] = useState<readonly string[]>(user.roles);
  const change = useMutation({
    mutationFn: () =>
      api.changeUser({ params: { sub }, body: { roles: rights.filter((right) => roles.includes(right)) } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });
  const link = useMutation({ mutationFn: () => api.createSetupLink({ params: { sub } }) });
  const isActive = status === "active";
  return (
    <Stack>
      <Group align="end">
        <Roles value={roles} onChange={setRoles} />
        <Button variant="default" loading={change.isPending} onClick={() => change.mutate()}>
          Save
        </Button>
        <Button variant="default" loading={link.isPending} onClick={() => link.mutate()}>
          Make a setup link
        </Button>
        <Ask
          label={isActive ? "Disable" : "Enable"}
          title={isActive ? `Disable ${username}?` : `Enable ${username}?`}
          act={() => api.changeUser({ params: { sub }, body: { status: isActive ? "disabled" : "active" } })}
          changes={["users", "grants"]}
          color={isActive ? "red" : "brand"}
        >
          <Text>
            {isActive
              ? "Every token and session of theirs ends, and nobody can sign in as them until they are enabled."
              : "They can sign in again. What ended stays ended."}
          </Text>
        </Ask>
      </Group>
      {change.isError ? <Failure error={change.error} /> : null}
      {link.isError ? <Failure error={link.error} /> : null}
      {link.data === undefined ? null : (
        <Secret
          label="Setup link"
          value={link.data.setup_url}
          hint="Hand it to the person only: whoever opens it sets the password. It works once; an earlier one works no more."
        />
      )}
    </Stack>
  );
}

const columns: readonly Column<GrantItem>[] = [
  {
    title: "Grant",
    width: 220,
    cell: ({ grant_id: id }) => <Way to={`/grants/${id}`}>{id}</Way>,
  },
  { title: "Status", width: 90, cell: ({ status }) => <Status value={status} /> },
  {
    title: "Client",
    width: 200,
    cell: ({ client_id }) => <Way to={`/clients/${encodeURIComponent(client_id)}`}>{client_id}</Way>,
  },
  { title: "Scope", width: 200, cell: ({ scope }) => <OneLine text={scope} /> },
  { title: "Opened", width: 170, cell: ({ opened_at }) => <Moment at={opened_at} /> },
  { title: "Last use", width: 170, cell: ({ last_used_at }) => <Moment at={last_used_at} /> },
];
