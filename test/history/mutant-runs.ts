// The histories in which seeded bugs are looked for: each with what its bug needs to show.

import { type Cluster, startCluster } from "../postgres.ts";
import { type JudgedRun, onOneNode, onThreeNodes } from "./judged-run.ts";
import type { Mutant } from "./mutants.ts";
import type { Invariant } from "./record.ts";

let cluster: Promise<Cluster> | undefined;

export async function stopMutantsCluster(): Promise<void> {
  await (await cluster)?.stop();
  cluster = undefined;
}

/** Records in which most bugs show. */
const atLeast = 1_200;

export interface MutantRun {
  readonly seed: number;
  readonly seconds: number;
  /** None: the same without the bug. */
  readonly nodeFlags?: readonly string[] | undefined;
}

export async function runFor(
  { shows, name, edits }: Mutant,
  { seed, seconds, nodeFlags }: MutantRun,
): Promise<JudgedRun> {
  const about = nodeFlags === undefined ? `without the bug "${name}"` : `the bug "${name}"`;
  const isVerifiers = edits.some(({ file }) => /verifier|fingerprint/.test(file));
  const settings = {
    seed,
    about,
    seconds,
    workers: 6,
    verifiers: isVerifiers ? 1 : 0,
    rest: 15,
    atLeast,
    nodeFlags,
  };
  switch (shows) {
    case "alone":
      return onOneNode(settings);
    case "with faults":
      return onOneNode({ ...settings, faults: { nodes: true } });
    case "with verifiers cut off":
      return onOneNode({ ...settings, verifiers: 3, faults: { verifiers: true } });
    case "after a restore":
      return onOneNode({ ...settings, faults: { restore: true } });
    case "when PostgreSQL crashes":
      // What was not waited for is written late, so that there is something to lose.
      cluster ??= startCluster({ settings: { wal_writer_delay: "10s" } });
      return onThreeNodes(await cluster, { ...settings, breaks: "crashes" });
  }
}

/** The invariants by which it was found, those that it has to break. */
export function found({ found: all }: JudgedRun, { finds }: Mutant): Invariant[] {
  return finds.filter((invariant) => all.some((violation) => violation.invariant === invariant));
}
