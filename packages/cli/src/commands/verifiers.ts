// `rescind verifiers`: which verifier has applied what.

import type { VerifierItem } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

export function addVerifiers(program: Command): void {
  pageable(connectable(program.command("verifiers")))
    .description("which verifier has applied what")
    .action(async (options: ConnectionOptions & PageOptions) => {
      const found = await connect(options).admin.listVerifiers({ query: pageOf(options) });
      if (options.json === true) printJson(found);
      else printList(found, columns);
    });
}

const columns: readonly Column<VerifierItem>[] = [
  ["VERIFIER", (item) => item.name ?? item.verifier],
  ["CLIENT", (item) => item.client_id],
  ["APPLIED", (item) => item.applied.seq],
  ["LAG", (item) => item.lag],
  ["FRESH", (item) => (item.fresh ? "yes" : "no")],
  ["LAST LEASE", (item) => item.last_lease_at],
  ["CHECKS", (item) => item.counts?.checks ?? 0],
  ["REFUSALS", (item) => item.counts?.refusals ?? 0],
  ["USES OF REVOKED", (item) => item.counts?.revoked_uses ?? 0],
];
