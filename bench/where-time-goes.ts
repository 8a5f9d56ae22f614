// `node --conditions=source bench/where-time-goes.ts DIR`, after `npm run bench -- --profile DIR`: for each row a flame
// graph of the server's main thread as SVG, and one table of what kind of work it did. Sampled while rounds were measured
// and nothing else.

import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readProfile, type Sampled, type Span } from "./profile/cpu-profile.ts";
import { flameGraph } from "./profile/flame-graph.ts";
import { kindOf, kinds } from "./profile/kinds.ts";

/** Functions named for each row. */
const mostNamed = 12;

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  process.stderr.write("bench/where-time-goes.ts DIR\n");
  process.exit(2);
}
const rows = readdirSync(directory).filter((name) => statSync(join(directory, name)).isDirectory());
const threads = new Map(rows.map((row) => [row, threadsOf(join(directory, row))]));
const mains = rows.map((row) => threads.get(row)?.[0] ?? []);

process.stdout.write(`| share of the main thread's time | ${rows.join(" | ")} |\n`);
process.stdout.write(`| --- |${" --- |".repeat(rows.length)}\n`);
for (const kind of kinds) {
  const cells = mains.map((samples) =>
    percent(time(samples.filter(({ stack }) => kindOf(stack) === kind)), samples),
  );
  process.stdout.write(`| ${kind} | ${cells.join(" | ")} |\n`);
}
const others = rows.map((row) =>
  percent(time((threads.get(row) ?? []).slice(1).flat()), threads.get(row)?.[0] ?? []),
);
process.stdout.write(
  `| beside it: the writer's thread, its waiting for the disk included | ${others.join(" | ")} |\n`,
);

for (const [index, row] of rows.entries()) {
  const samples = mains[index] ?? [];
  writeFileSync(join(directory, `${row}.svg`), flameGraph(samples, `${row}: main thread of the server`));
  const named = hottest(samples).map(([name, spent]) => `${name} ${percent(spent, samples)}`);
  process.stdout.write(`\n${row}: ${named.join(", ")}\n`);
}

/** The main thread's first: it began first. */
function threadsOf(row: string): Sampled[][] {
  const spans: readonly Span[] = JSON.parse(readFileSync(join(row, "rounds.json"), "utf8"));
  const files = readdirSync(row).filter((name) => name.endsWith(".cpuprofile"));
  // CPU.date.time.process.thread.number.cpuprofile; the main thread has number 0.
  const number = (name: string): number => Number(name.split(".")[4]);
  return files.sort((a, b) => number(a) - number(b)).map((name) => readProfile(join(row, name), spans));
}

/** Functions by the time they took themselves, native code they called included. */
function hottest(samples: readonly Sampled[]): [string, number][] {
  const spent = new Map<string, number>();
  for (const { stack, self } of samples) {
    const name = stack.at(-1)?.name || "(anonymous)";
    spent.set(name, (spent.get(name) ?? 0) + self);
  }
  return [...spent].sort(([, a], [, b]) => b - a).slice(0, mostNamed);
}

function time(samples: readonly Sampled[]): number {
  return samples.reduce((sum, { self }) => sum + self, 0);
}

function percent(part: number, whole: readonly Sampled[]): string {
  return `${((100 * part) / Math.max(1, time(whole))).toFixed(1)} %`;
}
