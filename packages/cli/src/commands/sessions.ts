// `rescind sessions list`: who is signed in where. `rescind revoke --session` ends one.

import type { SessionItem, SessionQuery } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

interface Options extends ConnectionOptions, PageOptions {
  readonly subject?: string;
  readonly session?: string;
}

export function addSessions(program: Command): void {
  const sessions = program.command("sessions").description("login sessions");
  const list = sessions
    .command("list")
    .description("newest first")
    .option("--subject <sub>", "of this subject")
    .option("--session <id>", "this one");
  pageable(connectable(list)).action(async (options: Options) => {
    const found = await connect(options).admin.listSessions({ query: queryOf(options) });
    if (options.json === true) printJson(found);
    else printList(found, columns);
  });
}

function queryOf({ subject, session, ...options }: Options): SessionQuery {
  return {
    ...(subject === undefined ? {} : { subject }),
    ...(session === undefined ? {} : { session_id: session }),
    ...pageOf(options),
  };
}

const columns: readonly Column<SessionItem>[] = [
  ["SESSION", (item) => item.session_id],
  ["STATUS", (item) => item.status],
  ["SUBJECT", (item) => item.subject],
  ["ADDRESS", (item) => item.address],
  ["USER AGENT", (item) => item.user_agent],
  ["AUTHENTICATED", (item) => item.authenticated_at],
  ["LAST SEEN", (item) => item.last_seen_at],
];
