// `rescind grants list`: what subjects gave clients.

import type { GrantItem, GrantQuery } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

interface Options extends ConnectionOptions, PageOptions {
  readonly subject?: string;
  readonly client?: string;
  readonly key?: string;
  readonly session?: string;
  readonly status?: "live" | "expired" | "revoked";
}

export function addGrants(program: Command): void {
  const grants = program.command("grants").description("what subjects gave clients");
  const list = grants
    .command("list")
    .description("newest first")
    .option("--subject <sub>", "of this subject")
    .option("--client <id>", "to this client")
    .option("--key <id>", "of which a token was issued with this consumer key")
    .option("--session <id>", "opened in this login session")
    .addOption(new Option("--status <status>").choices(["live", "expired", "revoked"]));
  pageable(connectable(list)).action(async (options: Options) => {
    const found = await connect(options).admin.listGrants({ query: queryOf(options) });
    if (options.json === true) printJson(found);
    else printList(found, columns);
  });
}

function queryOf(options: Options): GrantQuery {
  const { subject, client, key, session, status } = options;
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(client === undefined ? {} : { client_id: client }),
    ...(key === undefined ? {} : { key_id: key }),
    ...(session === undefined ? {} : { session_id: session }),
    ...(status === undefined ? {} : { status }),
    ...pageOf(options),
  };
}

const columns: readonly Column<GrantItem>[] = [
  ["GRANT", (item) => item.grant_id],
  ["STATUS", (item) => item.status],
  ["SUBJECT", (item) => item.subject],
  ["CLIENT", (item) => item.client_id],
  ["SCOPE", (item) => item.scope],
  ["OPENED", (item) => item.opened_at],
  ["LAST USED", (item) => item.last_used_at],
];
