// What an explanation is about: the thing that was named, its facts for people (no secret), and what the rule judges.

import { type ExplanationRequest, formatTime, formatTimeMs } from "@rescind/admin-api";
import {
  type AccessToken,
  type ForeignToken,
  formatId,
  type Grant,
  type Judged,
  judgedAccessToken,
  judgedForeignToken,
  judgedRefreshToken,
  judgedSession,
  parseId,
  parseToken,
  type RefreshToken,
  type Session,
  sessionEnd,
} from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { recognise } from "../tokens/recognise.ts";

export interface Target {
  readonly what: "access_token" | "refresh_token" | "grant" | "session" | "foreign_token" | "unknown";
  readonly facts: Readonly<Record<string, unknown>>;
  /** Of something unknown: no more than the id that was asked for; undefined where there is none. */
  readonly judged: Judged | undefined;
  /** What a grant's tokens have it that are not judged one by one here. */
  readonly status?: "live" | "expired" | "revoked" | undefined;
  readonly spent?: true | undefined;
  /** Why nothing is known. */
  readonly unknown?: string | undefined;
}

export async function targetOf(asked: ExplanationRequest, deps: Dependencies): Promise<Target> {
  const { token, token_id: tokenId, grant_id: grantId, session_id: sessionId } = asked;
  if (token !== undefined) return ofText(token, deps);
  if (tokenId !== undefined) return ofTokenId(tokenId, deps);
  return grantId === undefined ? ofSessionId(sessionId ?? "", deps) : ofGrantId(grantId, deps);
}

async function ofText(text: string, deps: Dependencies): Promise<Target> {
  const recognised = await recognise(text, deps);
  switch (recognised.kind) {
    case "access":
      return ofAccess(recognised.token, deps.issuer);
    case "refresh":
      return ofRefresh(recognised.token, recognised.grant, deps.issuer);
    case "foreign":
      return ofForeign(recognised.token);
    case "unknown": {
      const parsed = parseToken(text);
      const isJwt = text.split(".").length === 3;
      if (parsed === undefined)
        return nothing(
          isJwt
            ? "It is no JWT access token of this issuer or of a registered one: its issuer, type, signing key, signature or claims do not fit."
            : "It has not the form of a token of this server: a character is wrong or missing, or somebody else made it.",
        );
      return nothing("Nothing is stored of it: it was never issued here, or it expired and was removed.");
    }
  }
}

async function ofTokenId(tokenId: string, deps: Dependencies): Promise<Target> {
  const { store, issuer } = deps;
  const row = parseId("token", tokenId) ?? "0";
  const access = await store.findAccessToken(row);
  if (access.token !== undefined) return ofAccess(access.token, issuer);
  const { token, grant } = await store.findRefreshToken(row);
  if (token !== undefined && grant !== undefined) return ofRefresh(token, grant, issuer);
  return nothing(notStored, { ...unstored(issuer), tokenId });
}

/** A grant has no `rev` of its own; its newest token stands for it. */
async function ofGrantId(grantId: string, deps: Dependencies): Promise<Target> {
  const { store, issuer } = deps;
  const page = { limit: 1, cursor: undefined };
  const at = deps.now() / 1000;
  const [grant] = (await store.listGrants({ grantId }, page, at)).items;
  if (grant === undefined) return nothing(notStored, { ...unstored(issuer), grantId });
  const [newest] = (await store.listTokens({ grantId }, page, at)).items;
  const judgedBy = newest === undefined ? undefined : await ofTokenId(formatId("token", newest.id), deps);
  const { sessionId, subject, clientId, offline, openedAt, expiresAt } = grant;
  const bare: Judged = {
    ...{ issuer, ours: true, grantId, sessionId, subject, clientId, offline, expiresAt },
    ...{ authorisedAt: openedAt, lineage: [] },
  };
  return {
    what: "grant",
    status: grant.status,
    judged: judgedBy?.judged ?? bare,
    facts: {
      ...grantFacts(grant),
      newest_token_id: judgedBy === undefined ? undefined : judgedBy.facts.token_id,
    },
  };
}

async function ofSessionId(sessionId: string, { store, issuer }: Dependencies): Promise<Target> {
  const { session } = await store.findSession(parseId("session", sessionId) ?? "0");
  if (session === undefined) return nothing(notStored, { ...unstored(issuer), sessionId });
  return { what: "session", facts: sessionFacts(session), judged: judgedSession(session, issuer) };
}

const notStored = "Nothing is stored of it: it never existed here, or it expired and was removed.";

/** What may be known of something that is not stored: only that it would be ours. */
function unstored(issuer: string): Judged {
  return { issuer, ours: true, offline: false, expiresAt: Number.POSITIVE_INFINITY, lineage: [] };
}

function nothing(unknown: string, judged?: Judged): Target {
  return { what: "unknown", facts: {}, judged, unknown };
}

function ofAccess(token: AccessToken, issuer: string): Target {
  return {
    what: "access_token",
    judged: judgedAccessToken(token, issuer),
    facts: {
      token_id: formatId("token", token.id),
      format: token.kid === undefined ? "opaque" : "jwt",
      client_id: token.clientId,
      subject: token.subject,
      grant_id: token.grantId,
      session_id: token.sessionId,
      key_id: token.keyId,
      kid: token.kid,
      scope: token.scopes.join(" "),
      audience: token.audience,
      issued_at: formatTime(token.issuedAt),
      expires_at: formatTime(token.expiresAt),
      rev: token.rev,
      authorised_at: formatTime(token.grantIat ?? token.issuedAt),
      offline: token.offline,
      exchanges: token.exchanges ?? 0,
      act: token.act,
    },
  };
}

function ofRefresh(token: RefreshToken, grant: Grant, issuer: string): Target {
  const { spentAtMs } = token;
  return {
    what: "refresh_token",
    judged: judgedRefreshToken(token, grant, issuer),
    ...(spentAtMs === undefined ? {} : { spent: true }),
    facts: {
      token_id: formatId("token", token.id),
      ...grantFacts(grant),
      key_id: token.keyId,
      issued_at: formatTime(token.issuedAt),
      expires_at: formatTime(Math.min(token.expiresAt, grant.expiresAt)),
      rev: token.rev,
      spent_at: spentAtMs === undefined ? undefined : formatTimeMs(spentAtMs),
    },
  };
}

function ofForeign(token: ForeignToken): Target {
  return {
    what: "foreign_token",
    judged: judgedForeignToken(token),
    facts: {
      issuer: token.issuer,
      jti: token.tokenId,
      subject: token.subject,
      client_id: token.clientId,
      scope: token.scopes.join(" "),
      audience: token.audience,
      issued_at: token.issuedAt === undefined ? undefined : formatTime(token.issuedAt),
      expires_at: formatTime(token.expiresAt),
      kid: token.kid,
    },
  };
}

function grantFacts(grant: Grant): Readonly<Record<string, unknown>> {
  return {
    grant_id: grant.grantId,
    client_id: grant.clientId,
    subject: grant.subject,
    session_id: grant.sessionId,
    scope: grant.scopes.join(" "),
    audience: grant.audience,
    opened_at: formatTime(grant.openedAt),
    expires_at: formatTime(grant.expiresAt),
    offline: grant.offline,
  };
}

function sessionFacts(session: Session): Readonly<Record<string, unknown>> {
  return {
    session_id: session.sessionId,
    subject: session.subject,
    rev: session.rev,
    authenticated_at: formatTimeMs(session.authenticatedAtMs),
    last_seen_at: formatTimeMs(session.lastSeenMs),
    ends_at: formatTime(sessionEnd(session)),
  };
}
