// Asking before something that reaches more than one token. Without a terminal nobody can answer, so it is refused.

import { refused, wrongUsage } from "./failure.ts";

/**
 * Shows what is about to happen and resolves if the person agrees.
 * @throws Failure (usage) without a terminal, (refused) where the answer is no
 */
export async function askBefore(what: readonly string[], question: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw wrongUsage(`${what.join("\n")}\nThis needs --yes where there is no terminal to ask on.`);
  const { confirm, isCancel, log } = await import("@clack/prompts");
  for (const line of what) log.info(line, { output: process.stderr });
  const answer = await confirm({ message: question, initialValue: false, output: process.stderr });
  if (isCancel(answer) || !answer) throw refused("nothing was changed");
}
