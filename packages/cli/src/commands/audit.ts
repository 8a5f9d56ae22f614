// `rescind audit`: who did what.

import type { AuditItem } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

interface Options extends ConnectionOptions, PageOptions {
  readonly action?: string;
  readonly actor?: string;
}

export function addAudit(program: Command): void {
  pageable(connectable(program.command("audit")))
    .description("who did what, newest first")
    .option("--action <action>", "one action only")
    .option("--actor <id>", "by this one only")
    .action(async (options: Options) => {
      const { action, actor } = options;
      const query = {
        ...(action === undefined ? {} : { action }),
        ...(actor === undefined ? {} : { actor }),
        ...pageOf(options),
      };
      const found = await connect(options).admin.listAudit({ query });
      if (options.json === true) printJson(found);
      else printList(found, columns);
    });
}

const columns: readonly Column<AuditItem>[] = [
  ["NO.", (item) => item.number],
  ["AT", (item) => item.at],
  ["ACTION", (item) => item.action],
  ["BY", (item) => `${item.actor.kind}:${item.actor.id}`],
  ["SEQ", (item) => item.seq],
  ["CONTENT", (item) => JSON.stringify(item.content)],
];
