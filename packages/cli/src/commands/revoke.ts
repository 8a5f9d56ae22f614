// `rescind revoke`: one token or one unit. Shows what it would reach and asks, unless it is one token or --yes.

import { randomUUID } from "node:crypto";
import {
  type Affected,
  cascade,
  type NewRevocation,
  type RevocationAnswer,
  readSelect,
  type Select,
  type Selected,
} from "@rescind/admin-api";
import { type Command, Option } from "commander";
import { askBefore } from "../confirmation.ts";
import { type Connection, type ConnectionOptions, connect, connectable } from "../connection.ts";
import { refused, wrongUsage } from "../failure.ts";
import { introspect } from "../introspection.ts";
import { printJson, printMembers } from "../output.ts";
import { tokenFrom, wholeNumber } from "../parameters.ts";

interface Options extends ConnectionOptions {
  readonly token?: string;
  readonly tokenId?: string;
  readonly grant?: string;
  readonly session?: string;
  readonly subject?: string;
  readonly client?: string;
  readonly key?: string;
  readonly kid?: string;
  readonly foreignIssuer?: string;
  readonly jti?: string;
  readonly all?: true;
  readonly cascade?: "token" | "grant" | "subject_client";
  readonly before?: string;
  readonly reason?: NonNullable<NewRevocation["reason"]>;
  readonly note?: string;
  readonly final?: true;
  readonly maxAffected?: number;
  readonly dryRun?: true;
  readonly yes?: true;
}

export function addRevoke(program: Command): void {
  connectable(program.command("revoke [token]"))
    .description("revoke a token, or one unit; in force when this returns")
    .option("--token <token>", "the token; `-` reads standard input. A refresh token means its grant")
    .option("--token-id <id>", "one token by its id (the jti)")
    .option("--grant <id>", "all tokens of a grant")
    .option("--session <id>", "a login session and all with its sid")
    .option("--subject <sub>", "all tokens of a subject; with --client what it gave that client")
    .option("--client <id>", "all tokens of a client")
    .option("--key <id>", "all tokens issued with a consumer key")
    .option("--kid <kid>", "all tokens signed with a signing key, which leaves use")
    .option(
      "--foreign-issuer <url>",
      "all tokens of a registered issuer; with --subject or --jti those of one (rescind issuers list)",
    )
    .option("--jti <jti>", "with --foreign-issuer: one token of it")
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
    .option("--yes", "do not ask")
    .action(revoke);
}

async function revoke(argument: string | undefined, options: Options): Promise<void> {
  const connection = connect(options);
  const select = await selectFrom(argument, options, connection);
  const selected = readSelect(select);
  if (selected === undefined)
    throw wrongUsage(
      "name one token or one unit (--subject and --client may stand together, or --foreign-issuer and --subject or --jti); see rescind revoke --help",
    );
  const body: NewRevocation = { select, ...settingsOf(options) };
  if (options.dryRun === true || options.yes !== true) {
    const preview = await connection.admin.revoke({ body: { ...body, dry_run: true } });
    if (options.dryRun === true) return print(options, preview);
    if (isMoreThanOne(selected, preview.affected))
      await askBefore([rowOf(selected), `Now: ${summary(preview.affected)}`], "Revoke?");
  }
  print(options, await connection.admin.revoke({ body, idempotencyKey: randomUUID() }));
}

function settingsOf(options: Options): Omit<NewRevocation, "select"> {
  const { before, reason, note, final, maxAffected } = options;
  return {
    ...(before === undefined ? {} : { before }),
    ...(reason === undefined ? {} : { reason }),
    ...(note === undefined ? {} : { note }),
    ...(final === undefined ? {} : { final }),
    ...(maxAffected === undefined ? {} : { max_affected: maxAffected }),
  };
}

async function selectFrom(
  argument: string | undefined,
  options: Options,
  connection: Connection,
): Promise<Select> {
  const token = await tokenFrom(argument, options.token);
  const { tokenId, grant, session, subject, client, key, kid, all, cascade: reach } = options;
  const { foreignIssuer, jti } = options;
  const select = {
    ...(token === undefined ? {} : { token }),
    ...(tokenId === undefined ? {} : { token_id: tokenId }),
    ...(grant === undefined ? {} : { grant_id: grant }),
    ...(session === undefined ? {} : { session_id: session }),
    ...(subject === undefined ? {} : { subject }),
    ...(client === undefined ? {} : { client_id: client }),
    ...(key === undefined ? {} : { key_id: key }),
    ...(kid === undefined ? {} : { kid }),
    ...(foreignIssuer === undefined ? {} : { issuer: foreignIssuer }),
    ...(jti === undefined ? {} : { jti }),
    ...(all === undefined ? {} : { all }),
  };
  if (reach === undefined || reach === "token") return select;
  if (token === undefined || Object.keys(select).length !== 1)
    throw wrongUsage("--cascade goes with a token, alone");
  return reachOf(token, reach, connection);
}

/** The unit that a token of unknown kind belongs to, as the server sees it. */
async function reachOf(
  token: string,
  reach: "grant" | "subject_client",
  connection: Connection,
): Promise<Select> {
  const { active, grant_id: grant, sub, client_id: client } = await introspect(connection, token);
  if (!active)
    throw refused("the token is not active, so its grant cannot be told; name the unit instead (--grant, …)");
  // A client-credentials token has no grant: there, `grant` means the token itself.
  if (reach === "grant") return typeof grant === "string" ? { grant_id: grant } : { token };
  if (typeof sub !== "string" || typeof client !== "string")
    throw refused("the token has no subject and client");
  return { subject: sub, client_id: client };
}

function isMoreThanOne(selected: Selected, affected: Affected): boolean {
  const namesOne = ["token", "token_id", "issuer+jti"].includes(selected.kind);
  return !namesOne || affected.access_tokens + affected.refresh_tokens > 1 || !affected.exact;
}

/** The row of the cascade table that is about to be applied. */
function rowOf(selected: Selected): string {
  const unit = announced[selected.kind] ?? selected.kind;
  const row = cascade.find(({ announcedAs }) => announcedAs.some((name) => name === unit));
  return `Reaches: ${row?.covers ?? unit}.`;
}

/** Units that are announced under another name than they are selected by; a token may be a refresh token. */
const announced: Readonly<Partial<Record<Selected["kind"], string>>> = {
  token: "grant",
  token_id: "grant",
  "issuer+subject": "subject",
  "issuer+jti": "token",
};

function summary(affected: Affected): string {
  const { grants, access_tokens: access, refresh_tokens: refresh, sessions, exact } = affected;
  const counts = `${grants} grants, ${access} access tokens, ${refresh} refresh tokens, ${sessions} sessions`;
  return exact ? counts : `at least ${counts}`;
}

type Shown = Omit<RevocationAnswer, "id" | "seq"> & {
  readonly id?: string | undefined;
  readonly seq?: number | undefined;
};

function print(options: Options, answer: Shown): void {
  const receipt =
    answer.id === undefined
      ? { revoked: "nothing (dry run)" }
      : { revoked: answer.id, "from seq": answer.seq };
  if (options.json === true) printJson(answer);
  else printMembers({ ...receipt, select: answer.select, at: answer.at, affected: summary(answer.affected) });
}
