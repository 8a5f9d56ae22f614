// Webhooks: subscriptions, deliveries and dead letters, which can be sent again.

import { Button, Select, Stack, Text, Title } from "@mantine/core";
import type { DeliveryItem, SubscriptionAnswer } from "@rescind/admin-api";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ask } from "../parts/ask.tsx";
import { Failure } from "../parts/failure.tsx";
import { given } from "../parts/given.ts";
import { Heading } from "../parts/heading.tsx";
import { Identifier } from "../parts/identifier.tsx";
import { type Column, ListTable } from "../parts/list-table.tsx";
import { Moment } from "../parts/moment.tsx";
import { OneLine } from "../parts/one-line.tsx";
import { useFilters } from "../parts/search.ts";
import { Status } from "../parts/status.tsx";
import { useConnection } from "../session/client.ts";

const statuses = ["pending", "delivered", "dead"] as const;

export function WebhooksPage() {
  const { api, session } = useConnection();
  const [filters, set] = useFilters("/webhooks", ["status"]);
  const status = statuses.find((known) => known === filters.status);
  const mayChange = session.may("administrator");
  return (
    <Stack>
      <Heading>Webhooks</Heading>
      <Title order={2}>Subscriptions</Title>
      <ListTable
        label="Subscriptions"
        queryKey={["subscriptions"]}
        load={(cursor, signal) => api.listSubscriptions({ query: given({ cursor, limit: 200 }), signal })}
        columns={mayChange ? [...subscriptionColumns, cancelColumn] : subscriptionColumns}
        keyOf={({ subscription_id }) => subscription_id}
        empty="Nobody is told of revocations yet. `rescind webhooks add URL` or POST /admin/v1/subscriptions makes a subscription."
      />
      <Title order={2}>Deliveries</Title>
      <Select
        label="Status"
        data={statuses}
        clearable
        maw={200}
        value={status ?? null}
        onChange={(value) => set({ status: value ?? undefined })}
      />
      <ListTable
        label="Deliveries"
        queryKey={["deliveries", status]}
        load={(cursor, signal) =>
          api.listDeliveries({ query: given({ status, cursor, limit: 200 }), signal })
        }
        columns={mayChange ? [...deliveryColumns, resendColumn] : deliveryColumns}
        keyOf={({ delivery_id }) => delivery_id}
        empty="Nothing has been sent yet."
      />
    </Stack>
  );
}

const subscriptionColumns: readonly Column<SubscriptionAnswer>[] = [
  { title: "Subscription", width: 220, cell: ({ subscription_id: id }) => <Identifier value={id} /> },
  { title: "Status", width: 100, cell: ({ status }) => <Status value={status} /> },
  { title: "Address", width: 260, cell: ({ url }) => <OneLine text={url} /> },
  { title: "Bound to", width: 200, cell: ({ grant_id, client_id }) => grant_id ?? client_id ?? "everything" },
  {
    title: "Events",
    width: 160,
    cell: ({ events }) => <OneLine text={events.length === 0 ? "all" : events.join(", ")} />,
  },
  { title: "Since", width: 170, cell: ({ created_at }) => <Moment at={created_at} /> },
];

const cancelColumn: Column<SubscriptionAnswer> = {
  title: "Cancel",
  width: 80,
  cell: (subscription) => (subscription.status === "active" ? <Cancel {...subscription} /> : null),
};

function Cancel({ subscription_id, url }: SubscriptionAnswer) {
  const { api } = useConnection();
  return (
    <Ask
      label="Cancel it"
      title="Cancel this subscription?"
      act={() => api.cancelSubscription({ params: { subscription_id } })}
      changes={["subscriptions"]}
    >
      <Text>{url} is told that it was cancelled, and nothing after that.</Text>
    </Ask>
  );
}

const deliveryColumns: readonly Column<DeliveryItem>[] = [
  { title: "Delivery", width: 220, cell: ({ delivery_id }) => <Identifier value={delivery_id} /> },
  { title: "Event", width: 170, cell: ({ type }) => type },
  { title: "Status", width: 100, cell: ({ status }) => <Status value={status} /> },
  { title: "Attempts", width: 90, cell: ({ attempts }) => attempts },
  { title: "Last result", width: 180, cell: ({ last_result = "" }) => <OneLine text={last_result} /> },
  { title: "Made", width: 170, cell: ({ created_at }) => <Moment at={created_at} /> },
  {
    title: "Next attempt",
    width: 170,
    cell: ({ next_attempt_at }) => (next_attempt_at === undefined ? null : <Moment at={next_attempt_at} />),
  },
];

const resendColumn: Column<DeliveryItem> = {
  title: "Again",
  width: 110,
  cell: ({ delivery_id, status }) => (status === "pending" ? null : <Resend id={delivery_id} />),
};

function Resend({ id }: { readonly id: string }) {
  const { api } = useConnection();
  const queries = useQueryClient();
  const resend = useMutation({
    mutationFn: () => api.resendDelivery({ params: { delivery_id: id } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["deliveries"] }),
  });
  return resend.isError ? (
    <Failure error={resend.error} />
  ) : (
    <Button size="compact-xs" variant="light" loading={resend.isPending} onClick={() => resend.mutate()}>
      Send again
    </Button>
  );
}
