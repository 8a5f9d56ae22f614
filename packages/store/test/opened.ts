// SQLite stores for tests, each in a directory of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { openSqlite, type SqliteOptions, type Store } from "@rescind/store";
import { issuer } from "./conformance/facts.ts";

const directory = mkdtempSync(join(tmpdir(), "rescind-store-"));
let count = 0;

after(() => rmSync(directory, { recursive: true, force: true }));

/** A path at which nothing is yet. */
export function freshPath(): string {
  count += 1;
  return join(directory, String(count), "rescind.db");
}

export function openAt(path: string, options: Partial<SqliteOptions> = {}): Promise<Store> {
  return openSqlite({ path, issuer, reserveBytes: 0, ...options });
}
