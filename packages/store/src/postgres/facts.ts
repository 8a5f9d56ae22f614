// What the server says of itself: version, size, where commits go, and which database and timeline it is.

import type { EngineFacts, Executor, Row } from "../executor.ts";
import { StoreUnavailable } from "../store.ts";
import { stateOf } from "./failure.ts";

/**
 * Every commit waits for a standby where one is named (`synchronous_commit` is always on here): then, and only then, it
 * is on a second machine.
 */
export async function readFacts(executor: Pick<Executor, "read">): Promise<EngineFacts> {
  const [row] = await executor.read({
    sql: `SELECT current_setting('server_version'), pg_database_size(current_database()),
      CASE WHEN current_setting('synchronous_standby_names') = '' THEN 0 ELSE 1 END`,
    params: [],
  });
  return {
    engine: "postgres",
    version: String(row?.[0]),
    bytes: Number(row?.[1]),
    durability: row?.[2] === 1 ? "replicated" : "local",
    ...(await readIdentity(executor)),
  };
}

async function readIdentity(
  executor: Pick<Executor, "read">,
): Promise<{ system?: string; timeline?: number }> {
  try {
    // By the file that is being written: the control file tells a promotion only after the next checkpoint.
    const [row] = await executor.read({
      sql: `SELECT CAST(s.system_identifier AS TEXT), substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
        FROM pg_control_system() s`,
      params: [],
    });
    return identityOf(row);
  } catch (error) {
    if (isNotTold(error)) return {};
    throw error;
  }
}

/** This role may not ask, or this server has no such thing: so it will stay. An outage is neither. */
function isNotTold(error: unknown): boolean {
  if (!(error instanceof StoreUnavailable) || !(error.cause instanceof Error)) return false;
  const state = stateOf(error.cause);
  return state !== undefined && (state.startsWith("42") || state === "0A000");
}

function identityOf(row: Row | undefined): { system?: string; timeline?: number } {
  return row === undefined ? {} : { system: String(row[0]), timeline: Number.parseInt(String(row[1]), 16) };
}
