// Orders as people give and read them: what would be reached, what was, and which verifiers have it.

import {
  type Affected,
  cascade,
  type NewRevocation,
  type RevocationAnswer,
  type RevocationPreview,
  type Selected,
} from "@rescind/admin-api";
import { InvalidArgumentError } from "commander";
import { type Column, printJson, printMembers, printTable } from "./output.ts";

/** Options that every order has. */
export interface OrderOptions {
  readonly reason?: NonNullable<NewRevocation["reason"]>;
  readonly note?: string;
  readonly final?: true;
}

/** The members that were given. */
export function orderSettings({ reason, note, final }: OrderOptions): OrderOptions {
  return {
    ...(reason === undefined ? {} : { reason }),
    ...(note === undefined ? {} : { note }),
    ...(final === undefined ? {} : { final }),
  };
}

/** Seconds to wait for verifiers. */
export function waitSeconds(value: string): number {
  const seconds = Number(value);
  if (!/^\d+(\.\d+)?$/.test(value) || seconds > 60)
    throw new InvalidArgumentError("It must be 0 to 60 seconds.");
  return seconds;
}

/** Whether a person should be asked before it. */
export function isMoreThanOne(selected: Selected, affected: Affected): boolean {
  const narrow: readonly Selected["kind"][] = ["token", "token_id", "issuer+jti"];
  const namesOne = narrow.includes(selected.kind);
  return !namesOne || affected.access_tokens + affected.refresh_tokens > 1 || !affected.exact;
}

/** What is about to happen, for the question before it: the row of the cascade table, the counts, whose tokens. */
export function whatHappens(selected: Selected, preview: RevocationPreview): string[] {
  const shares = preview.by_client.slice(0, mostShares).map((share) => {
    const last = share.last_used_at === undefined ? "" : `, last used ${share.last_used_at}`;
    return `  ${share.client_id}: ${share.access_tokens} access, ${share.refresh_tokens} refresh${last}`;
  });
  const rest = preview.by_client.length - shares.length;
  return [
    rowOf(selected),
    [
      `Now: ${summary(preview.affected)}`,
      ...shares,
      ...(rest > 0 ? [`  and ${rest} more clients`] : []),
    ].join("\n"),
  ];
}

/** Clients in a question; `--dry-run` shows all. */
const mostShares = 5;

/** The row of the cascade table that is about to be applied. */
function rowOf(selected: Selected): string {
  const unit = unitOf(selected);
  const row = cascade.find(({ announcedAs }) => announcedAs.some((name) => name === unit));
  return `Reaches: ${row?.covers ?? unit}.`;
}

function unitOf({ kind }: Selected): string {
  switch (kind) {
    case "token":
    case "token_id":
      return "grant";
    case "issuer+subject":
      return "subject";
    case "issuer+jti":
      return "token";
    default:
      return kind;
  }
}

function summary(affected: Affected): string {
  const { grants, access_tokens: access, refresh_tokens: refresh, sessions, subscriptions, exact } = affected;
  const counts = `${grants} grants, ${access} access tokens, ${refresh} refresh tokens, ${sessions} sessions, ${subscriptions} subscriptions`;
  return exact ? counts : `at least ${counts}`;
}

const shareColumns: readonly Column<RevocationPreview["by_client"][number]>[] = [
  ["CLIENT", (share) => share.client_id],
  ["ACCESS TOKENS", (share) => share.access_tokens],
  ["REFRESH TOKENS", (share) => share.refresh_tokens],
  ["LAST USED", (share) => share.last_used_at],
];

interface PrintOptions {
  readonly json?: boolean;
}

export function printPreview(preview: RevocationPreview, { json }: PrintOptions): void {
  if (json === true) {
    printJson(preview);
    return;
  }
  const { select, at, affected } = preview;
  printMembers({ revoked: "nothing (dry run)", select, at, affected: summary(affected) });
  if (preview.by_client.length === 0) return;
  console.log();
  printTable(preview.by_client, shareColumns);
}

/** @param effective how many verifiers have it, where that was waited for and the server knows */
export function printReceipt(
  answer: RevocationAnswer,
  effective: string | undefined,
  { json }: PrintOptions,
): void {
  if (json === true) {
    printJson({ ...answer, ...(effective === undefined ? {} : { effective }) });
    return;
  }
  const { id, seq, select, at, affected } = answer;
  const verifiers = effective === undefined ? {} : { "in force at": `${effective} verifiers` };
  printMembers({ revoked: id, "from seq": seq, select, at, affected: summary(affected), ...verifiers });
}
