// Token exchange: RFC 8693. What a client gets for a subject token, alone or with an actor token: never more scope, never
// a longer life, and a lineage by which it dies with every one of its ancestors. DESIGN.md section 3.

import type { ActClaim } from "./access-token.ts";
import { type Client, isConfidential } from "./client.ts";
import { clockTolerance, type Verdict } from "./liveness.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { type Judged, type Unit, unitsOf } from "./units.ts";

export const tokenExchangeGrant = "urn:ietf:params:oauth:grant-type:token-exchange";

/** Token types of RFC 8693 section 3 that are taken and issued here. */
export const exchangeTokenTypes = {
  accessToken: "urn:ietf:params:oauth:token-type:access_token",
  jwt: "urn:ietf:params:oauth:token-type:jwt",
} as const;

/** Exchanges between a token and the first one of its lineage. */
export const mostExchanges = 8;

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

const invalidSubject = refuse(
  "invalid_request",
  "subject_token is malformed, expired, revoked, or not one that this client may exchange.",
);
const invalidActor = refuse(
  "invalid_request",
  "actor_token is malformed, expired, revoked, or not one that this client may exchange.",
);

/**
 * Decides an exchange. The client has authenticated and has the grant type. Invalid tokens are `invalid_request`
 * (RFC 8693 section 2.2.2).
 */
export function decideExchange(facts: ExchangeFacts): Exchange | Refusal {
  const { client, issuer, subject, actor } = facts;
  if (facts.subjectVerdict.kind !== "live" || !mayExchange(client, issuer, subject)) return invalidSubject;
  if (actor !== undefined && (facts.actorVerdict?.kind !== "live" || !mayExchange(client, issuer, actor)))
    return invalidActor;
  const parents = actor === undefined ? [subject] : [subject, actor];
  const exchanges = 1 + Math.max(...parents.map((parent) => parent.exchanges));
  if (exchanges > mostExchanges)
    return refuse("invalid_request", `A token may be exchanged ${mostExchanges} times in a row at most.`);
  return {
    subject: subject.subject,
    scopes: subject.scopes.filter((scope) => scope !== "offline_access" && client.scopes.includes(scope)),
    grantIat: Math.min(...parents.map(({ judged }) => authorisedAt(judged))),
    authTime: subject.authTime,
    expiresAt: Math.min(...parents.map(({ judged }) => judged.expiresAt)),
    exchanges,
    act: actor === undefined ? subject.act : actClaim(actor, subject.act, issuer),
  };
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
 * `iat`; its child, which is ours and gets no tolerance, must be covered whenever its parent is.
 */
function authorisedAt({ ours, authorisedAt: at }: Judged): number {
  if (at === undefined) return 0;
  return ours ? at : Math.max(0, at - clockTolerance);
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
