// Bugs to put into the server and the verifier, each by a few words of their source: what a checker that is worth
// something must find. The twelve of FAULTS.md, in this architecture's terms.

import type { Invariant } from "./record.ts";

export interface Edit {
  /** From the root of the repository; what runs is what was built from it, in which the words are the same. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

export interface Mutant {
  /** As FAULTS.md names it. */
  readonly name: string;
  /** What is wrong with it here. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** One of these must be named. */
  readonly finds: readonly Invariant[];
  /** What it needs to show. */
  readonly shows:
    | "alone"
    | "with faults"
    | "with verifiers cut off"
    | "when PostgreSQL crashes"
    | "after a restore";
  /** Found in a few seconds: part of `npm test`. */
  readonly isQuick: boolean;
}

const standing = "packages/server/src/tokens/standing.ts";
const batches = "packages/store/src/sqlite/batches.ts";

export const mutants: readonly Mutant[] = [
  {
    name: "skip fsync",
    what: "commits to PostgreSQL do not wait for the disk (`synchronous_commit=off`), and PostgreSQL crashes",
    edits: [
      {
        file: "packages/store/src/postgres/writes.ts",
        from: "ELSE 'on' END, true)",
        to: "ELSE 'off' END, true)",
      },
    ],
    finds: ["A4", "A5", "A6", "B1", "C1", "D1"],
    shows: "when PostgreSQL crashes",
    isQuick: false,
  },
  {
    name: "ack before commit",
    what: "the writer answers orders when their statements ran, and commits 100 ms later or with the next batch",
    edits: [
      {
        file: batches,
        from: 'connection.run("BEGIN IMMEDIATE", []);',
        to: 'if (!connection.database.isTransaction) connection.run("BEGIN IMMEDIATE", []);',
      },
      {
        file: batches,
        from: 'connection.run("COMMIT", []);',
        to: [
          "const late = () => connection.database.isTransaction && connection.run('COMMIT', []);",
          "if (intentions.every(({ urgent }) => urgent)) setTimeout(late, 100); else late();",
        ].join(" "),
      },
    ],
    finds: ["A1", "A4", "A6", "B4", "D2"],
    shows: "alone",
    isQuick: true,
  },
  {
    name: "non-atomic claim",
    what: "a refresh token is spent without asking whether it is spent",
    edits: [
      {
        file: "packages/store/src/intentions/refresh-tokens.ts",
        from: "WHERE id = $1 AND spent_at_ms IS NULL RETURNING 1",
        to: "WHERE id = $1 RETURNING 1",
      },
    ],
    finds: ["B1", "B2"],
    shows: "alone",
    isQuick: true,
  },
  {
    name: "replica read",
    what: "a node judges by what it remembers, and brings that up to the head it read only 80 ms later",
    edits: [
      { file: standing, from: "await this.#catchingUp;", to: "return;" },
      {
        file: standing,
        from: "this.#catchingUp ??= this.#catchUp()",
        to: "this.#catchingUp ??= new Promise((next) => setTimeout(next, 80)).then(() => this.#catchUp())",
      },
    ],
    finds: ["A1", "A5", "B4", "B2", "C2"],
    shows: "alone",
    isQuick: false,
  },
  {
    name: "drop 1 feed record",
    what: "a verifier moves on over every seventh entry without keeping it",
    edits: [
      {
        file: "packages/core/src/fingerprint-set.ts",
        from: '(entry.kind === "revoke")',
        to: '(entry.kind === "revoke" && entry.seq % 7 !== 0)',
      },
    ],
    finds: ["A2", "D1"],
    shows: "alone",
    isQuick: false,
  },
  {
    name: "reorder purge",
    what: "entries are removed from the database before what they cover has ended; a node that starts never hears of them",
    edits: [
      {
        file: "packages/store/src/intentions/prune.ts",
        from: "const entries = await untilRemoved(limit, () => pruneEntries(db, at, limit));",
        to: "const entries = await untilRemoved(limit, () => pruneEntries(db, at + 1e8, limit));",
      },
      { file: "packages/server/src/upkeep.ts", from: "const pruneMs = 10_000;", to: "const pruneMs = 500;" },
    ],
    finds: ["A4", "A5", "A1", "D1", "C3"],
    shows: "with faults",
    isQuick: false,
  },
  {
    name: "soft-fail",
    what: "a verifier goes on deciding however old its last lease is",
    edits: [
      {
        file: "packages/verifier/src/freshness.ts",
        from: "met === undefined || now.mono - met.mono > this.#maxStaleness",
        to: "met === undefined",
      },
      {
        file: "packages/verifier/src/token-judge.ts",
        from: "now.mono - since.mono > maxStaleness",
        to: "now.mono - since.mono > 60_000",
      },
    ],
    finds: ["A2"],
    shows: "with verifiers cut off",
    isQuick: false,
  },
  {
    name: "cache without epoch",
    what: "a verifier remembers what it found about a token, whatever comes after it",
    edits: [
      {
        file: "packages/verifier/src/token-judge.ts",
        from: "if (seen.generation !== reader.set.generation) {",
        to: "if (seen.generation === -1) {",
      },
    ],
    finds: ["A2", "C3"],
    shows: "alone",
    isQuick: true,
  },
  {
    name: "over-revoke",
    what: "revoking an access token ends its grant",
    edits: [
      {
        file: "packages/core/src/cascade.ts",
        from: 'const wholeGrant = token.kind === "refresh" || reach === "grant";',
        to: "const wholeGrant = true;",
      },
    ],
    finds: ["A6", "B3", "C3"],
    shows: "alone",
    isQuick: false,
  },
  {
    name: "wrong closure",
    what: "an exchanged token hangs on the tokens it came from, not on what these came from",
    edits: [
      {
        file: "packages/core/src/token-exchange.ts",
        from: "of unitsOf(parent))",
        to: 'of unitsOf(parent).filter(({ name }) => name === "token"))',
      },
    ],
    finds: ["A1", "A2", "A4", "B2", "C2", "C3", "B4"],
    shows: "alone",
    isQuick: false,
  },
  {
    name: "clock step",
    what: "a verifier's staleness goes by the wall clock, which is set back while it is cut off",
    edits: [
      {
        file: "packages/verifier/src/clock.ts",
        from: "mono: performance.now(), wall",
        to: "mono: Date.now(), wall",
      },
    ],
    finds: ["A2"],
    shows: "with verifiers cut off",
    isQuick: false,
  },
  {
    name: "epoch ignored",
    what: "a server on an older copy of its database begins no epoch",
    edits: [
      {
        file: "packages/store/src/sqlite/file.ts",
        from: "const mark = new HighWaterMark(path).read();",
        to: "const mark = undefined;",
      },
    ],
    finds: ["A1", "A4", "A5"],
    shows: "after a restore",
    isQuick: false,
  },
];

/** Node's flags that start a process with this bug. */
export function flagsOf({ name }: Mutant): string[] {
  const preload = new URL("seeded-bug.ts", import.meta.url);
  preload.searchParams.set("bug", name);
  return ["--no-warnings", "--import", preload.href];
}
