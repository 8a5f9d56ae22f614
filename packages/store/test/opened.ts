// SQLite stores for tests, each in a directory of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { openSqlite, type SqliteOptions, type Store } from "@rescind/store";
import { issuer } from "./conformance/facts.ts";

let directory: string | undefined;
let count = 0;

after(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

/** A path at which nothing is yet. */
export function freshPath(): string {
  // Made when first asked for: a process that only opens a path it was given is killed before it could clean up.
  directory ??= mkdtempSync(join(tmpdir(), "rescind-store-"));
  count += 1;
  return join(directory, String(count), "rescind.db");
}

export function openAt(path: string, options: Partial<SqliteOptions> = {}): Promise<Store> {
  return openSqlite({ path, issuer, reserveBytes: 0, ...options });
}
