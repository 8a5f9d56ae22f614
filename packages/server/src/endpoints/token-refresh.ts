// grant_type=refresh_token: RFC 6749 section 6, rotation and replay as RFC 9700 section 4.14 asks.

import {
  authTimeOf,
  decideRefresh,
  type Grant,
  judgedRefreshToken,
  parseScope,
  type RefreshDecision,
  refuse,
} from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import { endReplayed } from "../revocation/end-replayed.ts";
import { touch } from "../sign-in/signed-in.ts";
import type { AuthenticatedClient } from "../tokens/authenticate-client.ts";
import { targetOfGrant } from "../tokens/grant-target.ts";
import { mintIdToken } from "../tokens/id-token.ts";
import { idleEnd, mintAccessToken, mintRefreshToken } from "../tokens/mint.ts";
import { type Person, personOf } from "../tokens/person.ts";
import { type Recognised, recognise } from "../tokens/recognise.ts";
import { openSuccessor, sealSuccessor } from "../tokens/successor.ts";
import { tokenAnswer } from "./token.ts";

type Presented = Extract<Recognised, { kind: "refresh" }>;

interface Caller extends AuthenticatedClient {
  readonly head: Head;
}

const invalid = refuse("invalid_grant", "The refresh token is expired, revoked, spent or not this client's.");

export async function refreshToken(
  request: FormRequest,
  caller: Caller,
  deps: Dependencies,
): Promise<Answer> {
  const text = request.form.get("refresh_token");
  if (text === undefined) return oauthRefusal(refuse("invalid_request", "refresh_token is missing."));
  if (!caller.client.grantTypes.includes("refresh_token"))
    return oauthRefusal(
      refuse("unauthorized_client", "This client is not registered for the grant type refresh_token."),
    );
  for (;;) {
    const presented = await recognise(text, deps);
    if (presented.kind !== "refresh") return oauthRefusal(invalid);
    const answer = await use(text, presented, { request, caller }, deps);
    if (answer !== "lost") return answer;
    // Another request spent it meanwhile; what it left decides, read anew.
  }
}

interface Asked {
  readonly request: FormRequest;
  readonly caller: Caller;
}

async function use(
  text: string,
  presented: Presented,
  asked: Asked,
  deps: Dependencies,
): Promise<Answer | "lost"> {
  const { caller, request } = asked;
  const decision = await decide(presented, caller, deps);
  if (decision.kind === "refuse") return oauthRefusal(decision);
  const { client, keyId, head } = caller;
  const { grant } = presented;
  if (decision.kind === "replay") {
    const { clientId, grantId } = grant;
    return endReplayed({ what: "refresh token", grantId, clientId, refusal: invalid }, deps);
  }
  const person = await personOf(grant, deps);
  if (person.kind === "gone") return oauthRefusal(invalid);
  const { user } = person;
  const scopes = parseScope(request.form.get("scope"));
  if ("kind" in scopes) return oauthRefusal(scopes);
  const wanted = { granted: grant, client, user, scopes, resource: request.form.get("resource") };
  const target = await targetOfGrant(wanted, presented.head, deps);
  if ("kind" in target) return oauthRefusal(target);

  const nowMs = deps.now();
  const keys = await deps.catalog.keys(presented.head);
  const basis = {
    client,
    target,
    subject: grant.subject,
    grant,
    user,
    keyId,
    rev: head.position.seq,
    at: nowMs / 1000,
  };
  const access = mintAccessToken(basis, { ...deps, keys });
  if ("kind" in access) return oauthRefusal(access);
  // A refresh is a use of the session that the grant hangs on.
  if (person.session !== undefined) await touch({ session: person.session }, deps);
  const answered = (refresh: string): Answer => {
    const authentication = target.scopes.includes("openid") ? authenticationOf(grant, person) : undefined;
    if (authentication === undefined) return tokenAnswer(access, refresh);
    const idToken = mintIdToken(
      { ...authentication, client, accessToken: access.text, nowMs },
      { ...deps, keys },
    );
    return tokenAnswer(access, refresh, { id_token: idToken });
  };
  deps.lastUses.note(client.clientId, grant.grantId, nowMs);
  deps.metrics.issued("refresh_token");
  switch (decision.kind) {
    case "rotate": {
      const successor = mintRefreshToken(basis, deps);
      const sealed = sealSuccessor(text, successor.text);
      const rotation = {
        spent: presented.token.id,
        successor: successor.stored,
        sealed,
        access: access.stored,
      };
      if ((await deps.store.rotate(rotation)) !== "rotated") return "lost";
      return answered(successor.text);
    }
    case "grace": {
      await deps.store.issue(access.stored);
      return answered(openSuccessor(text, decision.sealed));
    }
    case "keep": {
      await deps.store.issueKeeping(presented.token.id, idleEnd(client, grant, nowMs / 1000), access.stored);
      return answered(text);
    }
  }
}

async function decide(presented: Presented, caller: Caller, deps: Dependencies): Promise<RefreshDecision> {
  await deps.standing.reach(presented.head);
  const { token, grant } = presented;
  const judged = judgedRefreshToken(token, grant, deps.issuer);
  return decideRefresh({
    token,
    grant,
    clientId: caller.client.clientId,
    rotation: caller.client.refreshTokenRotation || caller.client.authMethod === "none",
    verdict: deps.standing.judge(judged, deps.now() / 1000),
    nowMs: presented.head.nowMs,
    answeringSinceMs: deps.availability.sinceMs(),
    answeredUntilMs: deps.availability.untilMs(),
  });
}

/**
 * What the ID token of a refresh says: the original authentication, no nonce (OpenID Connect Core section 12.2).
 * Undefined for a grant that nobody signed in for.
 */
function authenticationOf(grant: Grant, { session }: Extract<Person, { kind: "present" }>) {
  const { subject, authTime, sessionId } = grant;
  if (authTime === undefined) return undefined;
  // The session may have been renewed since, by other means than those this grant was opened with.
  const amr = session !== undefined && authTimeOf(session) === authTime ? session.amr : undefined;
  return { subject, authTime, nonce: undefined, sessionId, amr };
}
