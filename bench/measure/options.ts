// The benchmark's command line.

import { parseArgs } from "node:util";
import type { Row } from "../rows/row.ts";
import { rows } from "../rows/rows.ts";

export interface Options {
  readonly rows: readonly Row[];
  /** Also bare node:http and Fastify. */
  readonly limits: boolean;
  /** Also revocations that change nothing. */
  readonly inVain: boolean;
  readonly rounds: number;
  /** How long a round is to last, seconds; the warm-up says how many requests that takes. */
  readonly seconds: number;
  /** Requests of each round, warm-up included, in place of `seconds`. */
  readonly requests: number | undefined;
  /** Requests of the warm-up. */
  readonly warmUp: number;
  readonly quick: boolean;
  /** Where our server's database is made; has to be on the disk that is to be measured. */
  readonly below: string;
  readonly profiles: string | undefined;
  readonly json: string | undefined;
  readonly database: "sqlite" | "postgres";
  /** Servers over the one database. */
  readonly nodes: number;
}

/** Rows that do not compare with the peer. */
const others = ["limits", "in-vain"];

export const help = `npm run bench [-- options]

  --quick           shorter rounds, fewer of them: under two minutes
  --rows LIST       only these, by commas: ${others.join(", ")}, ${rows.map(({ name }) => name).join(", ")}
  --rounds N        rounds of each side that count
  --seconds N       how long a round is to last
  --requests N      a fixed number of requests in each round instead
  --data DIR        where the server's database is made (./data); has to be on a real disk
  --database NAME   sqlite, or postgres: a cluster of its own in the temporary directory, fsync on, on the servers' core
  --nodes N         with postgres: so many servers over it, connections spread over them
  --profile DIR     write CPU profiles of our server there, a directory per row; rates are then lower. What they say:
                    node --conditions=source bench/where-time-goes.ts DIR
  --json FILE       write every round's figures there
`;

/**
 * Reads the options.
 * @throws Error that says what is wrong
 */
export function readOptions(argv: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: "boolean", default: false },
      rows: { type: "string" },
      rounds: { type: "string" },
      seconds: { type: "string" },
      requests: { type: "string" },
      data: { type: "string", default: "data" },
      profile: { type: "string" },
      json: { type: "string" },
      database: { type: "string", default: "sqlite" },
      nodes: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const { quick, database } = values;
  if (database !== "sqlite" && database !== "postgres")
    throw new Error(`--database is sqlite or postgres, not ${JSON.stringify(database)}.`);
  const nodes = positive("--nodes", values.nodes) ?? 1;
  if (nodes > 1 && database === "sqlite") throw new Error("Several nodes need --database postgres.");
  const wanted = values.rows?.split(",");
  const unknown = wanted?.find((name) => !others.includes(name) && !rows.some((row) => row.name === name));
  if (unknown !== undefined) throw new Error(`There is no row ${JSON.stringify(unknown)}.`);
  return {
    rows: rows.filter(({ name }) => wanted?.includes(name) ?? true),
    limits: wanted?.includes("limits") ?? true,
    inVain: wanted?.includes("in-vain") ?? true,
    rounds: positive("--rounds", values.rounds) ?? (quick ? 3 : 7),
    seconds: positive("--seconds", values.seconds) ?? (quick ? 1 : 3),
    requests: positive("--requests", values.requests),
    warmUp: quick ? 5_000 : 20_000,
    quick,
    below: values.data,
    profiles: values.profile,
    json: values.json,
    database,
    nodes,
  };
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0)) throw new Error(`${name} must be a number above 0.`);
  return number;
}
