// `rescind revoke --file`: asks, revokes what the list names, and sums up. See token-list.ts for what a list is.

import { askBefore } from "./confirmation.ts";
import type { Connection } from "./connection.ts";
import { Failure, wrongUsage } from "./failure.ts";
import { isReadAgain, nameOf } from "./lines.ts";
import { type OrderOptions, orderSettings } from "./order.ts";
import { printJson, printMembers } from "./output.ts";
import { count } from "./progress.ts";
import { type ListSummary, revokeList } from "./revoke-list.ts";
import { countNames } from "./token-list.ts";

export interface FileOptions {
  readonly file?: string;
  readonly fromLine?: number;
  readonly yes?: true;
}

/** @throws Failure where it had to stop before the end; what was answered until then is in force and is printed */
export async function revokeFile(
  path: string,
  options: FileOptions & OrderOptions & { readonly json?: boolean },
  connection: Connection,
): Promise<void> {
  const { fromLine = 1, json = false, yes = false } = options;
  if (fromLine < 1) throw wrongUsage("--from-line counts from 1");
  const isCounted = isReadAgain(path);
  if (!isCounted && !yes)
    throw wrongUsage("a list that can be read only once needs --yes: what it reaches cannot be told before");
  const total = isCounted ? await countNames(path, fromLine) : undefined;
  if (!yes) await askBefore(whatHappens(path, total ?? 0, connection.server), "Revoke all of them?");
  const order = { path, fromLine, total, settings: orderSettings(options) };
  const { summary, stopped } = await revokeList(order, connection);
  print(summary, stopped, json);
  if (stopped === undefined) return;
  throw stoppedAfter(path, summary, stopped);
}

function whatHappens(path: string, total: number, server: string): string[] {
  return [`${count(total)} tokens and grants named in ${nameOf(path)} end at ${server}, each for itself.`];
}

function stoppedAfter(path: string, summary: ListSummary, cause: unknown): Failure {
  const { up_to_line: line } = summary;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Failure(
    "refused",
    `stopped: ${reason}\n  Everything up to line ${line} of ${nameOf(path)} is answered and in force; go on with --from-line ${line + 1}.`,
    { cause },
  );
}

function print(summary: ListSummary, stopped: unknown, json: boolean): void {
  if (json) {
    const error = stopped instanceof Error ? stopped.message : stopped;
    printJson({ ...summary, ...(error === undefined ? {} : { stopped: error }) });
    return;
  }
  const { revoked, already, unknown, unknown_lines: lines, seq, seconds } = summary;
  printMembers({
    revoked: count(revoked),
    "revoked before": count(already),
    unknown: unknown === 0 ? "0" : `${count(unknown)} (${linesTold(lines, unknown)})`,
    "from seq": seq === 0 ? undefined : seq,
    took: `${seconds} s, ${count(summary.per_second)} a second`,
  });
}

const mostTold = 10;

function linesTold(lines: readonly number[], unknown: number): string {
  const shown = lines.slice(0, mostTold).join(", ");
  const more = unknown > mostTold ? " …; --json tells up to 1,000" : "";
  return `line${unknown === 1 ? "" : "s"} ${shown}${more}`;
}
