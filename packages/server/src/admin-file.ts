// DIR/admin.json (mode 0600): how the operator gets in. Beside master.key the one file that holds a usable secret. Nodes
// that share a database share what it says: it is kept there under the master key, and each node's file is a copy.

import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "@rescind/store";
import type { Seal } from "./keys/master-key.ts";

export interface AdminFile {
  readonly issuer: string;
  readonly client_id: string;
  readonly client_secret: string;
  /** The user that the first start made. */
  readonly username?: string | undefined;
  /** With it that user sets a password, once; gone when it was used or is too old. */
  readonly setup_url?: string | undefined;
}

export interface AdminFileKeeper {
  /** What stands in the file; undefined where there is none yet. */
  read(): Promise<AdminFile | undefined>;
  /** Replaces it, whole or not at all. */
  write(content: AdminFile): Promise<void>;
}

/** The file of a server that has its database to itself. */
export function ownAdminFile(data: string): AdminFileKeeper {
  return {
    read: async () => readAdminFile(data),
    write: async (content) => writeAdminFile(data, content),
  };
}

const secretName = "admin-file";

/** What all nodes have in their files; this node's file follows at each reading. */
export function sharedAdminFile(
  data: string,
  { store, seal }: { readonly store: Pick<Store, "findSecret" | "replaceSecret">; readonly seal: Seal },
): AdminFileKeeper {
  return {
    async read() {
      const sealed = await store.findSecret(secretName);
      // A database that came from one machine: its only server's file says how to get in.
      if (sealed === undefined) return readAdminFile(data);
      const text = Buffer.from(seal.open(secretName, sealed)).toString();
      const content = JSON.parse(text) as AdminFile; // sealed by `write`
      if (JSON.stringify(readAdminFile(data)) !== text) writeAdminFile(data, content);
      return content;
    },
    async write(content) {
      const text = JSON.stringify(content);
      await store.replaceSecret(secretName, seal.seal(secretName, Buffer.from(text)));
      writeAdminFile(data, content);
    },
  };
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

function writeAdminFile(data: string, content: AdminFile): void {
  const draft = `${path(data)}.${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(draft, path(data));
}

function path(data: string): string {
  return join(data, "admin.json");
}
