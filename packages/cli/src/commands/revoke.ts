// `rescind revoke`: one token or one unit, a list of them (`--file`), or a token of another provider (`--issuer` with a
// token). Shows what it would reach and asks, unless it is one token or --yes.

import { randomUUID } from "node:crypto";
import { type NewRevocation, readSelect } from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { askBefore } from "../confirmation.ts";
import { type Connection, type ConnectionOptions, connect, connectable } from "../connection.ts";
import { wrongUsage } from "../failure.ts";
import {
  isMoreThanOne,
  type OrderOptions,
  orderSettings,
  printPreview,
  printReceipt,
  waitSeconds,
  whatHappens,
} from "../order.ts";
import { tokenFrom, wholeNumber } from "../parameters.ts";
import { type ElsewhereOptions, revokeAtProvider } from "../revoke-elsewhere.ts";
import { type FileOptions, revokeFile } from "../revoke-file.ts";
import { type SelectOptions, selectFrom } from "../selection.ts";

interface Options extends ConnectionOptions, OrderOptions, SelectOptions, FileOptions, ElsewhereOptions {
  readonly token?: string;
  readonly before?: string;
  readonly maxAffected?: number;
  readonly dryRun?: true;
  readonly wait?: number;
}

export function addRevoke(program: Command): void {
  const command = connectable(program.command("revoke [token]"))
    .description("revoke a token, or one unit; in force when this returns")
    .option("--token <token>", "the token; `-` reads standard input. A refresh token means its grant")
    .option("--token-id <id>", "one token by its id (the jti)")
    .option("--grant <id>", "all tokens of a grant")
    .option("--session <id>", "a login session and all with its sid")
    .option("--subject <sub>", "all tokens of a subject; with --client what it gave that client")
    .option("--client <id>", "all tokens of a client")
    .option("--key <id>", "all tokens issued with a consumer key")
    .option("--kid <kid>", "all tokens signed with a signing key, which leaves use")
    .option("--issuer <url>", "a registered foreign issuer; with a token: that provider's own endpoint")
    .option("--jti <jti>", "with --issuer: one of its tokens")
    .option("--all", "every token and session of this issuer")
    .addOption(
      new Option("--cascade <reach>", "with a token: how far to go").choices([
        "token",
        "grant",
        "subject_client",
      ]),
    )
    .option("--before <time>", "spare what was authorised later (RFC 3339, whole seconds)")
    .option("--reason <reason>", "for example token_leaked, key_compromise, user_request")
    .option("--note <text>", "for the audit log")
    .option("--final", "can never be lifted")
    .option("--max-affected <tokens>", "change nothing if it reaches more tokens", wholeNumber)
    .option("--dry-run", "count only")
    .option("--wait <seconds>", "hold the answer until every verifier has it", waitSeconds)
    .option("--yes", "do not ask");
  command
    .optionsGroup("A list:")
    .option("--file <path>", "one token, jti or grant id a line; `-` reads standard input")
    .option("--from-line <number>", "begin there: where an earlier run stopped", wholeNumber)
    .optionsGroup("Another provider (--issuer with a token):")
    .option("--client-id <id>", "the client to which the token was issued")
    .option("--client-secret <secret>", "its secret; `-` asks for it, or reads standard input")
    .option("--token-type-hint <type>", "access_token or refresh_token")
    .action(revoke);
}

async function revoke(argument: string | undefined, options: Options): Promise<void> {
  if (options.file !== undefined) {
    if (argument !== undefined) throw wrongUsage("--file does not go with a token");
    refuseBeside("--file", options, unitOptions);
    return revokeFile(options.file, options, connect(options));
  }
  if (options.issuer !== undefined && (argument ?? options.token) !== undefined) {
    refuseBeside(
      "--issuer with a token",
      options,
      unitOptions.filter((name) => !providerTakes.includes(name)),
    );
    return revokeAtProvider(options.issuer, argument, options);
  }
  const connection = connect(options);
  await order(await tokenFrom(argument, options.token), options, connection);
}

async function order(token: string | undefined, options: Options, connection: Connection): Promise<void> {
  const select = await selectFrom(token, options, connection);
  const selected = readSelect(select);
  if (selected === undefined)
    throw wrongUsage(
      "name one token or one unit (--subject and --client may stand together, and --issuer with --subject or --jti); see rescind revoke --help",
    );
  const { before, maxAffected, wait } = options;
  const body: NewRevocation = {
    select,
    ...orderSettings(options),
    ...(before === undefined ? {} : { before }),
    ...(maxAffected === undefined ? {} : { max_affected: maxAffected }),
  };
  if (options.dryRun === true || options.yes !== true) {
    const preview = await connection.admin.revoke({ body: { ...body, dry_run: true } });
    if (!("by_client" in preview)) throw new TypeError("the server took a dry run for an order");
    if (options.dryRun === true) return printPreview(preview, options);
    if (isMoreThanOne(selected, preview.affected)) await askBefore(whatHappens(selected, preview), "Revoke?");
  }
  let effective: string | undefined;
  const told = (text: string | undefined): void => {
    effective = text;
  };
  const answer = await connection.admin.revoke({
    body,
    idempotencyKey: randomUUID(),
    ...(wait === undefined ? {} : { wait: { seconds: wait, told } }),
  });
  if (!("id" in answer)) throw new TypeError("the server took an order for a dry run");
  printReceipt(answer, effective, options);
}

/** Options of one unit of ours, by their names as members. */
const unitOptions: readonly (keyof Options)[] = [
  "token",
  "tokenId",
  "grant",
  "session",
  "subject",
  "client",
  "key",
  "kid",
  "issuer",
  "jti",
  "all",
  "cascade",
  "before",
  "maxAffected",
  "dryRun",
  "wait",
];
const providerTakes: readonly (keyof Options)[] = ["token", "issuer"];

function refuseBeside(what: string, options: Options, names: readonly (keyof Options)[]): void {
  const beside = names.find((name) => options[name] !== undefined);
  if (beside === undefined) return;
  const flag =
    beside === "token"
      ? "a token"
      : `--${beside.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw wrongUsage(`${what} does not go with ${flag}`);
}
