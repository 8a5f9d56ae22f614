// /grants/{grant_id}: Grant Management for OAuth 2.0 (FAPI), query and revoke. A client manages its own grants, an
// administrator's token all of them. Whether a grant is unknown or somebody else's is not told apart. Does not create,
// merge or replace grants, which is what authorization requests are for.

import { type AccessToken, type GrantManagementScope, includesScope, type RescindScope } from "@rescind/core";
import type { ListedGrant } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore, ok } from "../http/answer.ts";
import { bearerRefusal, problem } from "../http/respond.ts";
import type { BearerRequest } from "../http/routes.ts";
import { commitOrder, seqHeader } from "../revocation/commit.ts";
import { passThrough } from "../revocation/pass-through.ts";
import { type RefusedAttempt, recordRefusedAttempt } from "../revocation/refused-attempt.ts";
import { selectOf } from "../revocation/select.ts";
import type { Bearer } from "../tokens/bearer.ts";

interface Right {
  /** For the client's own grants. */
  readonly own: GrantManagementScope;
  /** For all grants. */
  readonly all: RescindScope;
  /** What is noted when somebody else's grant is asked for. */
  readonly refusedAs: RefusedAttempt["action"];
}

const query: Right = { own: "grant_management_query", all: "rescind:read", refusedAs: "grant.refused" };
const revoke: Right = {
  own: "grant_management_revoke",
  all: "rescind:revoke",
  refusedAs: "revocation.refused",
};

/** There is no list here: a client knows its grants. */
export function nameGrant(): Answer {
  return problem({ status: 400, detail: "Name the grant in the path: /grants/{grant_id}." });
}

/** What the grant allows while a token of it is live. */
export async function queryGrant(request: BearerRequest, deps: Dependencies): Promise<Answer> {
  const found = await grantFor(request, query, deps);
  if ("answer" in found) return found.answer;
  const { grant } = found;
  if (grant.status !== "live") return unknown;
  const resources = grant.audience.filter((uri) => uri !== deps.issuer);
  const entry = {
    scope: grant.scopes.join(" "),
    ...(resources.length === 0 ? {} : { resources }),
  };
  return ok({ scopes: [entry] }, noStore);
}

/** Ends the grant and every token of it, for good. Repeating it is no error. */
export async function revokeGrant(request: BearerRequest, deps: Dependencies): Promise<Answer> {
  const found = await grantFor(request, revoke, deps);
  if ("answer" in found) return found.answer;
  const { grant, caller } = found;
  const { grantId, clientId, subject } = grant;
  const unit = { name: "grant", issuer: deps.issuer, value: grantId } as const;
  const isOwner = isOwn(grant, caller.token, revoke);
  const receipt = await commitOrder(
    {
      unit,
      actor: isOwner ? { kind: "client", id: clientId } : { kind: "admin", id: caller.token.subject },
      reason: isOwner ? "client_request" : "administrator",
      final: true,
      select: selectOf(unit),
      about: { clientId, subject, grantId },
    },
    deps,
  );
  return { status: 204, headers: { ...noStore, ...seqHeader(receipt) } };
}

type Found = { readonly grant: ListedGrant; readonly caller: Bearer } | { readonly answer: Answer };

/** The grant of the path, if it has not expired and the caller may manage it. */
async function grantFor(request: BearerRequest, right: Right, deps: Dependencies): Promise<Found> {
  const { caller, params } = request;
  if (caller === undefined) return { answer: bearerRefusal({ kind: "missing" }) };
  const { token } = caller;
  const page = { limit: 1, cursor: undefined };
  const { items } = await deps.store.listGrants({ grantId: params.grant_id }, page, deps.now() / 1000);
  const [grant] = items;
  if (grant !== undefined && (isOwn(grant, token, right) || includesScope(token.scopes, right.all)))
    return grant.status === "expired" ? { answer: unknown } : { grant, caller };
  // A record and none take the same way, so that time does not tell which it was.
  if (grant === undefined) await passThrough(deps);
  else {
    const content = { grant_id: grant.grantId, client_id: grant.clientId };
    const actor = { kind: "client", id: token.clientId } as const;
    await recordRefusedAttempt({ action: right.refusedAs, actor, content }, deps);
  }
  return { answer: unknown };
}

/** A client's own token is for all of its grants; a person's, which that person may hold, for theirs alone. */
function isOwn(grant: ListedGrant, { clientId, subject, scopes }: AccessToken, right: Right): boolean {
  const isTheirs = subject === clientId || subject === grant.subject;
  return grant.clientId === clientId && isTheirs && scopes.includes(right.own);
}

const unknown = problem({
  status: 404,
  detail: "There is no live grant with this id that is this client's.",
});
