// Which lane an intention takes, by the tables its statements change, so that no two transactions wait for each other in
// a ring. DESIGN.md section 4: row locks in one order everywhere, the head's last.
//
// - "orders" change what others wait for: the log's head, the people's turn, users, the catalog. Their transactions
//   begin with the head's lock, so that across all nodes one of them runs at a time.
// - "issuing" stores rows of its own and changes at most one that somebody else may change too. Many share a
//   transaction, in the order of those rows; none of them waits for an order's lock.
// - Everything else has a transaction of its own.
//
// An order that changes a row of the other lanes (a subscription, what has expired) waits for somebody who waits for no
// order. Two of the last kind may meet in a ring: the server breaks it, and the one that lost is tried again.

import type { Statement } from "../executor.ts";
import { appendOrders } from "../intentions/append.ts";

export type LaneName = "orders" | "issuing" | "others";

const shared = ["feed_head", "people_turn", "users", "catalog"];
const ownRows = [
  "access_tokens",
  "exchanged",
  "imported_tokens",
  "grants",
  "refresh_tokens",
  "codes",
  "device_codes",
  "sessions",
  "pushed_requests",
  "assertions",
  "failures",
];

interface Change {
  readonly table: string;
  readonly verb: "insert" | "update" | "delete";
  /** The place of the parameter that says which row; undefined where no other transaction can want the same. */
  readonly row: number | undefined;
}

const changes = new Map<string, Change | undefined>();

export function laneOf(statements: readonly Statement[]): LaneName {
  let lane: LaneName = "issuing";
  for (const { sql } of statements) {
    const change = changeOf(sql);
    if (change === undefined) continue;
    if (shared.includes(change.table)) return "orders";
    if (change.verb === "delete" || !ownRows.includes(change.table)) lane = "others";
  }
  return lane;
}

/** The first row that somebody else may want as well; empty where there is none. */
export function lockKey(statements: readonly Statement[]): string {
  for (const { sql, params } of statements) {
    const change = changeOf(sql);
    if (change?.row === undefined) continue;
    const row = params[change.row];
    return `${change.table} ${row instanceof Uint8Array ? Buffer.from(row).toString("hex") : row}`;
  }
  return "";
}

function changeOf(sql: string): Change | undefined {
  if (changes.has(sql)) return changes.get(sql);
  const change = parsed(sql);
  changes.set(sql, change);
  return change;
}

function parsed(sql: string): Change | undefined {
  if (sql === appendOrders) return { table: "feed_head", verb: "update", row: undefined };
  const [, verb, table] = /^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)/.exec(sql) ?? [];
  if (verb === undefined || table === undefined) return undefined;
  if (verb === "UPDATE") return { table, verb: "update", row: 0 };
  if (verb === "DELETE FROM") return { table, verb: "delete", row: undefined };
  const isShared = sql.includes("ON CONFLICT");
  // A code is one for its transaction, which is the third of its columns.
  return { table, verb: "insert", row: isShared ? (table === "codes" ? 2 : 0) : undefined };
}
