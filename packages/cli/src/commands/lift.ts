// `rescind lift`: takes a revocation back, where an administrator ordered it and not for good.

import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { printJson, printMembers } from "../output.ts";

export function addLift(program: Command): void {
  connectable(program.command("lift <revocation>"))
    .description("take a revocation back: what has not expired and nothing else covers is live again")
    .option("--note <text>", "for the audit log")
    .action(async (id: string, options: ConnectionOptions & { readonly note?: string }) => {
      const body = options.note === undefined ? {} : { note: options.note };
      const answer = await connect(options).admin.lift({ params: { id }, body });
      if (options.json === true) printJson(answer);
      else printMembers({ lifted: answer.id, "from seq": answer.seq, "entry taken back": answer.lifts });
    });
}
