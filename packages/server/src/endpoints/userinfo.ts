// Claims about the signed-in person: OpenID Connect Core section 5.3, Bearer token in the header only (RFC 6750,
// THREATS AC-24). Any live access token of ours with scope `openid` will do, whatever its `aud`: the client got one
// token for its request, and with a `resource` (RFC 8707) that token names the resource, but client libraries bring it
// here all the same; what opens this endpoint is the scope, which the person was asked for. So whoever gets such a
// token as a resource server can read here what its scopes release; clients that mind ask for a second one without
// `openid`.

import { resolveClaims, userClaims } from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore, ok } from "../http/answer.ts";
import { clientHeaders } from "../http/cors.ts";
import { oauthBearerRefusal } from "../http/respond.ts";
import { bearerText, isStillLive } from "../tokens/bearer.ts";
import { type Recognised, recognise } from "../tokens/recognise.ts";

export interface UserinfoRequest {
  readonly authorization: string | undefined;
  readonly origin: string | undefined;
}

export async function userinfo(request: UserinfoRequest, deps: Dependencies): Promise<Answer> {
  const text = bearerText(request.authorization);
  if (text === undefined) return withCors(oauthBearerRefusal({ kind: "missing" }), request, undefined, deps);
  const recognised = await recognise(text, deps);
  const answer = await claimsFor(recognised, deps);
  return withCors(answer, request, recognised, deps);
}

async function claimsFor(recognised: Recognised, deps: Dependencies): Promise<Answer> {
  if (recognised.kind !== "access") return oauthBearerRefusal({ kind: "invalid" });
  const { token, head } = recognised;
  await deps.standing.reach(head);
  if (!isStillLive(token, deps, deps.now() / 1000)) return oauthBearerRefusal({ kind: "invalid" });
  if (!token.scopes.includes("openid")) return oauthBearerRefusal({ kind: "insufficient", scope: "openid" });
  const { user } = await deps.store.findUser(token.subject);
  // Without a session an administrator opened the grant, for somebody this server need not know.
  if (user === undefined && token.sessionId === undefined) return ok({ sub: token.subject }, noStore);
  if (user?.status !== "active") return oauthBearerRefusal({ kind: "invalid" });
  const registered = await deps.catalog.client(token.clientId, head);
  const configured = resolveClaims(registered?.client.customClaims ?? {}, user);
  return ok({ ...configured, ...userClaims(user, token.scopes) }, noStore);
}

/** The token names the client whose origins count; errors get these headers too. */
async function withCors(
  answer: Answer,
  { origin }: UserinfoRequest,
  recognised: Recognised | undefined,
  deps: Dependencies,
): Promise<Answer> {
  if (origin === undefined) return answer;
  const client = recognised?.kind === "access" ? recognised.token.clientId : undefined;
  const head: Head = recognised?.head ?? (await deps.store.head());
  return { ...answer, headers: { ...answer.headers, ...(await clientHeaders(origin, client, head, deps)) } };
}
