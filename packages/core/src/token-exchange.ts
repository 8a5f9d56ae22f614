// Token exchange: RFC 8693. What a client gets for a subject token, alone or with an actor token: never more scope, never
// a longer life, and a lineage by which it dies with every one of its ancestors. DESIGN.md section 3.

import { type AccessToken, type ActClaim, judgedAccessToken } from "./access-token.ts";
import { foreignActOf } from "./act-claim.ts";
import { type Client, isConfidential } from "./client.ts";
import { type ForeignToken, judgedForeignToken } from "./foreign-token.ts";
import { clockTolerance, type Verdict } from "./liveness.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { opensThisServer } from "./scope.ts";
import { type Judged, type Unit, unitsOf } from "./units.ts";

export const tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

/** Exchanges between a token and the first one of its lineage. */
export const mostExchanges = 8;

/**
 * Fingerprints in a lineage. Eight exchanges with an actor of its own each bring some 120; actors that were exchanged
 * themselves could double it at every step.
 */
export const longestLineage = 256;

/** A subject or actor token that was presented, ours or of a registered issuer; genuine, not yet judged. */
export interface ExchangeParent {
  readonly judged: Judged;
  readonly subject: string;
  readonly clientId: string | undefined;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  readonly exchanges: number;
  readonly act: ActClaim | undefined;
  readonly authTime: number | undefined;
}

export interface ExchangeFacts {
  readonly client: Client;
  readonly issuer: string;
  readonly subject: ExchangeParent;
  readonly subjectVerdict: Verdict;
  readonly actor: ExchangeParent | undefined;
  readonly actorVerdict: Verdict | undefined;
}

/** What the exchanged token takes from its parents; scope and audience are narrowed by `chooseTarget` afterwards. */
export interface Exchange {
  readonly subject: string;
  /** What may be had at most. */
  readonly scopes: readonly string[];
  /** Seconds: the earliest time at which any ancestor was authorised, by the clock that decides about it. */
  readonly grantIat: number;
  readonly authTime: number | undefined;
  /** Seconds: no child outlives a parent. */
  readonly expiresAt: number;
  readonly exchanges: number;
  readonly act: ActClaim | undefined;
}

/** A genuine access token of ours as a parent. */
export function ownParent(token: AccessToken, issuer: string): ExchangeParent {
  const { subject, clientId, scopes, audience, act, authTime } = token;
  // Whatever has a lineage was exchanged at least once.
  const exchanges = Math.max(token.exchanges ?? 0, token.lineage.length > 0 ? 1 : 0);
  return {
    ...{ judged: judgedAccessToken(token, issuer), subject, clientId, scopes, audience },
    ...{ exchanges, act, authTime },
  };
}

/** Printable, as every subject of ours: it becomes one. */
const printableSubject = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{1,255}$/u;

/**
 * A genuine JWT of a registered issuer as a parent; undefined if it has no subject that a token of ours can have. Its
 * scopes are that issuer's words: those that mean something at this server itself are not its to give.
 * @param ours this server's issuer
 */
export function foreignParent(token: ForeignToken, ours: string): ExchangeParent | undefined {
  const { subject, clientId, audience, scopes, issuer, claims } = token;
  if (subject === undefined || !printableSubject.test(subject)) return undefined;
  const authTime = claims.auth_time;
  return {
    ...{ judged: judgedForeignToken(token), subject, clientId, audience },
    scopes: scopes.filter((scope) => scope !== "openid" && !opensThisServer(scope)),
    exchanges: 0,
    act: foreignActOf(claims.act, issuer, ours),
    authTime: Number.isSafeInteger(authTime) && Number(authTime) >= 0 ? Number(authTime) : undefined,
  };
}

/** What is said of a token that is no use, whatever the reason (RFC 8693 section 2.2.2). */
export function unusable(parameter: "subject_token" | "actor_token"): Refusal {
  return refuse(
    "invalid_request",
    `${parameter} is malformed, expired, revoked, or not one that this client may exchange.`,
  );
}

