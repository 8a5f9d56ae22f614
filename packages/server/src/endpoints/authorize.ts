// /oauth2/authorize: RFC 6749 section 3.1, OpenID Connect Core section 3.1.2, RFC 9126 section 4. Begins a transaction,
// or goes on with one. A POST may come from another site without our cookies: it becomes a GET, which has them.

import { judgedPushedRequest, parseToken } from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { advance } from "../sign-in/advance.ts";
import { type Browser, browserOf } from "../sign-in/browser.ts";
import { decide, loadAuthorization, servedClient, unknownClient, untrusted } from "../sign-in/load.ts";
import {
  openTransaction,
  pushedTransactionId,
  sealTransaction,
  startTransaction,
  type Transaction,
  type TransactionStart,
} from "../sign-in/transaction.ts";

export const pushedPrefix = "urn:ietf:params:oauth:request_uri:";

export async function authorize(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  await deps.standing.reach(head);
  if (request.method === "POST") return resumedByGet(request, head, deps);
  const browser = browserOf(request, deps.issuer);
  const transaction = await transactionOf(request, browser, head, deps);
  if ("status" in transaction) return transaction;
  const loaded = await loadAuthorization(transaction, request, head, deps);
  if ("status" in loaded) return loaded;
  const decision = decide(loaded, transaction, { justConsented: false }, deps);
  const answer = await advance({ transaction, loaded, decision, head, consent: [] }, deps);
  return { ...answer, cookies: [...browser.cookies, ...(answer.cookies ?? [])] };
}

/** From a form, whatever site it stands on: the same request as a GET, which brings the cookies along. */
function resumedByGet(request: PageRequest, head: Head, deps: Dependencies): Answer {
  const clientId = request.parameters.get("client_id");
  if (clientId === undefined) return untrusted("client_id is missing.", deps);
  const parameters = Object.fromEntries(request.parameters);
  const start = { clientId, parameters, rev: head.position.seq, browser: undefined };
  const sealed = sealTransaction(startTransaction(start, deps.now()), deps);
  if (sealed === undefined) return tooLong(deps);
  return seeOther(
    `${new URL(deps.issuer).pathname.replace(/\/$/, "")}/oauth2/authorize?transaction=${sealed}`,
  );
}

/** The transaction a GET goes on with, or the one it begins. */
async function transactionOf(
  request: PageRequest,
  browser: Browser,
  head: Head,
  deps: Dependencies,
): Promise<Transaction | Answer> {
  if (!request.parameters.has("transaction")) return begin(request.parameters, browser, head, deps);
  const transaction = await openTransaction(request, head, deps);
  if ("status" in transaction || transaction.browser !== undefined) return transaction;
  // Whoever has it could have sent its parameters as well: it begins here, and nothing done before counts for it.
  return begin(new Map(Object.entries(transaction.parameters)), browser, head, deps);
}

async function begin(
  parameters: ReadonlyMap<string, string>,
  browser: Browser,
  head: Head,
  deps: Dependencies,
): Promise<Transaction | Answer> {
  const clientId = parameters.get("client_id");
  if (clientId === undefined) return untrusted("client_id is missing.", deps);
  if ((await servedClient(clientId, head, deps)) === undefined) return unknownClient(deps);
  const pushed = parameters.get("request_uri")?.startsWith(pushedPrefix) === true;
  const start: TransactionStart | Answer = pushed
    ? await pushedStart(clientId, parameters, browser, deps)
    : {
        clientId,
        parameters: Object.fromEntries(parameters),
        rev: head.position.seq,
        browser: browser.hash,
      };
  if ("status" in start) return start;
  const transaction = startTransaction(start, deps.now());
  return sealTransaction(transaction, deps) === undefined ? tooLong(deps) : transaction;
}

/** Only what was pushed counts; parameters beside `request_uri` are ignored (RFC 9126 section 4, RFC 9101 section 6.3). */
async function pushedStart(
  clientId: string,
  parameters: ReadonlyMap<string, string>,
  browser: Browser,
  deps: Dependencies,
): Promise<TransactionStart | Answer> {
  const text = (parameters.get("request_uri") ?? "").slice(pushedPrefix.length);
  const parsed = parseToken(text);
  if (parsed?.kind !== "pushed") return notPushed(deps);
  const { head, request, digest } = await deps.store.findPushedRequest(parsed.rowId);
  if (request === undefined || !deps.hashing.matches(text, digest)) return notPushed(deps);
  await deps.standing.reach(head);
  const verdict = deps.standing.judge(judgedPushedRequest(request, deps.issuer), deps.now() / 1000);
  if (request.clientId !== clientId || verdict.kind !== "live") return notPushed(deps);
  return {
    id: pushedTransactionId(request.id),
    clientId,
    parameters: request.parameters,
    rev: request.rev,
    browser: browser.hash,
  };
}

function notPushed(deps: Dependencies): Answer {
  return untrusted(
    "request_uri is unknown, expired, revoked or another client's; push the request again.",
    deps,
  );
}

function tooLong(deps: Dependencies): Answer {
  return untrusted("The request is longer than a URL may be; shorten state, scope or hints.", deps);
}
