// The plans of every statement that a store runs: recorded while its verbs are called on tables of a given size, then
// asked of the server, as a statement is planned for its values and as it is planned for any.

import { openPostgres, type Store } from "@rescind/store";
import pg from "pg";
import type { Executor, SqlValue, Statement } from "../../src/executor.ts";
import { appendOrders, orderColumns, place } from "../../src/intentions/append.ts";
import { repeated } from "../../src/migrations/0011-append.ts";
import { parseAddress } from "../../src/postgres/address.ts";
import { PostgresExecutor } from "../../src/postgres/executor.ts";
import { openSqlStore } from "../../src/sql-store.ts";
import { issuer, nowS } from "../conformance/facts.ts";

/** Tables that `fill` makes large; of small ones a scan is the quickest way. */
const large = ["access_tokens", "refresh_tokens", "grants", "sessions", "codes", "last_used"];
const others = ["entries", "audit", "users", "consents", "consent_scopes", "assertions", "pushed_requests"];
/** Ids of rows are made of times; these lie in the past, one millisecond apart. */
const isLong = process.env.RESCIND_TEST_LONG === "1";
const old = nowS - 40 * 86_400;
const firstId = (BigInt(old) * 1000n - BigInt(Date.UTC(2025, 0, 1))) << 22n;
const step = 1n << 22n;

/** A store over `address` and what it has run since it was opened, each text once. */
export async function recordingStore(
  address: string,
): Promise<{ store: Store; statements: Map<string, Statement> }> {
  await (await openPostgres({ address, issuer })).close();
  const executor = new PostgresExecutor(parseAddress(address));
  const statements = new Map<string, Statement>();
  const recording: Executor = {
    read: (statement) => {
      statements.set(statement.sql, statement);
      return executor.read(statement);
    },
    apply: (list, options) => {
      for (const statement of list) statements.set(statement.sql, asPlanned(statement));
      return executor.apply(list, options);
    },
    facts: () => executor.facts(),
    onCommitElsewhere: (listener) => executor.onCommitElsewhere(listener),
    onConnected: (listener) => executor.onConnected(listener),
    close: () => executor.close(),
  };
  const store = await openSqlStore(recording, { issuer, nodeId: 255 });
  statements.clear();
  return { store, statements };
}

/** Of the function that appends orders, what it looks up for each of them. */
function asPlanned(statement: Statement): Statement {
  if (statement.sql !== appendOrders) return statement;
  const params: SqlValue[] = [];
  const sql = repeated.replaceAll(/\bo\.(\w+)/g, (_, name: string) => {
    const column = orderColumns.find((known) => known.name === name);
    if (column === undefined) throw new Error(`an order has no column ${name}`);
    return `CAST($${params.push(statement.params[place[column.name]] ?? null)} AS ${column.type})`;
  });
  return { sql, params };
}

