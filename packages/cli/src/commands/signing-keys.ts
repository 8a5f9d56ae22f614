// `rescind signing-keys list`: the keys that sign tokens and leases.

import type { SigningKeyItem } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type Column, printJson, printList } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

export function addSigningKeys(program: Command): void {
  const keys = program.command("signing-keys").description("keys that sign tokens and leases");
  pageable(connectable(keys.command("list").description("all signing keys"))).action(
    async (options: ConnectionOptions & PageOptions) => {
      const found = await connect(options).admin.listSigningKeys({ query: pageOf(options) });
      if (options.json === true) printJson(found);
      else printList(found, columns);
    },
  );
}

const columns: readonly Column<SigningKeyItem>[] = [
  ["KID", (item) => item.kid],
  ["USE", (item) => item.use],
  ["ALG", (item) => item.alg],
  ["STATUS", (item) => item.status],
  ["CREATED", (item) => item.created_at],
];
