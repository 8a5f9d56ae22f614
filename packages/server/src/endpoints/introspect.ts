// Introspection: RFC 7662, and as a signed JWT RFC 9701. Anything but a live token that the caller may see is answered
// by exactly {"active": false}.

import {
  accessTokenClaims,
  authenticationClaims,
  foreignTokenMembers,
  formatId,
  type IntrospectionCaller,
  invalidClient,
  isActiveFor,
  isConfidential,
  judgedAccessToken,
  judgedForeignToken,
  judgedRefreshToken,
  refuse,
  type User,
} from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type FormRequest, noStore, ok } from "../http/answer.ts";
import { oauthBearerRefusal, oauthRefusal, oauthTooMany } from "../http/respond.ts";
import { signJws } from "../keys/jws.ts";
import { authenticateClient } from "../tokens/authenticate-client.ts";
import { authenticateBearer } from "../tokens/bearer.ts";
import { personOf } from "../tokens/person.ts";
import { type Recognised, recognise } from "../tokens/recognise.ts";

const jwtMediaType = "application/token-introspection+jwt";

type Caller = IntrospectionCaller & { readonly name: string };

export async function introspect(request: FormRequest, deps: Dependencies): Promise<Answer> {
  const text = request.form.get("token");
  const recognised = text === undefined ? undefined : await recognise(text, deps);
  const head = recognised?.head ?? (await deps.store.head());
  const caller = await callerOf(request, head, deps);
  if ("status" in caller) return caller;
  if (recognised === undefined) return oauthRefusal(refuse("invalid_request", "token is missing."));
  await deps.standing.reach(head);
  const members = await activeMembers(recognised, caller, deps);
  if (!request.accept.includes(jwtMediaType)) return ok(members, noStore);
  return signedAnswer(members, caller.name, head, deps);
}

async function activeMembers(recognised: Recognised, caller: Caller, deps: Dependencies): Promise<object> {
  const members = liveMembers(recognised, caller, deps);
  if (members === undefined) return { active: false };
  if (recognised.kind === "refresh") {
    // What would be refused at the token endpoint is not active, whatever the log says of it.
    const person = await personOf(recognised, deps);
    return person.kind === "gone" ? { active: false } : named(members, person.user);
  }
  const { sub, client_id } = members;
  // A client's own token has no person to look for, and a foreign subject is nobody of ours.
  if (recognised.kind === "foreign" || typeof sub !== "string" || sub === client_id) return members;
  return named(members, (await deps.store.findUser(sub)).user);
}

function named(members: Record<string, unknown>, user: User | undefined): object {
  return user === undefined ? members : { ...members, username: user.username };
}

/** What is told of a live token that the caller may see; undefined for anything else. */
function liveMembers(
  recognised: Recognised,
  caller: Caller,
  deps: Dependencies,
): Record<string, unknown> | undefined {
  const at = deps.now() / 1000;
  const { position } = recognised.head;
  const judgedAt = { head: position.seq, hash: position.hash };
  switch (recognised.kind) {
    case "unknown":
      return undefined;
    case "access": {
      const { token } = recognised;
      const verdict = deps.standing.judge(judgedAccessToken(token, deps.issuer), at);
      if (!isActiveFor(caller, token, verdict)) return undefined;
      deps.lastUses.note(token.clientId, token.grantId, at * 1000);
      const kid = token.kid === undefined ? {} : { kid: token.kid };
      return {
        active: true,
        ...accessTokenClaims(token, deps.issuer),
        token_type: "Bearer",
        ...kid,
        ...judgedAt,
      };
    }
    case "foreign": {
      const { token } = recognised;
      const verdict = deps.standing.judge(judgedForeignToken(token), at);
      // Whose client it is and whom it is for says nothing here: only who may introspect anything sees it.
      if (!isActiveFor(caller, { clientId: undefined, audience: [] }, verdict)) return undefined;
      return { active: true, ...foreignTokenMembers(token), token_type: "Bearer", ...judgedAt };
    }
    case "refresh": {
      const { token, grant } = recognised;
      const judged = judgedRefreshToken(token, grant, deps.issuer);
      const spent = token.spentAtMs !== undefined;
      const verdict = deps.standing.judge(judged, at);
      if (spent || !isActiveFor(caller, { clientId: grant.clientId, audience: [] }, verdict))
        return undefined;
      return {
        ...grant.claims,
        active: true,
        iss: deps.issuer,
        sub: grant.subject,
        aud: deps.issuer,
        client_id: grant.clientId,
        ...(grant.scopes.length === 0 ? {} : { scope: grant.scopes.join(" ") }),
        exp: judged.expiresAt,
        iat: token.issuedAt,
        jti: formatId("token", token.id),
        token_type: "refresh_token",
        grant_id: grant.grantId,
        grant_iat: grant.openedAt,
        rev: token.rev,
        ...(grant.sessionId === undefined ? {} : { sid: grant.sessionId }),
        ...(grant.authTime === undefined ? {} : { auth_time: grant.authTime }),
        ...authenticationClaims(grant.amr),
        ...(token.keyId === undefined ? {} : { key_id: token.keyId }),
        ...(grant.offline ? { offline: true } : {}),
        ...judgedAt,
      };
    }
  }
}

/** A client by its credentials, never `none`, or a Bearer token of this issuer with the scope for it. */
async function callerOf(request: FormRequest, head: Head, deps: Dependencies): Promise<Caller | Answer> {
  if (/^bearer /i.test(request.authorization ?? "")) {
    const at = deps.now() / 1000;
    const bearer = await authenticateBearer(
      request.authorization,
      ["rescind:introspect", "rescind:admin"],
      deps,
      at,
    );
    if (bearer.kind !== "bearer") return oauthBearerRefusal(bearer);
    return { kind: "bearer", scopes: bearer.token.scopes, name: bearer.token.clientId };
  }
  const authenticated = await authenticateClient(request, head, deps);
  if (authenticated.kind === "too-many") return oauthTooMany(authenticated.retryAfter);
  if (authenticated.kind === "refuse") return oauthRefusal(authenticated);
  const { client } = authenticated;
  if (!isConfidential(client)) return oauthRefusal(invalidClient);
  return {
    kind: "client",
    clientId: client.clientId,
    audience: client.audience,
    scopes: client.scopes,
    name: client.clientId,
  };
}

/** RFC 9701 section 5. */
async function signedAnswer(
  members: object,
  audience: string,
  head: Head,
  deps: Dependencies,
): Promise<Answer> {
  const nowMs = deps.now();
  const key = (await deps.catalog.keys(head)).signer("id", "RS256", nowMs);
  if (key === undefined) throw new Error("no signing key for introspection answers");
  const claims = {
    iss: deps.issuer,
    aud: audience,
    iat: Math.floor(nowMs / 1000),
    token_introspection: members,
  };
  const jwt = signJws(key.headerFor("token-introspection+jwt"), claims, key.alg, key.privateKey);
  return ok(jwt, { ...noStore, "content-type": jwtMediaType });
}
