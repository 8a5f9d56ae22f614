// `rescind issuers add|list`: foreign issuers, whose JWTs can be revoked and introspected here.

import type { IssuerItem, NewIssuer } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";
import { wholeNumber } from "../parameters.ts";

interface AddOptions extends ConnectionOptions {
  readonly maxTokenTtl?: number;
}

export function addIssuers(program: Command): void {
  const issuers = program.command("issuers").description("foreign issuers, whose JWTs can be revoked here");
  connectable(issuers.command("add <issuer> <jwks_uri>"))
    .description("register an issuer by its `iss` and the URL of its keys, or replace its settings")
    .option("--max-token-ttl <seconds>", "its tokens live no longer (86400)", wholeNumber)
    .action(add);
  pageable(connectable(issuers.command("list").description("all foreign issuers"))).action(list);
}

async function add(issuer: string, jwksUri: string, options: AddOptions): Promise<void> {
  const { maxTokenTtl } = options;
  const body: NewIssuer = {
    ...{ issuer, jwks_uri: jwksUri },
    ...(maxTokenTtl === undefined ? {} : { max_token_ttl: maxTokenTtl }),
  };
  const answer = await connect(options).admin.putIssuer({ body });
  if (options.json === true) printJson(answer);
  else printMembers(answer);
}

async function list(options: ConnectionOptions & PageOptions): Promise<void> {
  const found = await connect(options).admin.listIssuers({ query: pageOf(options) });
  if (options.json === true) printJson(found);
  else printList(found, columns);
}

const columns: readonly Column<IssuerItem>[] = [
  ["ISSUER", (item) => item.issuer],
  ["KEYS", (item) => item.jwks_uri],
  ["LONGEST LIFE", (item) => `${item.max_token_ttl} s`],
  ["SINCE", (item) => item.created_at],
];
