// `rescind signing-keys list|rotate|revoke`: the keys that sign tokens and leases.

import { randomUUID } from "node:crypto";
import type { KeyRotation, SigningKeyItem } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { askBefore } from "../confirmation.ts";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { type OrderOptions, orderSettings, printReceipt, whatHappens } from "../order.ts";
import { type Column, printJson, printList, printTable } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";

interface RotateOptions extends ConnectionOptions {
  readonly use?: "access" | "id";
  readonly alg?: NonNullable<KeyRotation["alg"]>;
}

interface RevokeOptions extends ConnectionOptions, OrderOptions {
  readonly yes?: true;
}

export function addSigningKeys(program: Command): void {
  const keys = program.command("signing-keys").description("keys that sign tokens and leases");
  pageable(connectable(keys.command("list").description("all signing keys"))).action(
    async (options: ConnectionOptions & PageOptions) => {
      const found = await connect(options).admin.listSigningKeys({ query: pageOf(options) });
      if (options.json === true) printJson(found);
      else printList(found, columns);
    },
  );
  connectable(keys.command("rotate"))
    .description("publish new keys, which sign in about five minutes; no token is refused")
    .addOption(new Option("--use <use>", "only those for these tokens").choices(["access", "id"]))
    .addOption(new Option("--alg <alg>").choices(["ES256", "RS256", "PS256", "EdDSA"]))
    .action(rotate);
  connectable(keys.command("revoke <kid>"))
    .description("end every token signed with a key, for good; another key signs at once")
    .option("--reason <reason>", "for example key_compromise")
    .option("--note <text>", "for the audit log")
    .option("--final", "can never be lifted")
    .option("--yes", "do not ask")
    .action(revoke);
}

async function revoke(kid: string, options: RevokeOptions): Promise<void> {
  const { admin } = connect(options);
  const body = { select: { kid }, ...orderSettings(options) };
  if (options.yes !== true) {
    const preview = await admin.revoke({ body: { ...body, dry_run: true } });
    if ("by_client" in preview)
      await askBefore(whatHappens({ kind: "signing-key", kid }, preview), "Revoke the key?");
  }
  const answer = await admin.revoke({ body, idempotencyKey: randomUUID() });
  if ("id" in answer) printReceipt(answer, undefined, options);
}

async function rotate({ use, alg, ...options }: RotateOptions): Promise<void> {
  const body = { ...(use === undefined ? {} : { use }), ...(alg === undefined ? {} : { alg }) };
  const after = await connect(options).admin.rotateSigningKeys({ body });
  if (options.json === true) printJson(after);
  else printTable(after.items, columns);
}

const columns: readonly Column<SigningKeyItem>[] = [
  ["KID", (item) => item.kid],
  ["USE", (item) => item.use],
  ["ALG", (item) => item.alg],
  ["STATUS", (item) => item.status],
  ["SIGNS FROM", (item) => item.signs_from],
  ["UNTIL", (item) => item.retired_at],
];
