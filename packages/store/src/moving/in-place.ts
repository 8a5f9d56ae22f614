// A database that came back by other means than `rescind restore` (a snapshot of the disk, point-in-time recovery, a copied
// file): says so to whoever opens it next, who begins the new epoch. Or says that nothing was lost.

import { HighWaterMark } from "../sqlite/high-water-mark.ts";
import { standOf } from "./backup.ts";
import { addressOf, openRows } from "./database.ts";
import { notePending } from "./restore.ts";
import { newestSchema } from "./tables.ts";

export type InPlace = "end-everything" | "keep-tokens" | "nothing-lost";

/**
 * @returns whose database it is
 * @throws StoreRefused a server runs, or there is no database
 * @throws StoreUnavailable
 */
export async function restoredInPlace(to: string, how: InPlace): Promise<string | undefined> {
  const address = addressOf(to);
  const rows = await openRows(address, "hold");
  try {
    await rows.begin("write");
    await rows.migrateTo(newestSchema);
    await rows.commit();
    const { position, issuer } = await standOf(rows);
    const mark = address.engine === "sqlite" ? new HighWaterMark(address.path) : undefined;
    const above = Math.max(position.seq, mark?.read()?.seq ?? 0);
    if (how === "nothing-lost") await rows.query("UPDATE whereabouts SET home = NULL");
    else
      await notePending(rows, { cause: "verb", atMs: Date.now(), above, keepTokens: how === "keep-tokens" });
    mark?.write(position);
    mark?.close();
    return issuer;
  } finally {
    await rows.close();
  }
}
