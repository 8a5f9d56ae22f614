// A history as a file, to be judged again: `node --conditions=source test/history/saved.ts FILE` prints what is wrong with
// it. And what is told of a violation: the records about it, by time.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { violations } from "./judge.ts";
import type { History, HistoryRecord, Violation } from "./record.ts";

/** Records that are shown of one violation at most. */
const longestExcerpt = 24;
const mostTold = 5;

/** The path of the file. */
export function saveHistory(history: History): string {
  const file = join(mkdtempSync(join(tmpdir(), "rescind-history-")), `seed-${history.seed}.json`);
  writeFileSync(file, JSON.stringify(history));
  return file;
}

/** @throws SyntaxError for what is no JSON */
function readHistory(file: string): History {
  return JSON.parse(readFileSync(file, "utf8")) as History; // written by `saveHistory`
}

/** What to print of a failure: the first violations, each with the least of the history that shows it. */
export function tell(history: History, found: readonly Violation[]): string {
  const counts = Map.groupBy(found, ({ invariant }) => invariant);
  const summary = [...counts].map(([invariant, all]) => `${invariant} ${all.length}`).join(", ");
  const told = found.slice(0, mostTold).map((violation) => {
    const lines = excerpt(history, violation).map(line);
    return [`${violation.invariant}: ${violation.what}`, ...lines].join("\n  ");
  });
  return [`${history.about}, seed ${history.seed}: ${summary}`, ...told].join("\n");
}

/** The records that the violation names, and those about its things and what they came from, the nearest in time. */
function excerpt(history: History, { things, records }: Violation): HistoryRecord[] {
  const names = new Set(things);
  const byName = new Map(history.records.flatMap(madeIn).map((thing) => [thing.name, thing]));
  for (const name of names) {
    const { parents = [], evidence = [] } = byName.get(name) ?? {};
    for (const above of [...parents, ...evidence]) if (!above.includes("/")) names.add(above);
  }
  const isNamed = (record: HistoryRecord): boolean => namesOf(record).some((name) => names.has(name));
  const last = Math.max(...records.map(({ t_inv }) => t_inv));
  const near = history.records
    .filter((record) => !records.includes(record) && isNamed(record))
    .toSorted((a, b) => Math.abs(a.t_inv - last) - Math.abs(b.t_inv - last));
  return [...records, ...near.slice(0, longestExcerpt)].toSorted((a, b) => a.t_inv - b.t_inv);
}

function madeIn(record: HistoryRecord) {
  return record.op === "issue" || record.op === "refresh" || record.op === "redeem" ? record.args.made : [];
}

function namesOf(record: HistoryRecord): string[] {
  const made = madeIn(record).map(({ name }) => name);
  if (record.op === "use") return [record.args.thing];
  if (record.op === "refresh") return [record.args.token, ...made];
  if (record.op === "redeem") return [record.args.code, ...made];
  return made;
}

function line({ proc, node, op, args, t_inv, t_ret, result, position }: HistoryRecord): string {
  const said = op === "log" ? "" : JSON.stringify(args);
  const at = position === undefined ? "" : ` at ${position}`;
  return `${t_inv.toFixed(1)}-${t_ret.toFixed(1)} ${proc} ${node} ${op} ${result}${at} ${said}`;
}

const [, script, file] = process.argv;
if (script === import.meta.filename && file !== undefined) {
  const history = readHistory(file);
  const found = violations(history);
  console.log(found.length === 0 ? "nothing contradicts the invariants" : tell(history, found));
  process.exitCode = found.length === 0 ? 0 : 1;
}
