// `rescind revocations list`: the history of orders.

import type { RevocationItem } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

interface Options extends ConnectionOptions, PageOptions {
  readonly subject?: string;
  readonly client?: string;
}

export function addRevocations(program: Command): void {
  const revocations = program.command("revocations").description("the history of revocations");
  pageable(connectable(revocations.command("list")))
    .description("newest first")
    .option("--subject <sub>", "about this subject")
    .option("--client <id>", "about this client")
    .action(async (options: Options) => {
      const { subject, client } = options;
      const query = {
        ...(subject === undefined ? {} : { subject }),
        ...(client === undefined ? {} : { client_id: client }),
        ...pageOf(options),
      };
      const list = await connect(options).admin.listRevocations({ query });
      if (options.json === true) printJson(list);
      else printList(list, columns);
    });
}

const columns: readonly Column<RevocationItem>[] = [
  ["REVOCATION", (item) => item.id],
  ["SEQ", (item) => item.seq],
  ["AT", (item) => item.at],
  ["SELECT", (item) => JSON.stringify(item.select)],
  ["REASON", (item) => item.reason],
  ["BY", (item) => `${item.actor.kind}:${item.actor.id}`],
  ["", (item) => stateOf(item)],
];

function stateOf(item: RevocationItem): string {
  if (item.lifted_by !== undefined) return `lifted by ${item.lifted_by}`;
  return [item.suspend ? "suspension" : "", item.final ? "final" : ""].filter(Boolean).join(", ");
}
