// Where a person is signed in: /account/v1/sessions. Ending one there ends all that was given in it, offline access
// included: whoever ends another browser's session does not have that browser in hand.

import { parseId } from "@rescind/core";
import type { ListedSession, Receipt } from "@rescind/store";
import { pageRequest, storedList } from "../admin/list-page.ts";
import { refused } from "../admin/refusal.ts";
import type { AdminRequest } from "../admin/request.ts";
import { sessionItem } from "../admin/sessions.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { seqHeader } from "../revocation/commit.ts";
import { passThrough } from "../revocation/pass-through.ts";
import { commitAllOwn, commitOwn, recordRefusal, subjectOf } from "./own-order.ts";

export async function listOwnSessions(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const filter = { subject: subjectOf(request) };
  const current = request.caller.token.sessionId;
  const page = pageRequest(request.query as object); // checked against the contract's schema
  return storedList(deps.store.listSessions(filter, page, deps.now() / 1000), (listed) => {
    const { subject: _own, ...shown } = sessionItem(listed);
    return { ...shown, current: shown.session_id === current };
  });
}

export async function endSession(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const row = parseId("session", request.params.session_id ?? "");
  const { session } = row === undefined ? {} : await deps.store.findSession(row);
  if (session === undefined) {
    await passThrough(deps);
    return unknown;
  }
  const { sessionId, subject } = session;
  if (subject !== subjectOf(request)) {
    await recordRefusal({ session_id: sessionId, subject }, request, deps);
    return unknown;
  }
  const receipt = await commitOwn(endOf(sessionId, deps), request, deps);
  return { status: 204, headers: seqHeader(receipt) };
}

export async function endOtherSessions(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const current = request.caller.token.sessionId;
  if (current === undefined) return noSession;
  const others: string[] = [];
  let cursor: string | undefined;
  do {
    const page = { limit: 1000, cursor };
    const found = await deps.store.listSessions({ subject: subjectOf(request) }, page, deps.now() / 1000);
    others.push(...found.items.filter(isLive).map(({ session }) => session.sessionId));
    cursor = found.next;
  } while (cursor !== undefined);
  const orders = others.filter((id) => id !== current).map((id) => endOf(id, deps));
  let last: Receipt | undefined;
  for (let done = 0; done < orders.length; done += mostAtOnce)
    last = (await commitAllOwn(orders.slice(done, done + mostAtOnce), request, deps)).at(-1);
  if (last === undefined) return ok({ sessions: 0 });
  return ok({ sessions: orders.length, seq: last.seq }, seqHeader(last));
}

/** Every session and token of the person, this one included. */
export async function signOutEverywhere(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const unit = { name: "subject", issuer: deps.issuer, value: subjectOf(request) } as const;
  const receipt = await commitOwn({ unit, reason: "user_request" }, request, deps);
  return ok({ seq: receipt.seq }, seqHeader(receipt));
}

/** Orders in one transaction. */
const mostAtOnce = 1000;

const unknown = refused("not-found", "You have no login session with this session_id.");
const noSession = refused(
  "conflict",
  "This token hangs on no login session, so there are no others: sign out everywhere instead.",
);

function isLive({ status }: ListedSession): boolean {
  return status === "live";
}

function endOf(sessionId: string, { issuer }: Pick<Dependencies, "issuer">) {
  return { unit: { name: "session", issuer, value: sessionId }, reason: "user_request" } as const;
}
