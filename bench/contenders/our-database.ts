// A PostgreSQL for our server: a cluster of its own on the disk, with fsync on and its default settings, on the servers'
// core like everything else that does our side's work.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startCluster } from "../../test/postgres.ts";
import { coreNumber, pinned } from "../pinned-process.ts";

export interface OurDatabase {
  /** What `--database` takes. */
  readonly url: string;
  /** Every process of it that runs now. */
  processes(): number[];
  stop(): Promise<void>;
}

export async function startOurDatabase(connections: number): Promise<OurDatabase> {
  const cluster = await startCluster({ fsync: true, settings: { max_connections: String(connections) } });
  const [first = ""] = readFileSync(join(cluster.socket, "data", "postmaster.pid"), "utf8").split("\n");
  const postmaster = Number(first);
  const processes = (): number[] => [postmaster, ...childrenOf(postmaster)];
  // What it starts later, it starts where it is itself.
  if (pinned)
    for (const pid of processes())
      execFileSync("taskset", ["-acp", String(coreNumber("server")), String(pid)]);
  try {
    return { url: await cluster.freshDatabase(), processes, stop: () => cluster.stop() };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** Where there is no /proc there are no figures about processes either. */
function childrenOf(parent: number): number[] {
  if (!existsSync("/proc")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // After the name, which may hold anything: state and parent.
    return Number(line.slice(line.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined; // it has ended meanwhile
  }
}
