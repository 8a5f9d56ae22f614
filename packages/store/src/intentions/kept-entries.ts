// Reading the log into a node's memory, millions of entries at a start: only what is remembered of an entry, without hash,
// time and head. What is new since comes by `readFeed`.

import { isUnitName } from "@rescind/core";
import type { Database } from "../database.ts";
import type { Row } from "../executor.ts";
import { type KeptEntry, StoreUnavailable } from "../store.ts";

const suspends = 1;
const isFinal = 2;

/** Entries after a number up to another, by number, as far as they are kept; less than `limit` where no more are. */
export async function readKept(
  db: Database,
  { after, upTo, limit }: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<readonly KeptEntry[]> {
  const rows = await db.executor.read({
    // Most columns of most entries are null: these cost next to nothing.
    sql: `SELECT e.seq, e.unit, e.fp, e.expires_s, e.issuer, e.value, e.client, e.before_s,
        NULLIF(${suspends} * e.suspend + ${isFinal} * e.final, 0), NULLIF(e.kind, 'revoke'), e.lifts
      FROM entries e WHERE e.seq > $1 AND e.seq <= $2 ORDER BY e.seq LIMIT $3`,
    params: [after, upTo, limit],
  });
  return rows.map(entryOf);
}

/**
 * Of a row as it is, since reading column after column costs as much as SQLite does.
 * @throws StoreUnavailable an entry that a newer version appended
 */
function entryOf(row: Row): KeptEntry {
  const [seq, unit, fp, ends, issuer, value, client, from, flags, otherKind, lifts] = row;
  if (typeof seq !== "number") throw new TypeError("an entry has no number");
  const expires = typeof ends === "number" ? ends : undefined;
  if (otherKind === "epoch") return { seq, kind: "epoch" };
  if (otherKind === "lift" && typeof lifts === "number") return { seq, kind: "lift", lifts, expires };
  if (otherKind !== null || !isUnitName(unit) || typeof fp !== "string") throw unknownEntry(seq, otherKind);
  if (typeof issuer !== "string" || typeof value !== "string")
    throw new TypeError(`entry ${seq} does not say what it ends`);
  return {
    seq,
    kind: "revoke",
    unit,
    fp,
    issuer,
    value,
    client: typeof client === "string" ? client : undefined,
    before: typeof from === "number" ? from : undefined,
    suspend: flags === suspends || flags === suspends + isFinal ? true : undefined,
    final: flags === isFinal || flags === suspends + isFinal,
    expires,
  };
}

/** What it ends, nobody knows here. */
export function unknownEntry(seq: number, kind: unknown): StoreUnavailable {
  return new StoreUnavailable(
    `Entry ${seq} of the log is of a kind that this version does not know (${String(kind)}): update this server.`,
  );
}
