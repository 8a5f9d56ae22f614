// What grows with the database and what does not: live tokens, standing entries, long issuing, and the tail. Exits with 1
// if an answer was not as it must be; never because of a time. Run, after `npm run build`:
// node --conditions=source bench/growth.ts [--parts LIST] [--tokens LIST] [--entries LIST] [--seconds N] [--data DIR] …

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Figure, measureEndpoints } from "./growth/at-size.ts";
import { fillEntries, fillExpired, fillLive } from "./growth/fill.ts";
import {
  databaseBytes,
  type Ground,
  type GrownServer,
  newGround,
  type Start,
  startGrown,
} from "./growth/grown-server.ts";
import { type Column, printColumns, printStretches, printTails } from "./growth/print.ts";
import { type Download, downloadSnapshot } from "./growth/snapshot-download.ts";
import { issueFor } from "./growth/sustained.ts";
import { measureTails } from "./growth/tail.ts";
import { LoadGenerator } from "./load/load-generator.ts";
import { describeMachine } from "./measure/machine.ts";
import { pinThisProcess } from "./pinned-process.ts";

const { values } = parseArgs({
  options: {
    parts: { type: "string", default: "tokens,entries,tail,sustained" },
    /** Sizes to measure at; each is filled up from the one before. */
    tokens: { type: "string", default: "10000,100000,1000000" },
    entries: { type: "string", default: "0,10000,1000000" },
    /** Requests of each round. */
    requests: { type: "string", default: "4000" },
    /** How often the server is started at each size. */
    starts: { type: "string", default: "5" },
    /** Of issuing at full speed, and of each open loop a tenth of it. */
    seconds: { type: "string", default: "60" },
    /** Expired tokens, to be removed meanwhile. */
    expired: { type: "string", default: "500000" },
    workers: { type: "string", default: "1" },
    data: { type: "string", default: "data" },
  },
});
const sizes = (text: string): number[] =>
  text
    .split(",")
    .map(Number)
    .toSorted((a, b) => a - b);
const [requests, starts, seconds] = [Number(values.requests), Number(values.starts), Number(values.seconds)];
/** Texts of live tokens that are asked about. */
const sample = 20_000;
mkdirSync(values.data, { recursive: true });
pinThisProcess();
const machine = describeMachine(values.data);
const below = mkdtempSync(join(values.data, "bench-growth-"));
const load = new LoadGenerator();
const run: Record<string, () => Promise<void>> = { tokens, entries, tail, sustained };
let running: GrownServer | undefined;
try {
  console.log(`${machine.words}; a durable write of 4 KiB takes ${machine.durableWrite.toFixed(2)} ms`);
  for (const warning of machine.warnings) console.log(`Warning: ${warning}`);
  for (const part of values.parts.split(",")) {
    const measure = run[part];
    if (measure === undefined) throw new Error(`There is no part ${part}: ${Object.keys(run).join(", ")}.`);
    await measure();
    console.log(`\n(${part}: load of the machine at the end ${loadavg()[0]?.toFixed(1)})`);
  }
} finally {
  await load.close();
  await running?.stop();
  rmSync(below, { recursive: true, force: true });
}

async function tokens(): Promise<void> {
  const { ground, place, clientId } = await freshGround();
  const columns: Column[] = [];
  const live: string[] = [];
  let filled = 0;
  for (const size of sizes(values.tokens)) {
    say(`filling up to ${size} live tokens`);
    const before = databaseBytes(ground);
    const more = size - filled;
    const texts = await fillLive(place, { clientId, count: more, sample });
    live.push(...texts.slice(0, sample));
    filled = size;
    const bytes = (databaseBytes(ground) - before) / more;
    columns.push({ size, bytes, ...(await atSize(ground, live)) });
  }
  printColumns("live tokens", columns);
}

async function entries(): Promise<void> {
  const { ground, place, clientId } = await freshGround();
  const live = await fillLive(place, { clientId, count: Math.min(10_000, sample), sample });
  const columns: Column[] = [];
  let filled = 0;
  for (const size of sizes(values.entries)) {
    say(`filling up to ${size} standing entries`);
    const before = databaseBytes(ground);
    const more = size - filled;
    await fillEntries(place, more);
    filled = size;
    const bytes = more === 0 ? 0 : (databaseBytes(ground) - before) / more;
    columns.push({ size, bytes, ...(await atSize(ground, live, Math.max(seconds / 10, size / 200_000))) });
  }
  printColumns("standing entries", columns);
}

/** @param snapshotS for how long others ask while a snapshot is made; none is asked for where it is not given */
async function atSize(ground: Ground, live: readonly string[], snapshotS?: number) {
  const began: Start[] = [];
  for (let time = 1; time < starts; time++) began.push(await startAndStop(ground));
  const { server, began: last } = await started(ground);
  began.push(last);
  const figures: Figure[] = await measureEndpoints({ server, load, live, requests });
  let download: Download | undefined;
  if (snapshotS !== undefined) download = await downloadSnapshot(server, load, snapshotS);
  const memory = server.memory();
  await ended();
  return { began, figures, download, memory };
}

async function tail(): Promise<void> {
  const { ground, place, clientId } = await freshGround();
  const count = Math.max(...sizes(values.tokens));
  say(`filling up to ${count} live tokens`);
  const live = await fillLive(place, { clientId, count, sample });
  const { server } = await started(ground);
  printTails(await measureTails({ server, load, live, requests }, seconds / 10));
  await ended();
}

async function sustained(): Promise<void> {
  const { ground, place, clientId } = await freshGround();
  say(`filling up to ${values.expired} expired tokens`);
  await fillExpired(place, clientId, Number(values.expired));
  const { server } = await started(ground);
  printStretches(await issueFor(seconds, Math.min(10, seconds / 5), { server, load }));
  await ended();
}

async function freshGround() {
  const ground = await newGround(mkdtempSync(join(below, "part-")), ["--workers", values.workers]);
  const { server } = await started(ground);
  const { issuer, opaqueClient: clientId } = server;
  await ended();
  return { ground, place: { data: ground.data, issuer }, clientId };
}

async function startAndStop(ground: Ground): Promise<Start> {
  const { began } = await started(ground);
  await ended();
  return began;
}

async function started(ground: Ground) {
  const found = await startGrown(ground);
  running = found.server;
  return found;
}

async function ended(): Promise<void> {
  await running?.stop();
  running = undefined;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
