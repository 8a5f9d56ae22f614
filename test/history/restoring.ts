// FAULTS row 9 in a history: an older copy of the database is put in the place of the newer one, with the server ended
// cleanly in between. What was lost must not come back: it is as if everything had been revoked.

import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import type { ServerProcess } from "../faults/server-process.ts";
import type { Node } from "./nodes.ts";
import { restore } from "./record.ts";
import type { Traffic } from "./traffic.ts";

/** Copies after a third of the time, restores after two thirds. */
export async function restoreOnce(traffic: Traffic, node: Node, seconds: number): Promise<void> {
  const { process } = node;
  const file = join(process.data, "rescind.db");
  const copy = `${file}-copy`;
  await pause((seconds * 1000) / 3); // when it happens
  const database = new DatabaseSync(file, { readOnly: true });
  await backup(database, copy);
  database.close();
  await pause((seconds * 1000) / 3); // when it happens
  const t_inv = performance.now();
  await replace(process, file, copy);
  const fields = { proc: "faults", node: node.name, t_inv, t_ret: performance.now(), result: "ok" as const };
  traffic.note({ ...fields, op: "fault", args: { what: restore, outage: true } });
  const args = { unit: { is: "all" as const }, suspend: false, final: true, authorised: true };
  traffic.note({ ...fields, op: "order", args });
}

async function replace(process: ServerProcess, file: string, copy: string): Promise<void> {
  process.signal("SIGTERM");
  await process.ended;
  for (const beside of ["-wal", "-shm"]) rmSync(`${file}${beside}`, { force: true });
  copyFileSync(copy, file);
  await process.start();
}
