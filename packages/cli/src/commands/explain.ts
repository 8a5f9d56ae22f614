// `rescind explain`: why a token, grant or session is live or not, with every entry of the log that names it. Exit status
// 0 whatever it is: all are answers.

import type { ExplainedEntry, Explanation, ExplanationRequest } from "@rescind/admin-api";
import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { wrongUsage } from "../failure.ts";
import { printable, printJson, printMembers } from "../output.ts";
import { tokenFrom } from "../parameters.ts";

interface Options extends ConnectionOptions {
  readonly token?: string;
  readonly tokenId?: string;
  readonly grant?: string;
  readonly session?: string;
}

export function addExplain(program: Command): void {
  connectable(program.command("explain [token]"))
    .description("say why a token is live or not; `-` reads it from standard input")
    .option("--token <token>", "the token; ours, or of a registered foreign issuer")
    .option("--token-id <id>", "a token by its id (the jti)")
    .option("--grant <id>", "a grant, judged by its newest token")
    .option("--session <id>", "a login session")
    .action(async (argument: string | undefined, options: Options) => {
      const body = await requestFrom(argument, options);
      const told = await connect(options).admin.explain({ body });
      if (options.json === true) printJson(told);
      else print(told);
    });
}

async function requestFrom(argument: string | undefined, options: Options): Promise<ExplanationRequest> {
  const token = await tokenFrom(argument, options.token);
  const { tokenId, grant, session } = options;
  const asked: ExplanationRequest = {
    ...(token === undefined ? {} : { token }),
    ...(tokenId === undefined ? {} : { token_id: tokenId }),
    ...(grant === undefined ? {} : { grant_id: grant }),
    ...(session === undefined ? {} : { session_id: session }),
  };
  if (Object.keys(asked).length !== 1) throw wrongUsage("name one token, --token-id, --grant or --session");
  return asked;
}

function print({ what, status, why, at, head, facts, units, lineage }: Explanation): void {
  printMembers({
    is: what.replaceAll("_", " "),
    status: status.replaceAll("_", " "),
    why,
    at,
    "log at": head,
  });
  if (Object.keys(facts).length > 0) {
    console.log("\nFacts");
    printMembers(facts);
  }
  if (units.length > 0) console.log("\nUnits, and what the log holds of each");
  for (const { unit, value, client_id: client, entries } of units) {
    const name = [unit, value, client].filter((part) => part !== undefined && part !== "").join(" ");
    console.log(printable(`${name}${entries.length === 0 ? ": nothing" : ""}`));
    for (const entry of entries) console.log(printable(`  ${lineOf(entry)}`));
  }
  if (lineage.length > 0) console.log("\nOrders of what it was exchanged from");
  for (const { entries } of lineage)
    for (const entry of entries) console.log(printable(`  ${entry.unit}: ${lineOf(entry)}`));
}

function lineOf(entry: ExplainedEntry): string {
  const { seq, effect, why, revocation_id: id, reason, note, actor, at } = entry;
  const by = `${actor.kind}:${actor.id}`;
  return `${effect} at ${seq}: ${why} (${id}, ${reason}, by ${by}, ${at}${note === undefined ? "" : `, “${note}”`})`;
}
