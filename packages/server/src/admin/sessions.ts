// Login sessions and remembered consents in lists: GET /admin/v1/sessions, GET /admin/v1/consents. They are ended by
// POST /admin/v1/revocations.

import {
  type ConsentItem,
  type ConsentQuery,
  formatTime,
  formatTimeMs,
  type SessionItem,
  type SessionQuery,
} from "@rescind/admin-api";
import { sessionEnd } from "@rescind/core";
import type { Consent, ListedSession } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { pageRequest, storedList } from "./list-page.ts";
import type { AdminRequest } from "./request.ts";

export async function listSessions(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { subject, session_id: sessionId, ...page } = request.query as SessionQuery; // checked against the schema
  const at = deps.now() / 1000;
  return storedList(deps.store.listSessions({ subject, sessionId }, pageRequest(page), at), sessionItem);
}

export async function listConsents(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { subject, client_id: clientId, ...page } = request.query as ConsentQuery; // checked against the schema
  return storedList(deps.store.listConsents({ subject, clientId }, pageRequest(page)), consentItem);
}

/** A login session as lists show it. */
export function sessionItem({ session, status }: ListedSession): SessionItem {
  return {
    session_id: session.sessionId,
    subject: session.subject,
    status,
    authenticated_at: formatTimeMs(session.authenticatedAtMs),
    amr: [...session.amr],
    ...(session.userAgent === undefined ? {} : { user_agent: session.userAgent }),
    ...(session.address === undefined ? {} : { address: session.address }),
    opened_at: formatTimeMs(session.openedAtMs),
    last_seen_at: formatTimeMs(session.lastSeenMs),
    expires_at: formatTime(sessionEnd(session)),
  };
}

function consentItem({ subject, clientId, scopes, grantedAtMs }: Consent): ConsentItem {
  return { subject, client_id: clientId, scope: scopes.join(" "), granted_at: formatTimeMs(grantedAtMs) };
}