/** Decides an exchange. The client has authenticated and has the grant type. */
export function decideExchange(facts: ExchangeFacts): Exchange | Refusal {
  const { client, issuer, subject, actor } = facts;
  if (facts.subjectVerdict.kind !== "live" || !mayExchange(client, issuer, subject))
    return unusable("subject_token");
  if (actor !== undefined && (facts.actorVerdict?.kind !== "live" || !mayExchange(client, issuer, actor)))
    return unusable("actor_token");
  const parents = actor === undefined ? [subject] : [subject, actor];
  const exchanges = 1 + Math.max(...parents.map((parent) => parent.exchanges));
  if (exchanges > mostExchanges)
    return refuse("invalid_request", `A token may be exchanged ${mostExchanges} times in a row at most.`);
  return {
    subject: subject.subject,
    scopes: subject.scopes.filter((scope) => client.scopes.includes(scope) && mayPassOn(scope, subject)),
    grantIat: Math.min(...parents.map(({ judged }) => authorisedAt(judged))),
    authTime: subject.authTime,
    expiresAt: Math.floor(Math.min(...parents.map(({ judged }) => judged.expiresAt))),
    exchanges,
    act: actor === undefined ? subject.act : actClaim(actor, subject.act, issuer),
  };
}

/** `offline_access` is for refresh tokens; an account is a person's, and a client's own token is nobody's. */
function mayPassOn(scope: string, { subject, clientId }: ExchangeParent): boolean {
  return scope !== "offline_access" && (scope !== "rescind:account" || subject !== clientId);
}

/**
 * Holding a token is the proof for a confidential client that was given the grant type; a public client may exchange
 * its own. A foreign token must be meant for this server, for this client, or for a resource it is registered for.
 */
function mayExchange(client: Client, issuer: string, parent: ExchangeParent): boolean {
  if (parent.judged.ours) return isConfidential(client) || parent.clientId === client.clientId;
  const meant = [issuer, client.clientId, ...client.audience];
  return isConfidential(client) && parent.audience.some((uri) => meant.includes(uri));
}

/**
 * A foreign token is covered by wide orders up to the clock tolerance after their `before`, and always if it has no
 * `iat`; its child, which is ours and gets no tolerance, must be covered whenever its parent is. `before` is a whole
 * second, so rounding up a fraction changes nothing of that.
 */
function authorisedAt({ ours, authorisedAt: at }: Judged): number {
  if (at === undefined) return 0;
  return Math.ceil(Math.max(0, ours ? at : at - clockTolerance));
}

function actClaim(actor: ExchangeParent, before: ActClaim | undefined, issuer: string): ActClaim {
  const { subject, clientId, judged } = actor;
  return {
    sub: subject,
    ...(judged.ours && clientId !== undefined && clientId !== subject ? { client_id: clientId } : {}),
    ...(judged.issuer === issuer ? {} : { iss: judged.issuer }),
    ...(before === undefined ? {} : { act: before }),
  };
}

/**
 * The fingerprints of every unit of the parents and of their own lineages, without repeats; `all` is the child's own
 * unit too and is left out.
 * @param fingerprint of a unit, as on the feed
 */
export function lineageOf(
  parents: readonly Judged[],
  fingerprint: (unit: Unit) => string,
): readonly string[] {
  const found = new Set<string>();
  for (const parent of parents) {
    for (const unit of unitsOf(parent)) if (unit.name !== "all") found.add(fingerprint(unit));
    for (const fp of parent.lineage) found.add(fp);
  }
  return [...found];
}

/** Refuses a lineage of more fingerprints than a token should carry. */
export function checkLineage(lineage: readonly string[]): Refusal | undefined {
  if (lineage.length <= longestLineage) return undefined;
  return refuse(
    "invalid_request",
    "The tokens come from too many others; use one that was exchanged less often.",
  );
}
