// grant_type=urn:ietf:params:oauth:grant-type:token-exchange: RFC 8693, with one target by `resource` or `audience` (RFC
// 8707). The token issued dies with every token it came from. Issues access tokens only, and never a refresh token.

import {
  checkLineage,
  chooseTarget,
  decideExchange,
  type Exchange,
  type ExchangeParent,
  type ExchangeRequest,
  exchangeTokenTypes,
  lineageOf,
  personMayHave,
  type Refusal,
  readExchangeRequest,
  refuse,
  type Target,
  tokenExchangeGrant,
  type User,
  unusable,
} from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import type { AuthenticatedClient } from "../tokens/authenticate-client.ts";
import { isTaken, parentOf } from "../tokens/exchange-parent.ts";
import { formatOf, mintAccessToken } from "../tokens/mint.ts";
import { tokenAnswer } from "./token.ts";

interface Caller extends AuthenticatedClient {
  readonly head: Head;
}

export async function exchangeToken(
  request: FormRequest,
  caller: Caller,
  deps: Dependencies,
): Promise<Answer> {
  if (!caller.client.grantTypes.includes(tokenExchangeGrant))
    return oauthRefusal(
      refuse("unauthorized_client", "This client is not registered for the grant type token-exchange."),
    );
  const asked = readExchangeRequest(request.form);
  if ("kind" in asked) return oauthRefusal(asked);
  const presented = await present(asked, deps);
  if ("kind" in presented) return oauthRefusal(presented);
  const exchange = await decide(presented, caller, deps);
  if ("kind" in exchange) return oauthRefusal(exchange);
  const target = await targetOf({ asked, presented, exchange }, caller, deps);
  if ("kind" in target) return oauthRefusal(target);
  return issue({ presented, exchange, target }, caller, deps);
}

interface Presented {
  readonly subject: ExchangeParent;
  readonly actor: ExchangeParent | undefined;
  /** Of the subject, where it is one of ours. */
  readonly user: User | undefined;
}

/** Both tokens with the people behind them, read after the head that the new token carries as its `rev`. */
async function present(asked: ExchangeRequest, deps: Dependencies): Promise<Presented | Refusal> {
  const subject = await parentOf(asked.subjectToken, deps);
  if (subject === undefined) return unusable("subject_token");
  const actor = asked.actorToken === undefined ? undefined : await parentOf(asked.actorToken, deps);
  if (actor === undefined && asked.actorToken !== undefined) return unusable("actor_token");
  // The actor's name stands beside its issuer; the subject's becomes one of ours.
  if (!subject.parent.judged.ours && (await isTaken(subject.parent.subject, deps)))
    return refuse("invalid_request", "subject_token is of another issuer and names a subject of this one.");
  return { subject: subject.parent, actor: actor?.parent, user: subject.user };
}

async function decide(
  { subject, actor }: Presented,
  { client }: Caller,
  deps: Dependencies,
): Promise<(Exchange & { readonly lineage: readonly string[] }) | Refusal> {
  const at = deps.now() / 1000;
  const decision = decideExchange({
    client,
    issuer: deps.issuer,
    subject,
    subjectVerdict: deps.standing.judge(subject.judged, at),
    actor,
    actorVerdict: actor === undefined ? undefined : deps.standing.judge(actor.judged, at),
  });
  if ("kind" in decision) return decision;
  const parents = actor === undefined ? [subject.judged] : [subject.judged, actor.judged];
  const lineage = lineageOf(parents, deps.hashing.fingerprint);
  return checkLineage(lineage) ?? { ...decision, lineage };
}

interface Targeting {
  readonly asked: ExchangeRequest;
  readonly presented: Presented;
  readonly exchange: Exchange;
}

async function targetOf(
  { asked, presented, exchange }: Targeting,
  { client, head }: Caller,
  deps: Dependencies,
): Promise<Target | Refusal> {
  const { user, subject } = presented;
  // Roles bound what a person granted by signing in; what an administrator opened is theirs to judge.
  const isBound = user !== undefined && subject.judged.sessionId !== undefined;
  const target = chooseTarget({
    client,
    issuer: deps.issuer,
    asked: asked.target,
    scopes: asked.scopes,
    allowed: exchange.scopes.filter((scope) => !isBound || personMayHave(scope, user)),
    resources: await deps.catalog.resources(head),
  });
  if ("kind" in target || !asked.onlyJwt || formatOf(client, target) === "jwt") return target;
  return refuse("invalid_request", "requested_token_type says jwt, but tokens for this target are opaque.");
}

interface Issuing {
  readonly presented: Presented;
  readonly exchange: Exchange & { readonly lineage: readonly string[] };
  readonly target: Target;
}

async function issue(
  { presented, exchange, target }: Issuing,
  caller: Caller,
  deps: Dependencies,
): Promise<Answer> {
  const { client, keyId, head } = caller;
  const nowMs = deps.now();
  const access = mintAccessToken(
    {
      ...{ client, target, exchange, keyId, user: presented.user },
      ...{ subject: exchange.subject, grant: undefined, rev: head.position.seq, at: nowMs / 1000 },
    },
    { ...deps, keys: await deps.catalog.keys(head) },
  );
  if ("kind" in access) return oauthRefusal(access);
  await deps.store.issue(access.stored);
  deps.lastUses.note(client.clientId, undefined, nowMs);
  const { grantId, clientId } = presented.subject.judged;
  if (clientId !== undefined) deps.lastUses.note(clientId, grantId, nowMs);
  deps.metrics.issued("token_exchange");
  return tokenAnswer(access, undefined, { issued_token_type: exchangeTokenTypes.accessToken });
}
