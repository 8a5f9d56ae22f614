// `rescind backup`: the whole database in one file, beside a running server or without one. docs/operations/backup.md.

import type { Command } from "commander";
import { type DatabaseOptions, databased, orRefused } from "../database.ts";
import { printJson, printMembers } from "../output.ts";
import { count } from "../progress.ts";
import { rowProgress } from "../row-progress.ts";

interface BackupOptions extends DatabaseOptions {
  readonly to: string;
}

export function addBackup(program: Command): void {
  databased(program.command("backup"))
    .description(
      "write the whole database to one file, beside a running server too; it holds no usable secret",
    )
    .requiredOption("--to <path>", "a new file, or a directory in which one is named by issuer and time")
    .action((options: BackupOptions) => orRefused(() => backup(options)));
}

async function backup({ to, json, ...options }: BackupOptions): Promise<void> {
  const { backUp, databaseSettings } = await import("@rescind/server");
  const { database } = databaseSettings(options, process.env, "without-secrets");
  const progress = rowProgress("Backing up");
  const made = await backUp(database, to, progress.moved).finally(() => progress.end());
  const rows = Object.values(made.counts).reduce((sum, one) => sum + one, 0);
  if (json === true)
    printJson({
      path: made.path,
      issuer: made.issuer,
      engine: made.engine,
      schema: made.schema,
      made_at: new Date(made.madeAtMs).toISOString(),
      position: made.position,
      counts: made.counts,
      bytes: made.bytes,
      sha256: made.sha256,
    });
  else
    printMembers({
      file: made.path,
      issuer: made.issuer,
      position: made.position.seq,
      rows: count(rows),
      bytes: count(made.bytes),
      "sha-256": made.sha256,
      "read again": "checksum, counts, log and audit chain fit",
      "not in it":
        "the master key: keep RESCIND_MASTER_KEY or DIR/master.key elsewhere, without it the backup is of no use",
    });
}
