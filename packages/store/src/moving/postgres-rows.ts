// A PostgreSQL database as rows, over one connection of its own.

import type { Home } from "@rescind/core";
import pg from "pg";
import { migrations } from "../migrations/migrations.ts";
import { parseAddress } from "../postgres/address.ts";
import { connectPrimary, end } from "../postgres/primary.ts";
import { readText, writtenText } from "../postgres/values.ts";
import { StoreRefused } from "../store-refused.ts";
import type { Cells } from "./cells.ts";
import type { Rows } from "./database.ts";
import { type Column, newestSchema, type Table, tablesAt } from "./tables.ts";

const wholes = new Set([20, 21, 23]);
const text = 25;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") => {
    if (wholes.has(oid)) return BigInt;
    return oid === text ? readText : pg.types.getTypeParser(oid, format ?? "text");
  },
};

/** Tables of this engine's own, and those that hold what nodes tell each other. */
const ownTables = ["nodes", "rescind_schema", "turns", "failures", "fleet_nodes", "fleet"];
const views = "'coverings', 'fingerprints', 'live_tokens', 'session_coverings'";

const modes = {
  write: "ISOLATION LEVEL READ COMMITTED READ WRITE",
  snapshot: "ISOLATION LEVEL REPEATABLE READ READ ONLY",
} as const;

const typeIn: Readonly<Record<Column["type"], string>> = { whole: "bigint", text: "text", bytes: "bytea" };

/**
 * @throws StoreRefused a server runs on it, or it is none to serve from
 * @throws StoreUnavailable it cannot be reached
 */
export async function openPostgresRows(url: string, how: "read" | "hold"): Promise<Rows> {
  const address = parseAddress(url);
  const { client } = await connectPrimary(address);
  const rows = postgresRows(client, address.shown);
  if (how === "hold") await refuseWhileServed(rows);
  return rows;
}

/** Servers that run hold a number each, and say so every few seconds. */
async function refuseWhileServed(rows: Rows): Promise<void> {
  if (!(await hasTable(rows, "nodes"))) return;
  const [row] = await rows.query("SELECT count(*) FROM nodes WHERE lease_until_ms > rescind_now_ms()");
  const running = Number(row?.[0] ?? 0);
  if (running === 0) return;
  await rows.close();
  throw new StoreRefused(
    `${running} ${running === 1 ? "server runs" : "servers run"} on ${rows.shown}: stop them first. One that crashed counts for 30 seconds.`,
  );
}

async function hasTable(rows: Pick<Rows, "query">, name: string): Promise<boolean> {
  const [row] = await rows.query("SELECT to_regclass(CAST($1 AS TEXT)) IS NOT NULL", [name]);
  return String(row?.[0]) === "true";
}

/** Takes away whatever Rescind made in this schema, in the transaction that is under way. */
export async function dropAll(rows: Rows): Promise<void> {
  const tables = [...tablesAt(newestSchema).map(({ name }) => name), ...ownTables];
  const found = await rows.query(
    `SELECT 'VIEW ' || quote_ident(viewname) FROM pg_views WHERE schemaname = current_schema() AND viewname IN (${views})
      UNION ALL SELECT 'TABLE ' || quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()
      UNION ALL SELECT 'FUNCTION ' || CAST(p.oid AS regprocedure) FROM pg_proc p
        JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = current_schema() AND p.proname LIKE 'rescind\\_%'`,
  );
  for (const [what] of found) {
    const [kind, name = ""] = String(what).split(/ (.*)/s);
    if (kind === "TABLE" && !tables.includes(name)) continue;
    await rows.query(`DROP ${kind} IF EXISTS ${name} CASCADE`);
  }
}

function postgresRows(client: pg.Client, shown: string): Rows {
  const rows: Rows = {
    engine: "postgres",
    shown: `postgres://${shown}`,
    schema: async () => {
      if (!(await hasTable(rows, "rescind_schema"))) return 0;
      const [row] = await rows.query("SELECT max(number) FROM rescind_schema");
      return Number(row?.[0] ?? 0);
    },
    query: async (text, params = []) => {
      const answer = await client.query({ text, values: [...params], rowMode: "array", types });
      return answer.rows as Cells[]; // parsing boundary: arrays of the values that `types` gives
    },
    insert: async ({ name, columns }: Table, batch) => {
      if (batch.length === 0) return;
      const names = columns.map((column) => column.name).join(", ");
      const places = columns.map(({ type }, index) => `$${index + 1}::${typeIn[type]}[]`).join(", ");
      const values = columns.map((_, place) => batch.map((row) => written(row[place] ?? null)));
      await client.query(`INSERT INTO ${name} (${names}) SELECT * FROM unnest(${places})`, values);
    },
    begin: async (kind) => {
      // A copy of a large table takes as long as it takes; somebody else's lock does not.
      await client.query(`BEGIN ${modes[kind]}; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10s';
        SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL synchronous_commit = on`);
    },
    commit: async () => {
      await client.query("COMMIT");
    },
    rollback: async () => {
      await client.query("ROLLBACK").catch(() => undefined); // a connection that is gone has rolled back by itself
    },
    home: () => homeOf(rows),
    migrateTo: async (schema) => {
      await client.query("CREATE TABLE IF NOT EXISTS rescind_schema (number INTEGER PRIMARY KEY)");
      const version = await rows.schema();
      for (const { number, postgres } of migrations)
        if (number > version && number <= schema)
          await client.query(`${postgres}; INSERT INTO rescind_schema VALUES (${number})`);
    },
    close: () => end(client),
  };
  return rows;
}

function written(cell: Cells[number]): Cells[number] {
  return typeof cell === "string" ? writtenText(cell) : cell;
}

/**
 * As the executor's facts (postgres/facts.ts): undefined where this role may not ask. Who serves it notes whether commits
 * are replicated.
 */
async function homeOf(rows: Rows): Promise<Home | undefined> {
  try {
    const [row] = await rows.query(
      `SELECT CAST(s.system_identifier AS TEXT), substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
        FROM pg_control_system() s`,
    );
    const [system, timeline] = row ?? [];
    return { system: String(system), timeline: Number.parseInt(String(timeline), 16), replicated: false };
  } catch {
    return undefined;
  }
}
