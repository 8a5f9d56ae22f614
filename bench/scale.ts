// The arithmetic of docs/scale.md: what revocations and verifiers cost at other sizes, from the figures measured here.
// Prints the tables that stand there; a test compares them.
// Run: node --conditions=source bench/scale.ts

import { pathToFileURL } from "node:url";
import { entryLife, lifetimes } from "@rescind/core";

/** What was measured; docs/scale.md names the command of each. */
const measured = {
  /** Bytes of one entry on the stream, of a lease both ways, of the database's log for one order. */
  entry: 166,
  lease: 1390 + 829,
  writeAhead: 1842,
  /** Bytes of a standing entry in a compressed snapshot and in a verifier's memory. */
  inSnapshot: 22.6,
  inMemory: 36,
  /** Microseconds of the server for one delivery to one subscriber, and for a lease. */
  delivery: 20,
  serversLease: 185,
  /** Microseconds of a verifier for an entry by itself, and for each further one in the same piece. */
  entryAlone: 33,
  entryFurther: 8.7,
};

const revocations = [1, 100, 10_000];
const verifiers = [10, 10_000, 1_000_000];
/** Seconds between leases: the default, and where `maxStaleness` is a minute or five. */
const intervals = [1, 20, 100];
/** Pieces a second that a verifier gets at most; entries of one moment come together. */
const mostPieces = 100;
/** After a delivery the server rests for twice as long as it took. */
const cycle = 3;

export function scaleTables(): string {
  return [logTable(), leaseTable(), fanOutTable(), nodesTable()].join("\n\n");
}

function logTable(): string {
  const stays = (accessToken: number): number =>
    entryLife("token", false, 0, { accessToken, grant: lifetimes.grant }).expires ?? 0;
  const [short, long] = [stays(lifetimes.accessToken), stays(lifetimes.accessTokenCap)];
  const standing = (life: number) => (rate: number) => {
    const entries = rate * life;
    return `${count(entries)}: ${bytes(entries * measured.inMemory)} in memory, ${bytes(entries * measured.inSnapshot)} to load`;
  };
  return table(
    ["revocations/s", ...revocations.map(count)],
    [
      ["log a day, entries", ...revocations.map((rate) => count(rate * 86_400))],
      ["database's log", ...revocations.map((rate) => `${bytes(rate * measured.writeAhead)}/s`)],
      ["standing, tokens of 15 minutes", ...revocations.map(standing(short))],
      ["standing, tokens of a day", ...revocations.map(standing(long))],
      ["to each verifier", ...revocations.map((rate) => `${bytes(rate * measured.entry)}/s`)],
      ["each verifier's processor", ...revocations.map((rate) => share(applying(rate)))],
    ],
  );
}

/** Microseconds of each second. */
function applying(rate: number): number {
  const pieces = Math.min(rate, mostPieces);
  return pieces * measured.entryAlone + (rate - pieces) * measured.entryFurther;
}

function leaseTable(): string {
  const cells = (interval: number) => (number: number) => {
    const rate = number / interval;
    return `${count(rate)}/s: ${bytes(rate * measured.lease)}/s, ${cores(rate * measured.serversLease)}`;
  };
  return table(
    ["verifiers", ...verifiers.map(count)],
    intervals.map((interval) => [`a lease every ${interval} s`, ...verifiers.map(cells(interval))]),
  );
}

function fanOutTable(): string {
  return table(
    ["entries sent, bytes/s", ...verifiers.map((number) => `${count(number)} verifiers`)],
    revocations.map((rate) => [
      `${count(rate)} revocations/s`,
      ...verifiers.map((number) => `${bytes(rate * number * measured.entry)}/s`),
    ]),
  );
}

function nodesTable(): string {
  const cells = (seconds: number) => (number: number) => {
    const perNode = (seconds * 1e6) / (cycle * measured.delivery);
    return count(Math.ceil(number / perNode));
  };
  return table(
    [
      "nodes, so that an entry is on its way within",
      ...verifiers.map((number) => `${count(number)} verifiers`),
    ],
    [0.1, 1].map((seconds) => [`${seconds} s`, ...verifiers.map(cells(seconds))]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Two digits that count. */
function short(number: number): string {
  return Number(number.toPrecision(2)).toLocaleString("en-US", { maximumFractionDigits: 3 });
}

function count(number: number): string {
  if (number >= 1e6) return `${short(number / 1e6)} million`;
  return short(number);
}

function bytes(number: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, number)) / 3)));
  return `${short(number / 1000 ** power)} ${units[power]}`;
}

function cores(microsecondsPerSecond: number): string {
  const number = microsecondsPerSecond / 1e6;
  return `${short(number)} ${number === 1 ? "core" : "cores"}`;
}

function share(microsecondsPerSecond: number): string {
  return `${short(microsecondsPerSecond / 1e4)} %`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log(scaleTables());
