// A person's grants: /account/v1/grants. Somebody else's is not told from none.

import { type AccountGrant, type AccountGrantQuery, formatTime, formatTimeMs } from "@rescind/admin-api";
import type { ListedGrant } from "@rescind/store";
import { pageRequest, storedList } from "../admin/list-page.ts";
import { refused } from "../admin/refusal.ts";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { seqHeader } from "../revocation/commit.ts";
import { passThrough } from "../revocation/pass-through.ts";
import { commitOwn, recordRefusal, subjectOf } from "./own-order.ts";

export async function listOwnGrants(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { client_id: clientId, status, ...page } = request.query as AccountGrantQuery; // checked against the schema
  const filter = { subject: subjectOf(request), clientId, status };
  const current = request.caller.token.grantId;
  const read = deps.store.listGrants(filter, pageRequest(page), deps.now() / 1000);
  return storedList(read, (grant) => grantItem(grant, current));
}

export async function endGrant(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { grant } = await deps.store.findGrant(request.params.grant_id ?? "");
  if (grant === undefined) {
    await passThrough(deps);
    return unknown;
  }
  const { grantId, clientId, subject } = grant;
  if (subject !== subjectOf(request)) {
    await recordRefusal({ grant_id: grantId, subject }, request, deps);
    return unknown;
  }
  const unit = { name: "grant", issuer: deps.issuer, value: grantId } as const;
  const order = { unit, reason: "user_request", about: { clientId, grantId } } as const;
  return { status: 204, headers: seqHeader(await commitOwn(order, request, deps)) };
}

const unknown = refused("not-found", "You have no grant with this grant_id.");

function grantItem(grant: ListedGrant, current: string | undefined): AccountGrant {
  return {
    grant_id: grant.grantId,
    client_id: grant.clientId,
    ...(grant.sessionId === undefined ? {} : { session_id: grant.sessionId }),
    scope: grant.scopes.join(" "),
    audience: [...grant.audience],
    offline: grant.offline,
    opened_at: formatTime(grant.openedAt),
    expires_at: formatTime(grant.expiresAt),
    status: grant.status,
    ...(grant.lastUsedAtMs === undefined ? {} : { last_used_at: formatTimeMs(grant.lastUsedAtMs) }),
    current: grant.grantId === current,
  };
}
