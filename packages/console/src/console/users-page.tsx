// People: who they are, what they may do here, and a new one.

import { Badge, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { UserAnswer } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Failure } from "../parts/failure.tsx";
import { Filter } from "../parts/filter.tsx";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { Roles } from "../parts/roles.tsx";
import { useFilters } from "../parts/search.ts";
import { Status } from "../parts/status.tsx";
import { Way } from "../parts/way.tsx";
import { useConnection } from "../session/client.ts";
import { rights } from "../session/sign-in.ts";

export function UsersPage() {
  const { api, session } = useConnection();
  const [filters, set] = useFilters("/users", ["username", "email"]);
  const [isOpen, { open, close }] = useDisclosure();
  return (
    <Stack>
      <Group justify="space-between">
        <Heading>Users</Heading>
        {session.may("administrator") ? <Button onClick={open}>New</Button> : null}
      </Group>
      <Group>
        <Filter label="Username" value={filters.username} set={(username) => set({ username })} />
        <Filter label="Email address" value={filters.email} set={(email) => set({ email })} />
      </Group>
      <ListTable
        label="Users"
        queryKey={["users", filters]}
        load={(cursor, signal) => api.listUsers({ query: given({ ...filters, cursor, limit: 200 }), signal })}
        columns={columns}
        keyOf={({ sub }) => sub}
        empty="Nobody matches. Filters want the whole name or address."
      />
      <Modal opened={isOpen} onClose={close} title="New user">
        <NewUserForm />
      </Modal>
    </Stack>
  );
}

const columns: readonly Column<UserAnswer>[] = [
  {
    title: "Username",
    width: 180,
    cell: ({ sub, username }) => <Way to={`/users/${encodeURIComponent(sub)}`}>{username}</Way>,
  },
  { title: "Name", width: 160, cell: ({ name }) => name },
  { title: "Email address", width: 200, cell: ({ email }) => email },
  { title: "Status", width: 100, cell: ({ status }) => <Status value={status} /> },
  {
    title: "Roles",
    width: 200,
    cell: ({ roles }) => (
      <Group gap={4} wrap="nowrap">
        {roles.map((role) => (
          <Badge key={role} variant="light" tt="none">
            {role}
          </Badge>
        ))}
      </Group>
    ),
  },
  { title: "Subject", width: 200, cell: ({ sub }) => sub },
  { title: "Since", width: 170, cell: ({ created_at }) => <Moment at={created_at} /> },
];

function NewUserForm() {
  const { api } = useConnection();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [username, setUsername] = useState("");
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [roles, setRoles] = useState<string[]>([]);
  const create = useMutation({
    mutationFn: () =>
      api.createUser({
        body: {
          username,
          ...given({ name: name === "" ? undefined : name, email: email === "" ? undefined : email }),
          roles: rights.filter((right) => roles.includes(right)),
        },
      }),
    onSuccess: ({ sub }) => {
      queries.invalidateQueries({ queryKey: ["users"] });
      navigate({ to: `/users/${encodeURIComponent(sub)}` });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate();
      }}
    >
      <Stack>
        <TextInput
          label="Username"
          required
          autoComplete="off"
          value={username}
          onChange={({ currentTarget }) => setUsername(currentTarget.value)}
        />
        <TextInput
          label="Name"
          autoComplete="off"
          value={name}
          onChange={({ currentTarget }) => setName(currentTarget.value)}
        />
        <TextInput
          label="Email address"
          type="email"
          autoComplete="off"
          value={email}
          onChange={({ currentTarget }) => setEmail(currentTarget.value)}
        />
        <Roles description="None: no access to this console" value={roles} onChange={setRoles} />
        {create.isError ? <Failure error={create.error} /> : null}
        <Button type="submit" loading={create.isPending}>
          Create
        </Button>
      </Stack>
    </form>
  );
}
