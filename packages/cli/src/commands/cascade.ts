// `rescind cascade`: the table of what each order reaches. Needs no server.

import { cascade } from "@rescind/admin-api";
import type { Command } from "commander";
import { printJson, printTable } from "../output.ts";

export function addCascade(program: Command): void {
  program
    .command("cascade")
    .description("print what each kind of revocation reaches")
    .option("--json", "as JSON")
    .action((options: { readonly json?: boolean }) => {
      if (options.json === true)
        return printJson(
          cascade.map(({ order, covers, announcedAs }) => ({ order, covers, announced_as: announcedAs })),
        );
      printTable(cascade, [
        ["ORDER", (row) => row.order],
        ["COVERS", (row) => row.covers],
        ["ANNOUNCED AS", (row) => row.announcedAs.join(", ")],
      ]);
    });
}
