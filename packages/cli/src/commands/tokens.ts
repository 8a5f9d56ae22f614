// `rescind tokens list|import`: which tokens there are, never by value; tokens made elsewhere come under management.

import type { NewImportedToken, TokenItem, TokenQuery } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { wrongUsage } from "../failure.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";
import { listOf, tokenFrom } from "../parameters.ts";

interface Options extends ConnectionOptions, PageOptions {
  readonly subject?: string;
  readonly client?: string;
  readonly grant?: string;
  readonly key?: string;
  readonly session?: string;
  readonly status?: "live" | "expired" | "revoked";
  readonly kind?: "access" | "refresh";
}

interface ImportOptions extends ConnectionOptions {
  readonly token?: string;
  readonly client: string;
  readonly subject: string;
  readonly scope?: string;
  readonly audience?: string[];
  readonly expiresAt: string;
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
  connectable(tokens.command("import [token]"))
    .description("take an opaque token that was made elsewhere under management")
    .option("--token <token>", "the token; - reads it from standard input")
    .requiredOption("--client <id>", "the client it was issued to")
    .requiredOption("--subject <sub>", "the subject it was issued for")
    .option("--scope <scopes>", "separated by spaces")
    .option("--audience <list>", "resources it is for, comma-separated", listOf)
    .requiredOption("--expires-at <time>", "RFC 3339, 24 hours ahead at most")
    .action(importToken);
}

async function importToken(argument: string | undefined, options: ImportOptions): Promise<void> {
  const { client, subject, scope, audience, expiresAt } = options;
  const token = await tokenFrom(argument, options.token);
  if (token === undefined) throw wrongUsage("which token? Name it, or give it on standard input with -");
  const body: NewImportedToken = {
    token,
    client_id: client,
    subject,
    expires_at: expiresAt,
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
  };
  const item = await connect(options).admin.importToken({ body });
  if (options.json === true) printJson(item);
  else printMembers(item);
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
