// `rescind webhooks add|list|remove`: where events are sent to.

import type { NewSubscription, SubscriptionAnswer, SubscriptionQuery } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";
import { listOf } from "../parameters.ts";

interface BindingOptions {
  readonly grant?: string;
  readonly client?: string;
}

interface AddOptions extends ConnectionOptions, BindingOptions {
  readonly events?: NonNullable<NewSubscription["events"]>;
}

export function addWebhooks(program: Command): void {
  const webhooks = program.command("webhooks").description("where events are sent to");
  connectable(webhooks.command("add <url>"))
    .description("subscribe a URL; the secret that deliveries are signed with is printed once")
    .option("--grant <id>", "events of this grant; cancelled with it")
    .option("--client <client_id>", "events of this client; cancelled when it is suspended")
    .option("--events <list>", "only these, comma-separated; all if absent", listOf)
    .action(add);
  const list = webhooks
    .command("list")
    .description("newest first")
    .option("--grant <id>", "of this grant")
    .option("--client <client_id>", "of this client and its grants");
  pageable(connectable(list)).action(async (options: ConnectionOptions & PageOptions & BindingOptions) => {
    const found = await connect(options).admin.listSubscriptions({ query: queryOf(options) });
    if (options.json === true) printJson(found);
    else printList(found, columns);
  });
  connectable(webhooks.command("remove <subscription_id>"))
    .description("cancel a subscription; one last event says so")
    .action(remove);
}

async function add(url: string, options: AddOptions): Promise<void> {
  const { grant, client, events } = options;
  const body: NewSubscription = {
    url,
    ...(grant === undefined ? {} : { grant_id: grant }),
    ...(client === undefined ? {} : { client_id: client }),
    // The server names an event it does not know.
    ...(events === undefined ? {} : { events }),
  };
  const made = await connect(options).admin.createSubscription({ body });
  if (options.json === true) printJson(made);
  else printMembers({ ...made, events: eventsOf(made) });
}

async function remove(id: string, options: ConnectionOptions): Promise<void> {
  await connect(options).admin.cancelSubscription({ params: { subscription_id: id } });
  if (options.json !== true) console.log(`${id} is cancelled`);
}

function queryOf({ grant, client, ...options }: PageOptions & BindingOptions): SubscriptionQuery {
  return {
    ...(grant === undefined ? {} : { grant_id: grant }),
    ...(client === undefined ? {} : { client_id: client }),
    ...pageOf(options),
  };
}

function eventsOf({ events }: Pick<SubscriptionAnswer, "events">): string {
  return events.length === 0 ? "all" : events.join(",");
}

const columns: readonly Column<SubscriptionAnswer>[] = [
  ["SUBSCRIPTION", (item) => item.subscription_id],
  ["STATUS", (item) => item.status],
  ["GRANT", (item) => item.grant_id],
  ["CLIENT", (item) => item.client_id],
  ["EVENTS", eventsOf],
  ["URL", (item) => item.url],
  ["CREATED", (item) => item.created_at],
];
