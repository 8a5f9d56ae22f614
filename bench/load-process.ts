// The load process: alone on its core, it runs the rounds that the benchmark sends over the message channel and keeps
// the tokens they need. Its own file because it is its own process.

import type { Command, Reply, Round, RoundResult } from "./load/round.ts";
import { runRound } from "./load/run-round.ts";
import { TokenQueue } from "./load/token-queue.ts";

const queues = new Map<string, TokenQueue>();

process.on("message", (command: Command) => void obey(command));
process.on("disconnect", () => process.exit(0));

async function obey(command: Command): Promise<void> {
  try {
    reply({ id: command.id, kind: "done", result: await perform(command) });
  } catch (error) {
    reply({
      id: command.id,
      kind: "failed",
      message: error instanceof Error ? error.message : String(error),
    });
  }
}

async function perform(command: Command): Promise<RoundResult | undefined> {
  switch (command.kind) {
    case "round":
      return runRound(command.round, queuesOf(command.round));
    case "fill":
      queues.set(command.queue, new TokenQueue(command.tokens));
      return undefined;
  }
}

function queuesOf(round: Round): { take: TokenQueue | undefined; give: TokenQueue | undefined } {
  return { take: queue(round.take?.queue), give: queue(round.give?.queue) };
}

function queue(name: string | undefined): TokenQueue | undefined {
  if (name === undefined) return undefined;
  const known = queues.get(name) ?? new TokenQueue([]);
  queues.set(name, known);
  return known;
}

function reply(message: Reply): void {
  process.send?.(message);
}
