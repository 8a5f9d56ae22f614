// grant_type=authorization_code: RFC 6749 section 4.1.3 with PKCE (RFC 7636), OpenID Connect Core section 3.1.3. A code
// works once; its second use ends what the first one made (THREATS AC-01, AC-02).

import { createHash } from "node:crypto";
import {
  type AuthorizationCode,
  authTimeOf,
  decideRedemption,
  formatId,
  type Grant,
  grantEnd,
  isCodeVerifier,
  judgedCode,
  judgedSession,
  parseToken,
  type Refusal,
  refuse,
  type Session,
  sessionLives,
  type Target,
  type User,
  type Verdict,
} from "@rescind/core";
import type { FoundCode, Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import { endReplayed } from "../revocation/end-replayed.ts";
import type { AuthenticatedClient } from "../tokens/authenticate-client.ts";
import { targetOfGrant } from "../tokens/grant-target.ts";
import { mintIdToken } from "../tokens/id-token.ts";
import { mintAccessToken, mintRefreshToken } from "../tokens/mint.ts";
import { tokenAnswer } from "./token.ts";

interface Caller extends AuthenticatedClient {
  readonly head: Head;
}

const invalid = refuse("invalid_grant", "The code is expired, revoked, used or not this client's.");

export async function authorizationCode(
  request: FormRequest,
  caller: Caller,
  deps: Dependencies,
): Promise<Answer> {
  const text = request.form.get("code");
  if (text === undefined) return oauthRefusal(refuse("invalid_request", "code is missing."));
  if (!caller.client.grantTypes.includes("authorization_code"))
    return oauthRefusal(
      refuse("unauthorized_client", "This client is not registered for the grant type authorization_code."),
    );
  const hashedVerifier = hashOf(request.form.get("code_verifier"));
  if (typeof hashedVerifier === "object") return oauthRefusal(hashedVerifier);
  for (;;) {
    const presented = await presentedCode(text, deps);
    if (presented === undefined) return oauthRefusal(invalid);
    const answer = await redeem(presented, { request, caller, hashedVerifier }, deps);
    if (answer !== "lost") return answer;
    // Another request redeemed it meanwhile: read anew, this one is a replay.
  }
}

/** Base64url of the SHA-256 of `code_verifier`; undefined if none was sent. */
function hashOf(verifier: string | undefined): string | undefined | Refusal {
  if (verifier === undefined) return undefined;
  if (!isCodeVerifier(verifier))
    return refuse("invalid_grant", "code_verifier must be 43 to 128 letters, digits, '-', '.', '_' or '~'.");
  return createHash("sha256").update(verifier).digest("base64url");
}

interface Presented extends FoundCode {
  readonly code: NonNullable<FoundCode["code"]>;
}

/** The code with its session and person; undefined unless it is genuine. */
async function presentedCode(text: string, deps: Dependencies): Promise<Presented | undefined> {
  const parsed = parseToken(text);
  if (parsed?.kind !== "code") return undefined;
  const found = await deps.store.findCode(parsed.rowId);
  const { code } = found;
  if (code === undefined || !deps.hashing.matches(text, code.digest)) return undefined;
  return { ...found, code };
}

interface Asked {
  readonly request: FormRequest;
  readonly caller: Caller;
  readonly hashedVerifier: string | undefined;
}

async function redeem(presented: Presented, asked: Asked, deps: Dependencies): Promise<Answer | "lost"> {
  const { request, caller, hashedVerifier } = asked;
  const { code, session, user } = presented;
  const { client } = caller;
  await deps.standing.reach(presented.head);
  const decision = decideRedemption({
    code,
    client,
    redirectUri: request.form.get("redirect_uri"),
    hashedVerifier,
    verdict: verdictOf(presented, deps),
  });
  if (decision.kind === "refuse") return oauthRefusal(decision);
  if (decision.kind === "replay") {
    const { grantId } = decision;
    const { clientId, subject } = code;
    return endReplayed({ what: "code", grantId, clientId, subject, refusal: invalid }, deps);
  }
  if (session === undefined || user?.status !== "active") return oauthRefusal(invalid);
  const resource = request.form.get("resource");
  const wanted = { granted: code, client, user, scopes: [], resource };
  const target = await targetOfGrant(wanted, presented.head, deps);
  if ("kind" in target) return oauthRefusal(target);
  return issue({ code, session, user, target, caller, head: presented.head }, deps);
}

interface Issuing {
  readonly code: AuthorizationCode;
  readonly session: Session;
  readonly user: User;
  readonly target: Target;
  readonly caller: Caller;
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
  deps.metrics.issued("authorization_code");
  if (!target.scopes.includes("openid")) return tokenAnswer(access, refresh?.text);
  const login = loginOf(code, session);
  const idToken = mintIdToken({ ...login, client, accessToken: access.text, nowMs }, parts);
  return tokenAnswer(access, refresh?.text, { id_token: idToken });
}

/** A code is as live as itself and the session it hangs on. */
function verdictOf({ code, session }: Presented, deps: Dependencies): Verdict {
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
    offline,
    openedAt: code.issuedAt,
    expiresAt: grantEnd(code.issuedAt, offline, longestSessionEnd),
    claims: code.attributes ?? {},
  };
}

/** What the ID token says of the login. The session may have been renewed since, by other means. */
function loginOf(code: AuthorizationCode, session: Session) {
  const { subject, authTime, nonce, sessionId } = code;
  const amr = authTimeOf(session) === authTime ? session.amr : undefined;
  return { subject, authTime, nonce, sessionId, amr };
}