/** So many access tokens, half of them of grants of four tokens each, and all else in proportion. */
export async function fill(address: string, tokens: number): Promise<void> {
  const client = new pg.Client(address);
  await client.connect();
  const id = (n: string) => `(${firstId} + CAST(${n} AS BIGINT) * ${step})`;
  const some = (part: number) => Math.max(100, Math.floor(tokens / part));
  try {
    await client.query(`SET synchronous_commit = off;
    INSERT INTO grants (id, client_id, subject, scope, offline, iat, exp)
      SELECT ${id("n")}, 'client_' || n % 1000, 'usr_' || n % ${some(40)}, 'orders:read', 0, ${nowS - 3600}, ${nowS + 86400}
      FROM generate_series(1, ${some(4)}) n;
    INSERT INTO access_tokens (id, digest, client_id, grant_id, subject, scope, rev, iat, exp, offline, lineage)
      SELECT ${id("n")}, sha256(CAST('t' || n AS BYTEA)), 'client_' || n / 4 % 1000,
        CASE WHEN n % 2 = 0 THEN ${id(`(n / 2 % ${some(4)} + 1)`)} END,
        CASE WHEN n % 2 = 0 THEN 'usr_' || (n / 2 % ${some(4)} + 1) % ${some(40)} ELSE 'client_' || n / 4 % 1000 END,
        'orders:read', 0, ${nowS - 3600}, ${nowS + 900}, 0, CASE WHEN n % 1000 = 1 THEN lpad(CAST(n AS TEXT), 22, 'A') ELSE '' END
      FROM generate_series(1, ${tokens}) n;
    INSERT INTO exchanged SELECT id, lineage FROM access_tokens WHERE lineage <> '';
    INSERT INTO imported_tokens SELECT digest, id FROM access_tokens WHERE id % ${step * 1000n} = 0;
    INSERT INTO refresh_tokens (id, digest, grant_id, rev, iat, exp)
      SELECT ${id("(n + 7)")} + 1, '', ${id(`(n % ${some(4)} + 1)`)}, 0, ${nowS - 3600}, ${nowS + 86400}
      FROM generate_series(1, ${tokens}) n;
    INSERT INTO sessions (id, digest, subject, rev, authenticated_at_ms, last_seen_ms, amr, opened_at_ms)
      SELECT ${id("n")} + 2, '', 'usr_' || n % ${some(40)}, 0, ${old}000, ${old}000, 'pwd', ${old}000
      FROM generate_series(1, ${some(2)}) n;
    INSERT INTO codes (id, digest, made_by, client_id, subject, session_row, redirect_uri, redirect_uri_sent, scope, auth_time, rev, iat, exp)
      SELECT ${id("n")} + 3, '', 'x' || n, 'client_1', 'usr_1', 1, '', 0, '', 1, 0, ${nowS}, ${nowS + 60}
      FROM generate_series(1, ${some(2)}) n;
    INSERT INTO entries (seq, kind, unit, issuer, value, fp, expires_s, hash, keep_until_s, at_ms, order_id)
      SELECT n, 'revoke', CASE WHEN n % 10 = 0 THEN 'subject' ELSE 'token' END, '${issuer}',
        CASE WHEN n % 10 = 0 THEN 'usr_x' || n ELSE 'tid_x' || n END, lpad(CAST(n AS TEXT), 22, 'B'), ${nowS + 900}, '', ${nowS + 900}, ${nowS}000, ${id("n")} + 4
      FROM generate_series(1, ${some(10)}) n;
    INSERT INTO audit (number, order_id, seq, at_ms, action, actor_kind, actor_id, content, feed_hash, hash, subject, client_id)
      SELECT n, ${id("n")} + 4, n, ${nowS}000, 'revoke', 'admin', 'admin', '{"unit":{"name":"token"},"select":{}}', '', '',
        'usr_' || n % ${some(40)}, 'client_' || n % 1000
      FROM generate_series(1, ${some(10)}) n;
    UPDATE feed_head SET seq = ${some(10)}, audit_number = ${some(10)};
    INSERT INTO last_used SELECT 'grant', 'gnt_' || id, ${nowS}000 FROM grants;
    INSERT INTO users (id, subject, username, username_key, email_verified, roles, status, created_at_ms)
      SELECT ${id("n")} + 5, 'usr_' || n, 'u' || n, 'u' || n, 0, '', 'active', 1 FROM generate_series(1, ${some(40)}) n;
    INSERT INTO assertions SELECT sha256(CAST('a' || n AS BYTEA)), ${nowS} FROM generate_series(1, ${some(40)}) n;
    INSERT INTO pushed_requests (id, digest, client_id, rev, iat, exp)
      SELECT ${id("n")} + 6, '', 'client_1', 0, ${nowS}, ${nowS + 60} FROM generate_series(1, ${some(40)}) n;
    INSERT INTO clients SELECT ${id("n")} + 7, 'client_' || n, '{}', 1 FROM generate_series(0, 999) n;
    INSERT INTO consents (id, subject, client_id, granted_at_ms)
      SELECT ${id("n")} + 8, 'usr_' || n, 'client_' || n % 1000, 1 FROM generate_series(1, ${some(40)}) n;
    INSERT INTO consent_scopes SELECT id, 'orders:read' FROM consents;
    ANALYZE`);
  } finally {
    await client.end();
  }
}

/** Id of the n-th row of `fill`. */
export function filledId(n: number): string {
  return String(firstId + BigInt(n) * step);
}

/** The statements that read a growing table from its first row to its last, with their plans. */
export async function scans(address: string, statements: Iterable<Statement>): Promise<string[]> {
  const client = new pg.Client(address);
  await client.connect();
  const found: string[] = [];
  try {
    for (const mode of ["force_custom_plan", "force_generic_plan"])
      for (const { sql, params } of statements) {
        await client.query(`SET plan_cache_mode = ${mode}; PREPARE planned AS ${sql}`);
        const values = params.length === 0 ? "" : `(${params.map(literal).join(", ")})`;
        const { rows } = await client.query<{ "QUERY PLAN": string }>(`EXPLAIN EXECUTE planned${values}`);
        await client.query("DEALLOCATE planned");
        const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
        if (
          [...large, ...(isLong ? others : [])].some((table) =>
            new RegExp(`Seq Scan on ${table}\\b`).test(plan),
          )
        )
          found.push(`${mode}\n${sql}\n${plan}`);
      }
  } finally {
    await client.end();
  }
  return found;
}

function literal(value: SqlValue): string {
  if (value === null) return "NULL";
  if (value instanceof Uint8Array) return `'\\x${Buffer.from(value).toString("hex")}'`;
  return `'${String(value).replaceAll("'", "''")}'`;
}
