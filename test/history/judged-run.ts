// A history made and judged: what it was made of, and a failure that prints its seed, the least of it that shows what is
// wrong, and where all of it was written.

import type { Cluster } from "../postgres.ts";
import { until } from "../until.ts";
import { figuresOf, tellFigures } from "./figures.ts";
import { violations } from "./judge.ts";
import { closeNode, type Node, startNode, startNodesOver } from "./nodes.ts";
import type { History, Violation } from "./record.ts";
import { type RunSettings, runHistory } from "./run.ts";
import { saveHistory, tell } from "./saved.ts";

export interface JudgedRun {
  readonly history: History;
  readonly found: readonly Violation[];
  /** Answers of 5xx other than 503, each a defect. */
  readonly defects: readonly string[];
  /** For people. */
  readonly figures: string;
}

async function judgedRun(settings: RunSettings): Promise<JudgedRun> {
  const { history, traffic } = await runHistory(settings);
  const { unexpected: defects } = traffic.requests;
  return { history, found: violations(history), defects, figures: tellFigures(figuresOf(history)) };
}

/** What is wrong, and the file in which the whole history is from now on; undefined if nothing is. */
export function wrongIn({ history, found, defects, figures }: JudgedRun): string | undefined {
  if (found.length === 0 && defects.length === 0) return undefined;
  const answers = defects.slice(0, 3).map((text) => `a 5xx other than 503: ${text}`);
  return [tell(history, found), ...answers, figures, saveHistory(history)].join("\n");
}

type OwnNodes = Omit<RunSettings, "nodes" | "issuer">;

/** One node on an SQLite file of its own, gone afterwards. */
export async function onOneNode(settings: OwnNodes): Promise<JudgedRun> {
  const node = await startNode("n1", { nodeFlags: settings.nodeFlags });
  try {
    return await judgedRun({ ...settings, nodes: [node], issuer: node.process.issuer });
  } finally {
    await closeNode(node);
  }
}

/** Three nodes over a fresh database, each through a proxy of its own; `breaks`: the database goes wrong, too. */
export async function onThreeNodes(
  cluster: Cluster,
  { breaks, ...settings }: OwnNodes & { readonly breaks: "connections and crashes" | "crashes" },
): Promise<JudgedRun> {
  const started = await startNodesOver(cluster, settings.nodeFlags);
  const { nodes, issuer } = started;
  const database = {
    proxies: breaks === "crashes" ? [] : started.proxies,
    crash: () => crash(cluster),
    mended: () => allReady(nodes),
  };
  const faults = { ...settings.faults, database };
  try {
    return await judgedRun({ ...settings, faults, nodes, issuer });
  } finally {
    await started.close();
  }
}

async function crash(cluster: Cluster): Promise<void> {
  await cluster.kill();
  await cluster.restart();
}

/** Each has noticed that its database is back. */
async function allReady(nodes: readonly Node[]): Promise<void> {
  for (const { process } of nodes)
    await until(async () => {
      if (!process.isRunning) return true; // killed meanwhile, by another fault
      const answer = await process.ask("GET", "/readyz").catch(() => undefined);
      return answer?.status === 200;
    }, 60_000);
}
