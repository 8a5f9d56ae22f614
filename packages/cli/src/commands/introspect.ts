// `rescind introspect`: what the server says of a token (RFC 7662). Exit status 0 whether it is active or not: both
// are answers.

import type { Command } from "commander";
import { type ConnectionOptions, connect, connectable } from "../connection.ts";
import { wrongUsage } from "../failure.ts";
import { introspect } from "../introspection.ts";
import { printJson, printMembers } from "../output.ts";
import { tokenFrom } from "../parameters.ts";

interface Options extends ConnectionOptions {
  readonly token?: string;
}

export function addIntrospect(program: Command): void {
  connectable(program.command("introspect [token]"))
    .description("say whether a token is active, and what it is; `-` reads it from standard input")
    .option("--token <token>", "the token")
    .action(async (argument: string | undefined, options: Options) => {
      const token = await tokenFrom(argument, options.token);
      if (token === undefined)
        throw wrongUsage("which token? Give it as argument, --token or `-` (standard input)");
      const answer = await introspect(connect(options), token);
      if (options.json === true) printJson(answer);
      else printMembers(answer);
    });
}
