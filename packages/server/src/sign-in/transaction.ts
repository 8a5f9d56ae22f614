// One authorization request on its way through the pages: sealed, carried by forms and by the resume URL, stored
// nowhere. It belongs to one browser and gets one code. Everything it says is judged again at every step.

import { randomBytes } from "node:crypto";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { Judged, RowId } from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, PageRequest } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { knownBrowser } from "./browser.ts";
import { openText, sealText } from "./sealed-text.ts";

export interface Transaction {
  /** Of a pushed request: its own, so that it gets one code however often it is begun. */
  readonly id: string;
  readonly clientId: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Milliseconds since 1970; what was done since then answers its prompts. */
  readonly startedAtMs: number;
  readonly expiresAtMs: number;
  /** The head when it began, or that of the pushed request. */
  readonly rev: number;
  /** Hash of the browser's cookie; undefined until the browser is known: it only says what is asked, and begins there. */
  readonly browser: string | undefined;
  /** The device that it answers, where a device asked and no browser (RFC 8628). */
  readonly device?: { readonly id: RowId; readonly userCode: string } | undefined;
  /** The subject that was chosen on the account page. */
  readonly selected?: string | undefined;
  /** Who has passed the first step of signing in here. */
  readonly passed?: Passed | undefined;
}

/** What somebody has shown of whom a second factor is asked. No session: it is judged again when that comes. */
export interface Passed {
  readonly subject: string;
  /** The head read with what was shown: the `rev` of the session to come. */
  readonly rev: number;
  /** RFC 8176. */
  readonly amr: readonly string[];
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly factors?: readonly string[] | undefined;
  /** What an upstream provider gave for this sign-in. */
  readonly upstreamToken?: RowId | undefined;
}

/** Milliseconds. */
const life = 30 * 60 * 1000;
/** Characters: a request line of 8 KiB is what proxies let pass. */
export const longestSealed = 7000;
/** With what is added on the way: who was chosen, or has passed the first step. */
const longestCarried = 7900;

type Parts = Pick<Dependencies, "configuration" | "issuer" | "now" | "seal" | "standing">;

export interface TransactionStart {
  readonly id?: string | undefined;
  readonly clientId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly rev: number;
  readonly browser: string | undefined;
  readonly device?: Transaction["device"];
}

export function startTransaction(start: TransactionStart, nowMs: number): Transaction {
  return {
    ...start,
    id: start.id ?? randomBytes(16).toString("base64url"),
    startedAtMs: nowMs,
    expiresAtMs: nowMs + life,
  };
}

/** The transaction as text, where it begins; undefined if it is too long for a URL. */
export function sealTransaction(
  transaction: Transaction,
  parts: Pick<Dependencies, "seal">,
): string | undefined {
  const sealed = sealedTransaction(transaction, parts);
  return sealed.length > longestSealed ? undefined : sealed;
}

/** Hidden fields of a form that goes on with the transaction. */
export function sealedFields(
  transaction: Transaction,
  parts: Pick<Dependencies, "seal">,
): { readonly transaction: string } {
  return { transaction: sealedTransaction(transaction, parts) };
}

function sealedTransaction(transaction: Transaction, parts: Pick<Dependencies, "seal">): string {
  return sealText("transaction", deflateRawSync(JSON.stringify(transaction)), parts);
}

/** Where a transaction goes on: a path of ours with the sealed text. */
export function resumeAt(path: string, transaction: Transaction, deps: Parts): string {
  const sealed = sealedTransaction(transaction, deps);
  // Only what was short enough when it began is ever carried on.
  if (sealed.length > longestCarried) throw new Error("the transaction has grown too long");
  return `${frameOf(deps).root}${path}?transaction=${sealed}`;
}

/**
 * The transaction that a request carries, or the page that says why it cannot go on: unreadable, another browser's,
 * expired, or covered by an entry of the log. `head` was read for this request.
 */
export async function openTransaction(
  request: PageRequest,
  head: Head,
  deps: Parts,
): Promise<Transaction | Answer> {
  const transaction = unseal(request.parameters.get("transaction") ?? "", deps);
  const frame = frameOf(deps);
  if (transaction === undefined)
    return errorPage({ status: 400, title: "Nothing to go on with", text: beginAgain }, frame);
  const link = startAgain(transaction, head, deps);
  if (transaction.browser !== undefined) {
    const browser = knownBrowser(request, deps.issuer);
    if (browser === undefined)
      return errorPage({ status: 400, title: "Please start again", text: needsCookies, link }, frame);
    if (browser.hash !== transaction.browser)
      return errorPage({ status: 403, title: "Opened in another browser", text: otherBrowser, link }, frame);
  }
  await deps.standing.reach(head);
  const verdict = deps.standing.judge(judgedTransaction(transaction, deps.issuer), deps.now() / 1000);
  if (verdict.kind === "live") return transaction;
  const title = "This page has expired";
  if (verdict.kind === "expired") return errorPage({ status: 400, title, text: waitedTooLong, link }, frame);
  // What a client pushed before an order on it is not asked again in its name.
  const way = isPushed(transaction) ? undefined : link;
  return errorPage({ status: 400, title, text: tookBack, link: way }, frame);
}

const beginAgain =
  "Go back to the application that you want to use and sign in from there. Nothing has been changed.";
const needsCookies =
  "Your browser sent no cookie of this site: signing in was begun in another browser, or cookies are blocked here. Allow them, then start again.";
const otherBrowser =
  "Signing in was begun in another browser, or by somebody else. Nothing has been changed. To sign in here, start again.";
const waitedTooLong = "Too much time has passed since you began to sign in. Nothing has been changed.";
const tookBack = "What this page was made for has been taken back since. Nothing has been changed.";

/** The way back to where the transaction began: the same request, sealed, so that it shows nothing to who finds it. */
export function startAgain(
  { clientId, parameters, device }: Transaction,
  head: Head,
  deps: Parts,
): { readonly href: string; readonly text: string } {
  if (device !== undefined) return { href: `${frameOf(deps).root}/device`, text: "Enter a code" };
  const start = { clientId, parameters, rev: head.position.seq, browser: undefined };
  const href = resumeAt("/oauth2/authorize", startTransaction(start, deps.now()), deps);
  return { href, text: "Start again" };
}

const pushedIds = "pushed/";

/** The id of a transaction that a pushed request begins. */
export function pushedTransactionId(rowId: RowId): string {
  return pushedIds + rowId;
}

/** The id of a transaction that a device's code begins: one gets one answer. */
export function deviceTransactionId(rowId: RowId): string {
  return `device/${rowId}`;
}

function isPushed(transaction: Transaction): boolean {
  return transaction.id.startsWith(pushedIds);
}

function judgedTransaction(transaction: Transaction, issuer: string): Judged {
  return {
    issuer,
    ours: true,
    clientId: transaction.clientId,
    offline: false,
    rev: transaction.rev,
    authorisedAt: Math.floor(transaction.startedAtMs / 1000),
    expiresAt: transaction.expiresAtMs / 1000,
    lineage: [],
  };
}

function unseal(text: string, parts: Pick<Dependencies, "seal">): Transaction | undefined {
  const packed = openText("transaction", text, parts);
  // Nobody but this server makes bytes that open, and it makes them of transactions only.
  return packed === undefined ? undefined : (JSON.parse(inflateRawSync(packed).toString()) as Transaction);
}
