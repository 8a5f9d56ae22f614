// What the benchmark says at its end: one table to read, in Markdown.

import type { Compared } from "./compare.ts";
import type { Machine } from "./machine.ts";
import { median } from "./median.ts";
import type { Options } from "./options.ts";
import { connections, type Measured, type Side } from "./side.ts";

/** The whole report. */
export function report(compared: readonly Compared[], machine: Machine, options: Options): string {
  const round = options.requests === undefined ? `${options.seconds} s` : `${options.requests} requests`;
  return [
    machine.words,
    `Durable write of 4 KiB: ${machine.durableWrite.toFixed(2)} ms. ${connections} keep-alive connections, ` +
      `${options.rounds} alternating rounds of ${round} each, after a warm-up. Server on one core, load on another.${ours(options)}`,
    ...machine.warnings.map((warning) => `WARNING: ${warning}.`),
    "",
    ...table(
      ["work", "requests/s: median (min–max)", "", "ratio", "at least", "p50 / p99 ms", ""],
      compared.map(rateCells),
    ),
    "",
    ...table(
      ["work", "µs of the server's core per request", "", "ratio", "server's core", "", "load's core"],
      compared.map(costCells),
    ),
    "",
    ...checks(compared),
  ].join("\n");
}

function ours({ database, nodes }: Options): string {
  if (database === "sqlite") return "";
  return ` Ours: ${nodes === 1 ? "one node" : `${nodes} nodes`} and PostgreSQL (fsync on), all on the servers' core.`;
}

function rateCells({ title, atLeast, sides }: Compared): string[] {
  const [first, second] = sides;
  const ratio = over(first, second, ({ rate }) => rate);
  const asked = atLeast === undefined ? "" : `${atLeast} × ${ratio >= atLeast ? "met" : "NOT met"}`;
  return [title, rates(first), rates(second), times(ratio), asked, latencies(first), latencies(second)];
}

/** Processor time hardly depends on what else runs on the machine: here the ratio is the peer's over ours. */
function costCells({ title, sides }: Compared): string[] {
  const [first, second] = sides;
  const cost = ({ cost: microseconds }: Measured): number => microseconds ?? Number.NaN;
  const busy = ({ serverBusy }: Measured): number => serverBusy ?? Number.NaN;
  const load = Math.max(...sides.flatMap(({ rounds }) => rounds.map(({ loadBusy }) => loadBusy)));
  return [
    title,
    `${named(first)} ${tenths(middle(first, cost))}${database(first)}`,
    `${named(second)} ${tenths(middle(second, cost))}`,
    times(over(second, first, cost)),
    percent(middle(first, busy)),
    percent(middle(second, busy)),
    `at most ${percent(load)}`,
  ];
}

/** What of the cost is the database's, where that is not within the server. */
function database(side: Side | undefined): string {
  const part = middle(side, ({ databaseCost }) => databaseCost ?? Number.NaN);
  return Number.isNaN(part) ? "" : ` (PostgreSQL ${tenths(part)})`;
}

function checks(compared: readonly Compared[]): string[] {
  const sides = compared.flatMap((row) => row.sides);
  const answers = sides.flatMap(({ rounds }) => rounds).reduce((sum, { requests }) => sum + requests, 0);
  const bodies = sides.reduce((sum, { checked }) => sum + checked, 0);
  const wrong = sides.flatMap((side) => side.wrong);
  const looked = `${whole(answers)} statuses and ${whole(bodies)} bodies looked at`;
  if (wrong.length === 0) return [`Checks held: ${looked}.`];
  return [`CHECKS FAILED (${looked}):`, ...wrong.map((line) => `- ${line}`)];
}

function rates(side: Side | undefined): string {
  const all = (side?.rounds ?? []).map(({ rate }) => rate);
  return `${named(side)} ${whole(median(all))} (${whole(Math.min(...all))}–${whole(Math.max(...all))})`;
}

function latencies(side: Side | undefined): string {
  return `${middle(side, ({ p50 }) => p50).toFixed(1)} / ${middle(side, ({ p99 }) => p99).toFixed(1)}`;
}

function middle(side: Side | undefined, figure: (round: Measured) => number): number {
  return median((side?.rounds ?? []).map(figure));
}

function over(
  first: Side | undefined,
  second: Side | undefined,
  figure: (round: Measured) => number,
): number {
  return middle(first, figure) / middle(second, figure);
}

const named = (side: Side | undefined): string => side?.name ?? "";
const times = (ratio: number): string => (Number.isNaN(ratio) ? "–" : `${ratio.toFixed(2)} ×`);
const percent = (share: number): string => (Number.isNaN(share) ? "–" : `${Math.round(share * 100)} %`);
const tenths = (number: number): string => (Number.isNaN(number) ? "–" : number.toFixed(1));
const whole = (number: number): string => Math.round(number).toLocaleString("en-US");

function table(head: readonly string[], body: readonly (readonly string[])[]): string[] {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, 3, ...body.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...body.map(line)];
}
