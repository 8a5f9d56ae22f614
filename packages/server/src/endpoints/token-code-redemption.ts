// What a code becomes that is found genuine, whichever way it was presented: its grant and first tokens, a refusal, or
// the end of the grant where it is a replay. RFC 6749 section 4.1.2, OpenID Connect Core section 3.1.3, RFC 8628.

import {
  type AuthorizationCode,
  decideRedemption,
  deviceCodeGrant,
  formatId,
  type Grant,
  grantEnd,
  judgedCode,
  judgedSession,
  type RedemptionFacts,
  type Refusal,
  type Session,
  sessionLives,
  type Target,
  type User,
  type Verdict,
} from "@rescind/core";
import type { FoundCode, Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import { endReplayed } from "../revocation/end-replayed.ts";
import type { AuthenticatedClient } from "../tokens/authenticate-client.ts";
import { targetOfGrant } from "../tokens/grant-target.ts";
import { mintIdToken } from "../tokens/id-token.ts";
import { mintAccessToken, mintRefreshToken } from "../tokens/mint.ts";
import { tokenAnswer } from "./token.ts";

export interface Caller extends AuthenticatedClient {
  /** The first head read for the request: `rev` of what is issued. */
  readonly head: Head;
}

/** A genuine code with its session and person. */
export interface PresentedCode extends FoundCode {
  readonly code: NonNullable<FoundCode["code"]>;
}

export interface RedemptionRequest
  extends Pick<RedemptionFacts, "grantType" | "hashedVerifier" | "redirectUri"> {
  readonly caller: Caller;
  /** The `resource` parameter. */
  readonly resource: string | undefined;
  /** What is answered where it is worth nothing. */
  readonly invalid: Refusal;
}

/** "lost": another request redeemed it meanwhile; read it anew, this one is a replay. */
export async function redeem(
  presented: PresentedCode,
  request: RedemptionRequest,
  deps: Dependencies,
): Promise<Answer | "lost"> {
  const { caller, grantType, invalid, resource } = request;
  const { code, session, user } = presented;
  const { client } = caller;
  await deps.standing.reach(presented.head);
  const decision = decideRedemption({ ...request, code, client, verdict: verdictOf(presented, deps) });
  if (decision.kind === "refuse") return oauthRefusal(decision);
  if (decision.kind === "replay") {
    const { grantId } = decision;
    const { clientId, subject } = code;
    const what = grantType === "authorization_code" ? "code" : "device code";
    return endReplayed({ what, grantId, clientId, subject, refusal: invalid }, deps);
  }
  if (session === undefined || user?.status !== "active") return oauthRefusal(invalid);
  const wanted = { granted: code, client, user, scopes: [], resource };
  const target = await targetOfGrant(wanted, presented.head, deps);
  if ("kind" in target) return oauthRefusal(target);
  return issue({ code, session, user, target, caller, grantType, head: presented.head }, deps);
}

interface Issuing {
  readonly code: AuthorizationCode;
  readonly session: Session;
  readonly user: User;
  readonly target: Target;
  readonly caller: Caller;
  readonly grantType: RedemptionRequest["grantType"];
  /** Read with the code. */
  readonly head: Head;
}

async function issue(issuing: Issuing, deps: Dependencies): Promise<Answer | "lost"> {
  const { code, session, user, target, caller } = issuing;
  const { client, keyId } = caller;
  const nowMs = deps.now();
  const grant = grantOf(code, session, deps);
  const parts = { ...deps, keys: await deps.catalog.keys(issuing.head) };
  const of = { client, target, subject: code.subject, grant, user };
  const basis = { ...of, keyId, rev: caller.head.position.seq, at: nowMs / 1000 };
  const access = mintAccessToken(basis, parts);
  if ("kind" in access) return oauthRefusal(access);
  const refresh = client.grantTypes.includes("refresh_token") ? mintRefreshToken(basis, parts) : undefined;
  const redemption = { code: code.id, grant, access: access.stored, refresh: refresh?.stored };
  if ((await deps.store.redeemCode(redemption)) !== "redeemed") return "lost";
  deps.lastUses.note(client.clientId, grant.grantId, nowMs);
  deps.metrics.issued(issuing.grantType === deviceCodeGrant ? "device_code" : "authorization_code");
  if (!target.scopes.includes("openid")) return tokenAnswer(access, refresh?.text);
  const login = loginOf(code);
  const idToken = mintIdToken({ ...login, client, accessToken: access.text, nowMs }, parts);
  return tokenAnswer(access, refresh?.text, { id_token: idToken });
}

/** A code is as live as itself and the session it hangs on. */
function verdictOf({ code, session }: PresentedCode, deps: Dependencies): Verdict {
  const at = deps.now() / 1000;
  const verdict = deps.standing.judge(judgedCode(code, deps.issuer), at);
  if (verdict.kind !== "live" || session === undefined) return verdict;
  return deps.standing.judge(judgedSession(session, deps.issuer), at);
}

/** Each code opens a grant of its own; it was authorised when the code was made. */
function grantOf(code: AuthorizationCode, session: Session, deps: Dependencies): Grant {
  const offline = code.scopes.includes("offline_access");
  const longestSessionEnd = Math.floor(session.openedAtMs / 1000) + sessionLives.longest;
  return {
    grantId: formatId("grant", deps.store.nextId()),
    clientId: code.clientId,
    subject: code.subject,
    scopes: code.scopes,
    audience: code.audience,
    sessionId: code.sessionId,
    authTime: code.authTime,
    amr: code.amr,
    offline,
    openedAt: code.issuedAt,
    expiresAt: grantEnd(code.issuedAt, offline, longestSessionEnd),
    claims: code.attributes ?? {},
  };
}

/** What the ID token says of the login: that of the code, whatever the session was renewed by since. */
function loginOf(code: AuthorizationCode) {
  const { subject, authTime, nonce, sessionId, amr } = code;
  return { subject, authTime, nonce, sessionId, amr };
}
