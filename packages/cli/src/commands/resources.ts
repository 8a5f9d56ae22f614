// `rescind resources create|list`: the resource servers that tokens are for (RFC 8707).

import type { NewResource, ResourceAnswer } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";
import { listOf, wholeNumber } from "../parameters.ts";

interface CreateOptions extends ConnectionOptions {
  readonly name?: string;
  readonly scopes?: string[];
  readonly format?: "jwt" | "opaque";
  readonly accessTokenTtl?: number;
  readonly alg?: NonNullable<NewResource["signing_alg"]>;
}

export function addResources(program: Command): void {
  const resources = program.command("resources").description("resource servers");
  connectable(resources.command("create <uri>"))
    .description("register a resource server, or replace its settings")
    .option("--name <name>", "shown to people")
    .option("--scopes <list>", "scopes it knows, comma-separated; none: any", listOf)
    .addOption(new Option("--format <format>", "of its access tokens").choices(["jwt", "opaque"]))
    .option("--access-token-ttl <seconds>", "life of its access tokens", wholeNumber)
    .addOption(new Option("--alg <alg>", "signing algorithm").choices(["ES256", "RS256", "PS256", "EdDSA"]))
    .action(create);
  pageable(connectable(resources.command("list").description("all resource servers"))).action(list);
}

async function create(uri: string, options: CreateOptions): Promise<void> {
  const { name, scopes, format, accessTokenTtl, alg } = options;
  const body: NewResource = {
    resource: uri,
    ...(name === undefined ? {} : { name }),
    ...(scopes === undefined ? {} : { scopes }),
    ...(format === undefined ? {} : { access_token_format: format }),
    ...(accessTokenTtl === undefined ? {} : { access_token_ttl: accessTokenTtl }),
    ...(alg === undefined ? {} : { signing_alg: alg }),
  };
  const answer = await connect(options).admin.putResource({ body });
  if (options.json === true) printJson(answer);
  else printMembers(answer);
}

async function list(options: ConnectionOptions & PageOptions): Promise<void> {
  const found = await connect(options).admin.listResources({ query: pageOf(options) });
  if (options.json === true) printJson(found);
  else printList(found, columns);
}

const columns: readonly Column<ResourceAnswer>[] = [
  ["RESOURCE", (item) => item.resource],
  ["NAME", (item) => item.name],
  ["SCOPES", (item) => item.scopes.join(" ")],
  ["FORMAT", (item) => item.access_token_format],
  ["ALG", (item) => item.signing_alg],
];
