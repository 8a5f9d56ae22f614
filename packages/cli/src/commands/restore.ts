// `rescind restore`: puts a backup in the place of the database and begins a new epoch; with --in-place the epoch alone, for
// a database that came back by other means. docs/operations/backup.md.

import type { Command } from "commander";
import { askBefore } from "../confirmation.ts";
import { type DatabaseOptions, databased, orRefused } from "../database.ts";
import { wrongUsage } from "../failure.ts";
import { printJson, printMembers } from "../output.ts";
import { count } from "../progress.ts";
import { rowProgress } from "../row-progress.ts";

interface RestoreOptions extends DatabaseOptions {
  readonly from?: string;
  readonly inPlace?: boolean;
  readonly keepTokens?: boolean;
  readonly nothingLost?: boolean;
  readonly yes?: boolean;
}

export function addRestore(program: Command): void {
  databased(program.command("restore"))
    .description(
      "put a backup in the place of the database, and end every token of before; the server must be stopped",
    )
    .option("--from <file>", "what `rescind backup` wrote")
    .option("--in-place", "the database came back by other means: begin the new epoch on it")
    .option("--keep-tokens", "end no token; every revocation since the backup is undone")
    .option(
      "--nothing-lost",
      "with --in-place: it is whole, no epoch begins (after pg_upgrade of a stopped server)",
    )
    .option("--yes", "do not ask")
    .action((options: RestoreOptions) => orRefused(() => restore(options)));
}

async function restore(options: RestoreOptions): Promise<void> {
  const { from, inPlace = false, keepTokens = false, nothingLost = false } = options;
  if ((from === undefined) !== inPlace) throw wrongUsage("name a backup with --from, or say --in-place");
  if (nothingLost && (keepTokens || !inPlace))
    throw wrongUsage("--nothing-lost goes with --in-place, and not with --keep-tokens");
  const server = await import("@rescind/server");
  const configuration = server.databaseSettings(options, process.env);
  if (options.yes !== true) await askBefore([...told(options, configuration.database)], "Go on?");
  if (from === undefined) {
    const how = nothingLost ? "nothing-lost" : keepTokens ? "keep-tokens" : "end-everything";
    const epochSeq = await server.restoreInPlace(how, configuration);
    report(options, { database: shown(configuration.database) }, nothingLost ? "none" : epochSeq);
    return;
  }
  const progress = rowProgress("Restoring");
  const verb = { from, keepTokens, replace: true };
  const done = await server.restore(verb, configuration, progress.moved).finally(() => progress.end());
  const { manifest, rows, setAside, replaced } = done;
  report(
    options,
    {
      database: shown(configuration.database),
      issuer: manifest.issuer,
      rows,
      "made at": new Date(manifest.madeAtMs).toISOString(),
      "its log ends at": manifest.position.seq,
      "lost up to":
        replaced !== undefined && replaced.above > manifest.position.seq ? replaced.above : undefined,
      "ordered again": replaced?.ended.map(({ name, value }) => `${name} ${value}`),
      "what was there": setAside ?? replaced?.damage,
    },
    done.epochSeq,
  );
}

function* told({ from, keepTokens, nothingLost }: RestoreOptions, database: string): Generator<string> {
  if (from !== undefined) yield `${from} takes the place of whatever is in ${shown(database)}.`;
  if (nothingLost === true) yield "Nothing is ended: say so only if the log of this database is whole.";
  else if (keepTokens === true)
    yield "Every revocation, suspension, spent token and disabled user since the backup is undone, and nothing replaces it.";
  else
    yield "Every token and session ends, those of registered foreign issuers too, and the signing keys are replaced.";
}

function report(
  { json, keepTokens }: RestoreOptions,
  members: Readonly<Record<string, unknown>>,
  epoch: number | "none" | undefined,
): void {
  const epochSeq = typeof epoch === "number" ? epoch : undefined;
  const lost = epoch === "none" ? undefined : keepTokens === true ? lostWithTokens : lostAll;
  if (json === true) {
    const named = Object.entries(members).map(([name, value]) => [name.replaceAll(/[ -]/g, "_"), value]);
    printJson({ ...Object.fromEntries(named), epoch_seq: epochSeq, keep_tokens: keepTokens === true, lost });
    return;
  }
  const begun = epochSeq === undefined ? "the next start of the server begins it" : `begun with ${epochSeq}`;
  const { rows, "ordered again": again } = members;
  printMembers({
    ...members,
    rows: typeof rows === "number" ? count(rows) : undefined,
    "ordered again": Array.isArray(again) ? again.join(", ") : undefined,
    "new epoch": epoch === "none" ? "none" : begun,
  });
  if (lost !== undefined) console.log(`\n${lost}`);
}

const lostAll =
  "All tokens and sessions of before have ended and the signing keys are new. Lost is what was changed since the backup: look at clients and keys that were suspended, users that were disabled, passwords that were changed, second factors, passkeys and identities that were removed (a recovery code that was used counts again), and registrations.";
const lostWithTokens =
  "Tokens were kept. Undone is every revocation since the backup, the suspension of clients and keys, the end of stolen signing keys, spent codes and refresh tokens, disabled users and withdrawn consents, but for what stands above as ordered again. Order again what you know of.";

/** Without user and password. */
function shown(database: string): string {
  return database.replace(/\/\/[^@/]*@/, "//").replace(/\?.*$/s, "");
}
