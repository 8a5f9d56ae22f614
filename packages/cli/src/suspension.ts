// Options of taking a client or consumer key out of service.

import type { Suspension } from "@rescind/admin-api";
import type { Command } from "commander";

export interface SuspendOptions {
  readonly reason?: NonNullable<Suspension["reason"]>;
  readonly note?: string;
  readonly final?: true;
  readonly yes?: true;
}

export function suspendable(command: Command): Command {
  return command
    .option("--reason <reason>", "for example key_compromise")
    .option("--note <text>", "for the audit log")
    .option("--final", "for good: it cannot be approved again")
    .option("--yes", "do not ask");
}

export function suspensionOf({ reason, note, final }: SuspendOptions): {
  reason?: NonNullable<Suspension["reason"]>;
  note?: string;
  final?: true;
} {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(note === undefined ? {} : { note }),
    ...(final === undefined ? {} : { final }),
  };
}
