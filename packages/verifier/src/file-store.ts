// Keeps a verifier's snapshot in a file: `@rescind/verifier/file-store`. For runtimes with Node's file system.

import { readFile, rename, writeFile } from "node:fs/promises";
import type { SnapshotStore } from "./snapshot-store.ts";

/**
 * A store in this file, replaced as a whole, readable for its owner only. Several processes may share it: the last one
 * that writes wins, and each of their files is good.
 */
export function fileStore(path: string): SnapshotStore {
  return {
    load: () => readFile(path),
    save: async (bytes) => {
      const written = `${path}.${crypto.randomUUID()}.tmp`;
      await writeFile(written, bytes, { mode: 0o600 });
      await rename(written, path);
    },
  };
}
