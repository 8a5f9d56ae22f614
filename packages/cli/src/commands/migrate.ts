// `rescind migrate`: moves the database to another engine or server while no server runs on it; the log goes on, so that
// verifiers do not notice. docs/operations/backup.md.

import type { Command } from "commander";
import { askBefore } from "../confirmation.ts";
import { orRefused } from "../database.ts";
import { wrongUsage } from "../failure.ts";
import { printJson, printMembers } from "../output.ts";
import { count, perSecond } from "../progress.ts";
import { rowProgress } from "../row-progress.ts";

interface MigrateOptions {
  readonly from: string;
  readonly to?: string;
  readonly undo?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addMigrate(program: Command): void {
  program
    .command("migrate")
    .description("move the database to another engine or server; the server must be stopped, tokens live on")
    .requiredOption("--from <address>", "where it is: sqlite:PATH or postgres://…")
    .option("--to <address>", "an empty database: sqlite:PATH or postgres://…")
    .option("--undo", "serve the old one again: what was done at the new one is lost, and all tokens end")
    .option("--yes", "do not ask")
    .option("--json", "print the result as JSON")
    .action((options: MigrateOptions) => orRefused(() => migrate(options)));
}

async function migrate(options: MigrateOptions): Promise<void> {
  const { from, to, undo = false } = options;
  if ((to === undefined) !== undo) throw wrongUsage("name the new database with --to, or say --undo");
  const server = await import("@rescind/server");
  for (const [flag, address] of Object.entries({ "--from": from, "--to": to }))
    if (address !== undefined && !server.isDatabaseAddress(address))
      throw wrongUsage(`${flag} must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE`);
  if (to === undefined) return undoMove(options, server.undoMove);
  const began = performance.now();
  const progress = rowProgress("Moving");
  const moved = await server.moveDatabase(from, to, progress.moved).finally(() => progress.end());
  const took = performance.now() - began;
  if (options.json === true) {
    const { resumedAt, ...rest } = moved;
    printJson({ ...rest, resumed_at: resumedAt, milliseconds: Math.round(took) });
    return;
  }
  printMembers({
    from: moved.from,
    to: moved.to,
    issuer: moved.issuer,
    position: moved.position.seq,
    rows: count(moved.rows),
    "copied before": moved.resumedAt === 0 ? undefined : count(moved.resumedAt),
    took: `${(took / 1000).toFixed(1)} s, ${count(perSecond(moved.rows - moved.resumedAt, took))} rows a second`,
    compared: "counts and sums of every table, the log's chain and the audit chain",
  });
  console.log(
    `\nServe the new one with --database and the same master key${moved.to.startsWith("postgres") ? " (RESCIND_MASTER_KEY)" : ""}. A server that is started on the old one by mistake refuses.`,
  );
}

async function undoMove(
  { from, yes, json }: MigrateOptions,
  undo: (from: string) => Promise<"moved" | "not-done">,
): Promise<void> {
  const what =
    "What was done since at the new database is not in this one: every token and session ends with its next start.";
  if (yes !== true) await askBefore([what], "Serve the old database again?");
  const was = await undo(from);
  if (json === true) printJson({ undone: true, was_done: was === "moved" });
  else
    console.log(
      was === "moved"
        ? "It may be served again; a new epoch begins with its next start. Serve the other one no more."
        : "It may be served again: the move had not been done, nothing is lost. Remove what has arrived at the target.",
    );
}
