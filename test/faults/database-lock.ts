// Another process that holds the database's write lock, as a backup tool or a second server might.

import { spawn } from "node:child_process";
import { once } from "node:events";

const program = `
  const { DatabaseSync } = require("node:sqlite");
  const database = new DatabaseSync(process.argv[1]);
  database.exec("BEGIN IMMEDIATE");
  process.stdout.write("held");
  process.stdin.resume().on("end", () => { database.exec("ROLLBACK"); database.close(); });
`;

export interface DatabaseLock {
  /** Resolves when the other process has ended. */
  release(): Promise<void>;
}

/** Takes the lock in a process of its own; resolves once it is held. */
export async function lockDatabase(path: string): Promise<DatabaseLock> {
  const holder = spawn(process.execPath, ["--eval", program, path], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(holder, "exit");
  await Promise.race([
    once(holder.stdout, "data"),
    ended.then(() => {
      throw new Error("the lock could not be taken");
    }),
  ]);
  return {
    async release() {
      holder.stdin.end();
      await ended;
    },
  };
}
