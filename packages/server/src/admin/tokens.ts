// Tokens in lists: GET /admin/v1/tokens. Never by value, which nobody has.

import { formatTime, formatTimeMs, type TokenItem, type TokenQuery } from "@rescind/admin-api";
import { formatId } from "@rescind/core";
import type { ListedToken } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { pageRequest, storedList } from "./list-page.ts";
import type { AdminRequest } from "./request.ts";

export async function listTokens(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const query = request.query as TokenQuery; // checked against the contract's schema
  const filter = {
    subject: query.subject,
    clientId: query.client_id,
    grantId: query.grant_id,
    keyId: query.key_id,
    sessionId: query.session_id,
    status: query.status,
    kind: query.kind,
  };
  return storedList(deps.store.listTokens(filter, pageRequest(query), deps.now() / 1000), tokenItem);
}

/** A token as lists show it. */
export function tokenItem(token: ListedToken): TokenItem {
  return {
    token_id: formatId("token", token.id),
    kind: token.kind,
    format: token.format,
    client_id: token.clientId,
    subject: token.subject,
    ...(token.grantId === undefined ? {} : { grant_id: token.grantId }),
    ...(token.sessionId === undefined ? {} : { session_id: token.sessionId }),
    ...(token.keyId === undefined ? {} : { key_id: token.keyId }),
    scope: token.scopes.join(" "),
    audience: [...token.audience],
    issued_at: formatTime(token.issuedAt),
    expires_at: formatTime(token.expiresAt),
    status: token.status,
    ...(token.lastUsedAtMs === undefined ? {} : { last_used_at: formatTimeMs(token.lastUsedAtMs) }),
  };
}
