// The tables of bench/growth.ts.

import { median } from "../measure/median.ts";
import type { Figure } from "./at-size.ts";
import type { Start } from "./grown-server.ts";
import type { Download } from "./snapshot-download.ts";
import type { Stretch } from "./sustained.ts";
import type { Tail } from "./tail.ts";

/** What was measured at one size. */
export interface Column {
  readonly size: number;
  /** Bytes of the database for each that was added. */
  readonly bytes: number;
  readonly began: readonly Start[];
  readonly figures: readonly Figure[];
  readonly download: Download | undefined;
  /** MiB after all of it, and the most. */
  readonly memory: { readonly now: number; readonly most: number } | undefined;
}

export function printColumns(what: string, columns: readonly Column[]): void {
  const line = (cells: readonly string[]): void => console.log(`| ${cells.join(" | ")} |`);
  const row = (title: string, cell: (column: Column) => string): void => line([title, ...columns.map(cell)]);
  console.log("");
  row(what, ({ size }) => number(size));
  line(["---", ...columns.map(() => "---")]);
  row("bytes of the database for each", ({ bytes }) => number(Math.round(bytes)));
  const of = (field: keyof Start) => (column: Column) =>
    number(Math.round(median(column.began.map((start) => start[field] ?? 0))));
  row("start, ms until ready", of("readyMs"));
  row("start, ms of the processor", of("processorMs"));
  row("memory then, MiB", of("memory"));
  row("memory after the rounds, MiB (most)", ({ memory }) =>
    memory === undefined ? "" : `${memory.now.toFixed(0)} (${memory.most.toFixed(0)})`,
  );
  for (const [index, { title }] of (columns[0]?.figures ?? []).entries())
    row(`${title}: p50 / p99 / longest, ms`, ({ figures }) => latency(figures[index]));
  if (columns.every(({ download }) => download === undefined)) return;
  row("snapshot, bytes", ({ download }) => number(download?.bytes ?? 0));
  row("snapshot, ms: made / again", ({ download }) =>
    download === undefined ? "" : `${download.firstMs.toFixed(0)} / ${download.againMs.toFixed(0)}`,
  );
  row("longest answer to others meanwhile, ms", ({ download }) => download?.othersLongest.toFixed(1) ?? "");
}

export function printTails(tails: readonly Tail[]): void {
  console.log("\n| open loop | capacity/s | due/s | p50 ms | p99 ms | longest ms |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const { title, capacity, rate, p50, p99, longest } of tails)
    console.log(
      `| ${title} | ${number(Math.round(capacity))} | ${number(Math.round(rate))} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${longest.toFixed(1)} |`,
    );
}

/** Ten lines however long it was, and the whole of it. */
export function printStretches(all: readonly Stretch[]): void {
  console.log("\n| issuing at full speed | requests/s | p99 ms | longest ms | memory MiB | database MiB |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  const size = Math.max(1, Math.ceil(all.length / 10));
  const parts = Array.from({ length: Math.ceil(all.length / size) }, (_, part) =>
    all.slice(part * size, (part + 1) * size),
  );
  for (const [part, stretches] of [...parts.entries(), ["all", all] as const]) {
    const most = (field: keyof Stretch): number => Math.max(...stretches.map((stretch) => stretch[field]));
    const rate = median(stretches.map((stretch) => stretch.rate));
    const name = part === "all" ? "all" : `part ${part + 1} of ${parts.length}`;
    console.log(
      `| ${name} | ${number(Math.round(rate))} | ${most("p99").toFixed(1)} | ${most("longest").toFixed(1)} | ${most("memory").toFixed(0)} | ${number(Math.round(most("databaseMiB")))} |`,
    );
  }
}

function latency(figure: Figure | undefined): string {
  if (figure === undefined) return "";
  return [figure.p50, figure.p99, figure.longest].map((value) => value.toFixed(1)).join(" / ");
}

function number(value: number): string {
  return value.toLocaleString("en");
}
