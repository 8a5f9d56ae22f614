// A history made and judged: what it was made of, and a failure that prints its seed, the least of it that shows what is
// wrong, and where all of it was written.

import { figuresOf, tellFigures } from "./figures.ts";
import { violations } from "./judge.ts";
import { closeNode, type Node, startNode } from "./nodes.ts";
import type { History, Violation } from "./record.ts";
import { type RunSettings, runHistory } from "./run.ts";
import { saveHistory, tell } from "./saved.ts";

export interface JudgedRun {
  readonly history: History;
  readonly found: readonly Violation[];
  /** For people. */
  readonly told: string;
}

export async function judgedRun(settings: RunSettings): Promise<JudgedRun> {
  const { history, traffic } = await runHistory(settings);
  const found = violations(history);
  const { unexpected } = traffic.requests;
  const told = tellFigures(figuresOf(history));
  if (found.length === 0 && unexpected.length === 0) return { history, found, told };
  const file = saveHistory(history);
  const defects = unexpected.slice(0, 3).map((text) => `a 5xx other than 503: ${text}`);
  return { history, found, told: [tell(history, found), ...defects, told, file].join("\n") };
}

/** One node on an SQLite file of its own, gone afterwards. */
export async function onOneNode(settings: Omit<RunSettings, "nodes" | "issuer">): Promise<JudgedRun> {
  const node: Node = await startNode("n1", { nodeFlags: settings.nodeFlags });
  try {
    return await judgedRun({ ...settings, nodes: [node], issuer: node.process.issuer });
  } finally {
    await closeNode(node);
  }
}
