// Grants: /admin/v1/grants. POST opens one for a subject without a browser and answers with its first tokens.

import { formatTime, formatTimeMs, type GrantItem, type GrantQuery, type NewGrant } from "@rescind/admin-api";
import {
  type Client,
  checkClaims,
  chooseTarget,
  formatId,
  type Grant,
  lifetimes,
  parseScope,
  resolveClaims,
  type Target,
  type User,
} from "@rescind/core";
import type { ListedGrant } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { tokenAnswer } from "../endpoints/token.ts";
import type { Answer } from "../http/answer.ts";
import { mintAccessToken, mintRefreshToken } from "../tokens/mint.ts";
import { administrator, clientUnit } from "./administrator.ts";
import { pageRequest, storedList } from "./list-page.ts";
import { invalidField, refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";

export async function openGrant(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const body = request.body as NewGrant; // checked against the contract's schema
  const head = await deps.store.head(); // before anything else is read: the grant's tokens carry it as `rev`
  const client = (await deps.catalog.client(body.client_id, head))?.client;
  if (client === undefined) return invalidField("/client_id", "There is no client with this id.");
  await deps.standing.reach(head);
  if (deps.standing.suspension(clientUnit(client.clientId, deps.issuer)) !== "none")
    return refused("conflict", "This client is suspended: nothing is issued to it until it is approved.");
  if ((await deps.store.findClient(body.subject)).client !== undefined)
    return invalidField("/subject", "This is a client's id; no subject may have one.");
  const { user } = await deps.store.findUser(body.subject);
  if (user?.status === "disabled")
    return refused("conflict", "This user is disabled: nothing is issued for them until they are active.");
  const claims = claimsOf(body, client, user);
  if ("status" in claims) return claims;
  const resources = await deps.catalog.resources(head);
  const target = targetOf(body, { client, issuer: deps.issuer, resources });
  if ("status" in target) return target;

  const nowMs = deps.now();
  const grant = grantOf(
    { client, subject: body.subject, target, claims: claims.merged, at: nowMs / 1000 },
    deps,
  );
  const minted = { client, grant, user, keyId: undefined, rev: head.position.seq, at: nowMs / 1000 };
  const parts = { ...deps, keys: await deps.catalog.keys(head) };
  const access = mintAccessToken({ ...minted, target, subject: grant.subject }, parts);
  if ("kind" in access) return invalidField("/scope", access.description);
  const refresh = client.grantTypes.includes("refresh_token") ? mintRefreshToken(minted, parts) : undefined;
  await deps.store.openGrant(grant, { access: access.stored, refresh: refresh?.stored });
  await recordOpened(request, grant, deps);
  deps.metrics.issued("admin_grant");
  return { ...tokenAnswer(access, refresh?.text, { grant_id: grant.grantId }), status: 201 };
}

export async function listGrants(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const query = request.query as GrantQuery; // checked against the contract's schema
  const filter = {
    subject: query.subject,
    clientId: query.client_id,
    grantId: query.grant_id,
    keyId: query.key_id,
    sessionId: query.session_id,
    status: query.status,
  };
  return storedList(deps.store.listGrants(filter, pageRequest(query), deps.now() / 1000), grantItem);
}

export function grantItem(grant: ListedGrant): GrantItem {
  return {
    grant_id: grant.grantId,
    client_id: grant.clientId,
    subject: grant.subject,
    ...(grant.sessionId === undefined ? {} : { session_id: grant.sessionId }),
    scope: grant.scopes.join(" "),
    audience: [...grant.audience],
    offline: grant.offline,
    ...(grant.authTime === undefined ? {} : { authenticated_at: formatTime(grant.authTime) }),
    opened_at: formatTime(grant.openedAt),
    expires_at: formatTime(grant.expiresAt),
    status: grant.status,
    ...(grant.lastUsedAtMs === undefined ? {} : { last_used_at: formatTimeMs(grant.lastUsedAtMs) }),
  };
}

/** Claims and attributes are one set of names; with the client's own, which they replace, they stay under the cap. */
function claimsOf(
  body: NewGrant,
  client: Client,
  user: User | undefined,
): { readonly merged: Grant["claims"] } | Answer {
  const { claims = {}, attributes = {} } = body;
  const doubled = Object.keys(attributes).find((name) => Object.hasOwn(claims, name));
  if (doubled !== undefined)
    return invalidField("/attributes", "A name may be in claims or in attributes, not in both.");
  const merged = { ...resolveClaims(client.attributes ?? {}, user), ...attributes, ...claims };
  const refusal = checkClaims({ ...resolveClaims(client.customClaims, user), ...merged });
  if (refusal === undefined) return { merged };
  return invalidField(checkClaims(attributes) === undefined ? "/claims" : "/attributes", refusal.description);
}

function targetOf(
  body: NewGrant,
  parts: Pick<Parameters<typeof chooseTarget>[0], "client" | "issuer" | "resources">,
): Target | Answer {
  const scopes = parseScope(body.scope);
  if ("kind" in scopes) return invalidField("/scope", scopes.description);
  const target = chooseTarget({ ...parts, asked: body.resource, scopes, allowed: parts.client.scopes });
  if (!("kind" in target)) return target;
  return invalidField(target.error === "invalid_target" ? "/resource" : "/scope", target.description);
}

interface Opening {
  readonly client: Client;
  readonly subject: string;
  readonly target: Target;
  readonly claims: Grant["claims"];
  /** Seconds. */
  readonly at: number;
}

function grantOf(opening: Opening, deps: Pick<Dependencies, "store">): Grant {
  const openedAt = Math.floor(opening.at);
  return {
    grantId: formatId("grant", deps.store.nextId()),
    clientId: opening.client.clientId,
    subject: opening.subject,
    scopes: opening.target.scopes,
    audience: opening.target.audience,
    sessionId: undefined,
    authTime: undefined,
    offline: opening.target.scopes.includes("offline_access"),
    openedAt,
    expiresAt: openedAt + lifetimes.grant,
    claims: opening.claims,
  };
}

async function recordOpened(request: AdminRequest, grant: Grant, deps: Dependencies): Promise<void> {
  const { grantId, clientId, subject, scopes } = grant;
  await deps.store.recordAudit({
    action: "grant.opened",
    actor: administrator(request),
    atMs: deps.now(),
    content: { grant_id: grantId, client_id: clientId, subject, scope: scopes.join(" ") },
  });
}
