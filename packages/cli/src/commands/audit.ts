// `rescind audit list|verify|export`: who did what, and whether the chain of records fits, by the server's own check or
// computed here from an export. `list` may be left out.

import { hash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type AuditItem, verifyAuditLines } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { refused } from "../failure.ts";
import { linesOf, nameOf } from "../lines.ts";
import { type Column, printJson, printList, printMembers } from "../output.ts";
import { type PageOptions, pageable, pageOf } from "../page.ts";
import { count, type Progress, showProgress } from "../progress.ts";

interface ListOptions extends ConnectionOptions, PageOptions {
  readonly action?: string;
  readonly actor?: string;
}

interface VerifyOptions extends ConnectionOptions {
  readonly file?: string;
}

interface ExportOptions extends ConnectionOptions {
  readonly out?: string;
}

export function addAudit(program: Command): void {
  const audit = program.command("audit").description("who did what");
  pageable(connectable(audit.command("list", { isDefault: true })))
    .description("newest first")
    .option("--action <action>", "one action only")
    .option("--actor <id>", "by this one only")
    .action(list);
  connectable(audit.command("verify"))
    .description("compute the chain of records again: the server does, or with --file this computer")
    .option("--file <path>", "an export; needs no server. `-` reads standard input")
    .action(verify);
  connectable(audit.command("export"))
    .description("all records as JSON lines, oldest first, with everything that their hashes cover")
    .option("--out <file>", "where to write it (default: standard output)")
    .action(exportTo);
}

async function list(options: ListOptions): Promise<void> {
  const { action, actor } = options;
  const query = {
    ...(action === undefined ? {} : { action }),
    ...(actor === undefined ? {} : { actor }),
    ...pageOf(options),
  };
  const found = await connect(options).admin.listAudit({ query });
  if (options.json === true) printJson(found);
  else printList(found, columns);
}

async function verify(options: VerifyOptions): Promise<void> {
  const found = await (options.file === undefined ? verifyThere(options) : verifyHere(options.file));
  const { records, head, broken_at: brokenAt } = found;
  if (options.json === true) printJson(found);
  else printMembers({ "records that fit": count(records), head });
  if (brokenAt !== undefined)
    throw refused(`record ${brokenAt} does not fit: it was changed, or the one before it taken out`);
}

async function verifyThere(options: ConnectionOptions) {
  return connect(options).admin.verifyAudit();
}

async function verifyHere(path: string) {
  const progress = await showProgress({
    title: `Verifying ${nameOf(path)}`,
    of: "records",
    total: undefined,
  });
  const sha256 = (bytes: Uint8Array): string => hash("sha256", bytes, "base64url");
  try {
    const { records, head, brokenAt } = await verifyAuditLines(counted(linesOf(path), progress), sha256);
    return { records, head, ...(brokenAt === undefined ? {} : { broken_at: brokenAt }) };
  } finally {
    progress.end();
  }
}

async function* counted(lines: AsyncIterable<string>, progress: Progress): AsyncGenerator<string> {
  let read = 0;
  for await (const line of lines) {
    yield line;
    read += 1;
    if (read % 1000 === 0) progress.reached(read);
  }
}

/** A part is never taken for the whole: where the stream breaks off this fails. */
async function exportTo(options: ExportOptions): Promise<void> {
  const lines = await connect(options).admin.exportAudit();
  const out = options.out === undefined ? process.stdout : createWriteStream(options.out, { mode: 0o600 });
  try {
    await pipeline(Readable.fromWeb(lines), out, { end: options.out !== undefined });
  } catch (cause) {
    throw refused(`the export broke off: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

const columns: readonly Column<AuditItem>[] = [
  ["NO.", (item) => item.number],
  ["AT", (item) => item.at],
  ["ACTION", (item) => item.action],
  ["BY", (item) => `${item.actor.kind}:${item.actor.id}`],
  ["SEQ", (item) => item.seq],
  ["CONTENT", (item) => JSON.stringify(item.content)],
];
