// grant_type=refresh_token: RFC 6749 section 6, rotation and replay as RFC 9700 section 4.14 asks.

import {
  decideRefresh,
  formatId,
  type Grant,
  judgedRefreshToken,
  parseScope,
  type RefreshDecision,
  refuse,
  type Target,
} from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import { endReplayed } from "../revocation/end-replayed.ts";
import { recordRefusedAttempt } from "../revocation/refused-attempt.ts";
import { touch } from "../sign-in/signed-in.ts";
import type { AuthenticatedClient } from "../tokens/authenticate-client.ts";
import { targetOfGrant } from "../tokens/grant-target.ts";
import { mintIdToken } from "../tokens/id-token.ts";
import { idleEnd, mintAccessToken, mintSuccessor } from "../tokens/mint.ts";
import { type Person, personOf } from "../tokens/person.ts";
import { type RecognisedRefreshToken, recogniseRefreshToken } from "../tokens/recognise.ts";
import { tokenAnswer } from "./token.ts";

/** What was presented as a refresh token: one, or nothing that is one. */
type Found = Awaited<ReturnType<typeof recogniseRefreshToken>>;
type Presented = RecognisedRefreshToken;
type Present = Extract<Person, { kind: "present" }>;

interface Caller extends AuthenticatedClient {
  readonly head: Head;
}

const invalid = refuse("invalid_grant", "The refresh token is expired, revoked, spent or not this client's.");

/** The token of the request, read before anything else, so that its head is the request's; undefined without one. */
export async function presentedRefreshToken(
  { form }: FormRequest,
  deps: Pick<Dependencies, "hashing" | "store">,
): Promise<Found | undefined> {
  const text = form.get("refresh_token");
  return text === undefined ? undefined : recogniseRefreshToken(text, deps);
}

/** @param found what `presentedRefreshToken` found */
export async function refreshToken(
  request: FormRequest,
  caller: Caller,
  found: Found | undefined,
  deps: Dependencies,
): Promise<Answer> {
  const text = request.form.get("refresh_token");
  if (text === undefined || found === undefined)
    return oauthRefusal(refuse("invalid_request", "refresh_token is missing."));
  if (!caller.client.grantTypes.includes("refresh_token"))
    return oauthRefusal(
      refuse("unauthorized_client", "This client is not registered for the grant type refresh_token."),
    );
  for (let presented = found; ; presented = await recogniseRefreshToken(text, deps)) {
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
  { request, caller }: Asked,
  deps: Dependencies,
): Promise<Answer | "lost"> {
  const { grant } = presented;
  const decision = await decide(presented, caller, deps);
  if (grant.clientId !== caller.client.clientId) await recordForeign(presented, caller, deps);
  if (decision.kind === "refuse") return oauthRefusal(decision);
  if (decision.kind === "replay") {
    const { clientId, grantId, subject } = grant;
    const tokenId = formatId("token", presented.token.id);
    return endReplayed(
      { what: "refresh token", tokenId, grantId, clientId, subject, refusal: invalid },
      deps,
    );
  }
  const person = await personOf(presented, deps);
  if (person.kind === "gone") return oauthRefusal(invalid);
  const scopes = parseScope(request.form.get("scope"));
  if ("kind" in scopes) return oauthRefusal(scopes);
  const { client } = caller;
  const wanted = {
    granted: grant,
    client,
    user: person.user,
    scopes,
    resource: request.form.get("resource"),
  };
  const target = await targetOfGrant(wanted, presented.head, deps);
  if ("kind" in target) return oauthRefusal(target);
  // A refresh is a use of the session that the grant hangs on.
  if (person.session !== undefined) await touch({ session: person.session }, deps);
  return issue({ text, presented, caller, decision, person, target }, deps);
}

interface Issuing {
  readonly text: string;
  readonly presented: Presented;
  readonly caller: Caller;
  readonly decision: Exclude<RefreshDecision, { kind: "refuse" | "replay" }>;
  readonly person: Present;
  readonly target: Target;
}

async function issue(issuing: Issuing, deps: Dependencies): Promise<Answer | "lost"> {
  const { text, presented, caller, decision, person, target } = issuing;
  const { client, keyId, head } = caller;
  const { grant } = presented;
  const nowMs = deps.now();
  const at = nowMs / 1000;
  const { store, hashing, issuer } = deps;
  const parts = { store, hashing, issuer, keys: await deps.catalog.keys(presented.head) };
  const of = { client, target, subject: grant.subject, grant, user: person.user };
  const basis = { ...of, keyId, rev: head.position.seq, at };
  const access = mintAccessToken(basis, parts);
  if ("kind" in access) return oauthRefusal(access);
  const answer = (refresh: string): Answer => {
    const login = target.scopes.includes("openid") ? loginOf(grant) : undefined;
    const idToken = login && mintIdToken({ ...login, client, accessToken: access.text, nowMs }, parts);
    return tokenAnswer(access, refresh, idToken === undefined ? {} : { id_token: idToken });
  };
  // Of the grant, a rotation says that by itself.
  deps.lastUses.note(client.clientId, decision.kind === "rotate" ? undefined : grant.grantId, nowMs);
  deps.metrics.issued("refresh_token");
  switch (decision.kind) {
    case "rotate": {
      const successor = mintSuccessor(text, basis, deps);
      const { stored, sealed } = successor;
      const rotation = { spent: presented.token.id, successor: stored, sealed, access: access.stored };
      return (await deps.store.rotate(rotation)) === "rotated" ? answer(successor.text) : "lost";
    }
    case "grace": {
      const successor = deps.successors.again(text, decision.sealed);
      // Another master key makes another one, of which nobody would know.
      if ((await recogniseRefreshToken(successor, deps)).kind !== "refresh")
        throw new Error("a refresh token's successor was not made again: was the master key replaced?");
      await deps.store.issue(access.stored);
      return answer(successor);
    }
    case "keep":
      await deps.store.issueKeeping(presented.token.id, idleEnd(client, grant, at), access.stored);
      return answer(text);
  }
}

function recordForeign({ token, grant }: Presented, { client }: Caller, deps: Dependencies): Promise<void> {
  const { grantId, clientId } = grant;
  const content = { token_id: formatId("token", token.id), grant_id: grantId, client_id: clientId };
  const actor = { kind: "client", id: client.clientId } as const;
  return recordRefusedAttempt({ action: "refresh.refused", actor, content }, deps);
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
function loginOf(grant: Grant) {
  const { subject, authTime, sessionId, amr } = grant;
  if (authTime === undefined) return undefined;
  return { subject, authTime, nonce: undefined, sessionId, amr };
}
