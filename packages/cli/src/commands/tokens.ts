// `rescind tokens list`: which tokens there are, never by value.

import type { TokenItem, TokenQuery } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

interface Options extends ConnectionOptions, PageOptions {
  readonly subject?: string;
  readonly client?: string;
  readonly grant?: string;
  readonly key?: string;
  readonly session?: string;
  readonly status?: "live" | "expired" | "revoked";
  readonly kind?: "access" | "refresh";
}

export function addTokens(program: Command): void {
  const tokens = program.command("tokens").description("tokens that were issued");
  const list = tokens
    .command("list")
    .description("newest first")
    .option("--subject <sub>", "of this subject")
    .option("--client <id>", "of this client")
    .option("--grant <id>", "of this grant")
    .option("--key <id>", "issued with this consumer key")
    .option("--session <id>", "of this login session")
    .addOption(new Option("--status <status>").choices(["live", "expired", "revoked"]))
    .addOption(new Option("--kind <kind>").choices(["access", "refresh"]));
  pageable(connectable(list)).action(async (options: Options) => {
    const found = await connect(options).admin.listTokens({ query: queryOf(options) });
    if (options.json === true) printJson(found);
    else printList(found, columns);
  });
}

function queryOf(options: Options): TokenQuery {
  const { subject, client, grant, key, session, status, kind } = options;
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(client === undefined ? {} : { client_id: client }),
    ...(grant === undefined ? {} : { grant_id: grant }),
    ...(key === undefined ? {} : { key_id: key }),
    ...(session === undefined ? {} : { session_id: session }),
    ...(status === undefined ? {} : { status }),
    ...(kind === undefined ? {} : { kind }),
    ...pageOf(options),
  };
}

const columns: readonly Column<TokenItem>[] = [
  ["TOKEN", (item) => item.token_id],
  ["KIND", (item) => `${item.kind} ${item.format}`],
  ["STATUS", (item) => item.status],
  ["CLIENT", (item) => item.client_id],
  ["SUBJECT", (item) => item.subject],
  ["SCOPE", (item) => item.scope],
  ["GRANT", (item) => item.grant_id],
  ["EXPIRES", (item) => item.expires_at],
];
