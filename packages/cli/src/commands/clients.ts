// `rescind clients create|list|suspend|approve`.

import type { ClientAnswer, NewClient } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { askBefore } from "../confirmation.ts";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";
import { listOf, wholeNumber } from "../parameters.ts";
import { type SuspendOptions, suspendable, suspensionOf } from "../suspension.ts";

interface CreateOptions extends ConnectionOptions {
  readonly id?: string;
  readonly grantTypes: string[];
  readonly authMethod?: NonNullable<NewClient["token_endpoint_auth_method"]>;
  readonly scope?: string;
  readonly audience?: string[];
  readonly redirectUris?: string[];
  readonly jwksUri?: string;
  readonly format?: "jwt" | "opaque";
  readonly accessTokenTtl?: number;
}

export function addClients(program: Command): void {
  const clients = program.command("clients").description("registered clients");
  connectable(clients.command("create <name>"))
    .description("register a client; its secret is printed once")
    .option("--id <client_id>", "its id; made up if absent")
    .option("--grant-types <list>", "comma-separated", listOf, ["client_credentials"])
    .addOption(
      new Option("--auth-method <method>", "how it authenticates").choices([
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
      ]),
    )
    .option("--scope <scopes>", "scopes it may have, separated by spaces")
    .option("--audience <list>", "resources it may ask for, comma-separated, the default first", listOf)
    .option("--redirect-uris <list>", "comma-separated", listOf)
    .option("--jwks-uri <url>", "its public keys, for private_key_jwt")
    .addOption(new Option("--format <format>", "of its access tokens").choices(["jwt", "opaque"]))
    .option("--access-token-ttl <seconds>", "life of its access tokens", wholeNumber)
    .action(create);
  pageable(connectable(clients.command("list").description("newest first"))).action(list);
  suspendable(connectable(clients.command("suspend <client_id>")))
    .description("take a client out of service: all its tokens are dead and nothing is issued")
    .action(suspend);
  connectable(clients.command("approve <client_id>"))
    .description("put a suspended client back; unexpired tokens return")
    .action(async (clientId: string, options: ConnectionOptions) =>
      print(options, await connect(options).admin.approveClient({ params: { client_id: clientId } })),
    );
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { id, authMethod, scope, audience, redirectUris, jwksUri, format, accessTokenTtl } = options;
  const body: NewClient = {
    name,
    // The server names a grant type it does not know; the list of them is not kept twice.
    grant_types: options.grantTypes as NewClient["grant_types"],
    ...(id === undefined ? {} : { client_id: id }),
    ...(authMethod === undefined ? {} : { token_endpoint_auth_method: authMethod }),
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
    ...(redirectUris === undefined ? {} : { redirect_uris: redirectUris }),
    ...(jwksUri === undefined ? {} : { jwks_uri: jwksUri }),
    ...(format === undefined ? {} : { access_token_format: format }),
    ...(accessTokenTtl === undefined ? {} : { access_token_ttl: accessTokenTtl }),
  };
  print(options, await connect(options).admin.createClient({ body }));
}

async function list(options: ConnectionOptions & PageOptions): Promise<void> {
  const found = await connect(options).admin.listClients({ query: pageOf(options) });
  if (options.json === true) printJson(found);
  else printList(found, columns);
}

async function suspend(clientId: string, options: ConnectionOptions & SuspendOptions): Promise<void> {
  if (options.yes !== true)
    await askBefore(
      [`All tokens of ${clientId} stop working and it gets no new ones, until approved.`],
      "Suspend?",
    );
  const params = { client_id: clientId };
  print(options, await connect(options).admin.suspendClient({ params, body: suspensionOf(options) }));
}

function print(options: ConnectionOptions, client: ClientAnswer): void {
  if (options.json === true) printJson(client);
  else
    printMembers({
      client_id: client.client_id,
      client_secret: client.client_secret,
      name: client.name,
      status: client.status,
      grant_types: client.grant_types.join(" "),
      auth_method: client.token_endpoint_auth_method,
      scope: client.scope,
      audience: client.audience.join(" "),
      keys: client.keys.map((key) => `${key.key_id} (${key.status})`).join(", "),
    });
}

const columns: readonly Column<ClientAnswer>[] = [
  ["CLIENT", (item) => item.client_id],
  ["NAME", (item) => item.name],
  ["STATUS", (item) => item.status],
  ["GRANT TYPES", (item) => item.grant_types.join(" ")],
  ["SCOPE", (item) => item.scope],
  ["KEYS", (item) => item.keys.length],
];
