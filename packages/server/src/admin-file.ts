// DIR/admin.json (mode 0600): how the operator gets in. Beside master.key the one file that holds a usable secret.

import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface AdminFile {
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string;
  /** The user that the first start made. */
  readonly username?: string | undefined;
  /** With it that user sets a password, once; gone when it was used or is too old. */
  readonly setup_url?: string | undefined;
}

/** The admin client's secret as it stands in the file; undefined if there is no file. */
export function readAdminFile(data: string): AdminFile | undefined {
  try {
    return JSON.parse(readFileSync(path(data), "utf8")) as AdminFile; // our own file
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes the file whole or not at all. */
export function writeAdminFile(data: string, content: AdminFile): void {
  const draft = `${path(data)}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(draft, path(data));
}

function path(data: string): string {
  return join(data, "admin.json");
}
