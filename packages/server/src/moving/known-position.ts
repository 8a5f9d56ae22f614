// The last position of the log that this server knew, in DIR: for PostgreSQL, whose database is elsewhere. SQLite keeps it
// beside its file by itself. The name is the database's own, so that another one is never measured by it.

import { hash } from "node:crypto";
import { join } from "node:path";
import { HighWaterMark } from "@rescind/store";
import type { Configuration } from "../configuration.ts";

/** @param fingerprintKey made once for each database, and goes with it into every copy */
export function knownPosition(
  { data, database }: Pick<Configuration, "data" | "database">,
  fingerprintKey: Uint8Array,
): HighWaterMark | undefined {
  if (database.startsWith("sqlite:")) return undefined;
  return new HighWaterMark(join(data, `log-${hash("sha256", fingerprintKey, "hex").slice(0, 16)}`));
}
