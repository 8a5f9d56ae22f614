// What becomes of a connection whose answer is overdue. A commit that waits for a synchronous standby holds its locks and
// must not be hurried: cancelled, it would be in force here and lost with this server. Whatever else does not answer is
// given up, since the network may have forgotten it.

import type { Session } from "./session.ts";

const lookEveryMs = 5000;

/**
 * Resolves when it has answered or was given up.
 * @param connect another connection, to ask by
 * @param isClosed nobody waits for it any more
 */
export async function recover(
  late: Session,
  connect: () => Promise<Session>,
  isClosed: () => boolean,
): Promise<void> {
  while (!isClosed() && (await waitsForStandby(late.process, connect)))
    if (await late.answers(lookEveryMs)) return;
  if (late.isLate) late.abandon();
}

async function waitsForStandby(
  process: number | undefined,
  connect: () => Promise<Session>,
): Promise<boolean> {
  if (process === undefined) return false;
  let asked: Session | undefined;
  try {
    asked = await connect();
    const sql = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'";
    const { done } = await asked.run([{ sql, params: [process] }]);
    return done[0]?.length === 1;
  } catch {
    // The server cannot be reached by anybody: there is nothing to spare.
    return false;
  } finally {
    await asked?.close();
  }
}
