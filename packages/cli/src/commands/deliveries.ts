// `rescind deliveries list|resend`: events on their way to webhooks, arrived, or given up.

import type { DeliveryItem, DeliveryQuery, DeliveryStatus } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

interface ListOptions extends ConnectionOptions, PageOptions {
  readonly subscription?: string;
  readonly status?: DeliveryStatus;
}

export function addDeliveries(program: Command): void {
  const deliveries = program.command("deliveries").description("events on their way to webhooks");
  const list = deliveries
    .command("list")
    .description("newest first")
    .option("--subscription <id>", "to this subscription")
    .addOption(new Option("--status <status>").choices(["pending", "delivered", "dead"]));
  pageable(connectable(list)).action(async (options: ListOptions) => {
    const found = await connect(options).admin.listDeliveries({ query: queryOf(options) });
    if (options.json === true) printJson(found);
    else printList(found, columns);
  });
  connectable(deliveries.command("resend <delivery_id>"))
    .description("send one again that arrived or was given up, at once and under the same id")
    .action(async (id: string, options: ConnectionOptions) => {
      const sent = await connect(options).admin.resendDelivery({ params: { delivery_id: id } });
      if (options.json === true) printJson(sent);
      else printMembers(sent);
    });
}

function queryOf({ subscription, status, ...options }: ListOptions): DeliveryQuery {
  return {
    ...(subscription === undefined ? {} : { subscription_id: subscription }),
    ...(status === undefined ? {} : { status }),
    ...pageOf(options),
  };
}

const columns: readonly Column<DeliveryItem>[] = [
  ["DELIVERY", (item) => item.delivery_id],
  ["SUBSCRIPTION", (item) => item.subscription_id],
  ["TYPE", (item) => item.type],
  ["STATUS", (item) => item.status],
  ["ATTEMPTS", (item) => item.attempts],
  ["LAST RESULT", (item) => item.last_result],
  ["NEXT ATTEMPT", (item) => item.next_attempt_at],
  ["CREATED", (item) => item.created_at],
];
