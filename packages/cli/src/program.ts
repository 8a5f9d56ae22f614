// All verbs but `serve`, which has flags and a start of its own.

import { AdminProblem } from "@rescind/admin-api";
import { Command, CommanderError } from "commander";
import { addAudit } from "./commands/audit.ts";
import { addBackup } from "./commands/backup.ts";
import { addCascade } from "./commands/cascade.ts";
import { addClients } from "./commands/clients.ts";
import { addDeliveries } from "./commands/deliveries.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDrill } from "./commands/drill.ts";
import { addExplain } from "./commands/explain.ts";
import { addGrants } from "./commands/grants.ts";
import { addIntrospect } from "./commands/introspect.ts";
import { addIssuers } from "./commands/issuers.ts";
import { addKeys } from "./commands/keys.ts";
import { addLift } from "./commands/lift.ts";
import { addLogin } from "./commands/login.ts";
import { addMigrate } from "./commands/migrate.ts";
import { addResources } from "./commands/resources.ts";
import { addRestore } from "./commands/restore.ts";
import { addRevocations } from "./commands/revocations.ts";
import { addRevoke } from "./commands/revoke.ts";
import { addSessions } from "./commands/sessions.ts";
import { addSigningKeys } from "./commands/signing-keys.ts";
import { addTokens } from "./commands/tokens.ts";
import { addUpstreams } from "./commands/upstreams.ts";
import { addUsers } from "./commands/users.ts";
import { addVerifiers } from "./commands/verifiers.ts";
import { addWatch } from "./commands/watch.ts";
import { addWebhooks } from "./commands/webhooks.ts";
import { report } from "./failure.ts";
import { printJson } from "./output.ts";
import { version } from "./version.ts";

/** Runs one command and sets the exit status: 0, 1 (refused) or 2 (usage). */
export async function run(args: readonly string[]): Promise<void> {
  process.stdout.on("error", endWithReader);
  try {
    await program().parseAsync(args, { from: "user" });
  } catch (error) {
    if (error instanceof AdminProblem && args.includes("--json")) printJson(error.problem);
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else process.exitCode = report(error);
  }
}

/** `rescind audit | head` is no fault: whoever read our output has seen enough. */
function endWithReader(error: Error): void {
  if ("code" in error && error.code === "EPIPE") process.exit(0);
  throw error;
}

function program(): Command {
  const root = new Command("rescind")
    .description("OAuth tokens that can be taken back.")
    .version(version())
    .exitOverride()
    .showHelpAfterError("Try: rescind help, or a command with --help")
    .addHelpText("after", "\nExit status: 0 done, 1 refused, 2 wrong usage.");
  // Never run from here: it stands here for the help and for suggestions.
  root.command("serve").description("serve; `rescind serve --help` lists its flags");
  for (const add of commands) add(root);
  return root;
}

const commands = [
  addIntrospect,
  addExplain,
  addRevoke,
  addLift,
  addRevocations,
  addTokens,
  addGrants,
  addSessions,
  addUsers,
  addClients,
  addKeys,
  addResources,
  addIssuers,
  addUpstreams,
  addSigningKeys,
  addVerifiers,
  addWatch,
  addWebhooks,
  addDeliveries,
  addAudit,
  addCascade,
  addDrill,
  addBackup,
  addRestore,
  addMigrate,
  addDoctor,
  addLogin,
];
