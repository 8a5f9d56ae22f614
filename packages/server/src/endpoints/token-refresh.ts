// grant_type=refresh_token: RFC 6749 section 6, rotation and replay as RFC 9700 section 4.14 asks.

import {
  chooseTarget,
  decideRefresh,
  judgedRefreshToken,
  parseScope,
  type RefreshDecision,
  type Refusal,
  refuse,
  type Target,
} from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import { orderOf } from "../revocation/order.ts";
import type { AuthenticatedClient } from "../tokens/authenticate-client.ts";
import { idleEnd, mintAccessToken, mintRefreshToken } from "../tokens/mint.ts";
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
  if (decision.kind === "replay") return endReplayed(presented, caller, deps);
  const target = await targetOf(request, presented, caller, deps);
  if ("kind" in target) return oauthRefusal(target);

  const { client, keyId, head } = caller;
  const nowMs = deps.now();
  const { grant } = presented;
  const keys = await deps.catalog.keys(presented.head);
  const basis = {
    client,
    target,
    subject: grant.subject,
    grant,
    keyId,
    rev: head.position.seq,
    at: nowMs / 1000,
  };
  const access = mintAccessToken(basis, { ...deps, keys });
  if ("kind" in access) return oauthRefusal(access);
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
      return tokenAnswer(access, successor.text);
    }
    case "grace": {
      await deps.store.issue(access.stored);
      return tokenAnswer(access, openSuccessor(text, decision.sealed));
    }
    case "keep": {
      await deps.store.issueKeeping(presented.token.id, idleEnd(client, grant, nowMs / 1000), access.stored);
      return tokenAnswer(access, text);
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

/** RFC 9700 section 4.14.2: the grant ends, whatever else covers it, before the answer. */
async function endReplayed(presented: Presented, caller: Caller, deps: Dependencies): Promise<Answer> {
  const { grant } = presented;
  const order = orderOf(
    {
      unit: { name: "grant", issuer: deps.issuer, value: grant.grantId },
      actor: { kind: "client", id: caller.client.clientId },
      reason: "replay_detected",
      final: true,
      select: { grant_id: grant.grantId },
    },
    deps,
  );
  const receipt = await deps.store.revoke(order);
  deps.standing.wake();
  deps.metrics.revoked("grant", "replay_detected");
  deps.log.warn(
    { clientId: grant.clientId, grantId: grant.grantId, seq: receipt.seq },
    "refresh token replayed",
  );
  return oauthRefusal(invalid, { "rescind-seq": String(receipt.seq) });
}

/** Scope and resource may narrow what the grant has, never widen it; what the client lost since is lost. */
async function targetOf(
  request: FormRequest,
  presented: Presented,
  caller: Caller,
  deps: Dependencies,
): Promise<Target | Refusal> {
  const { grant } = presented;
  const scopes = parseScope(request.form.get("scope"));
  if ("kind" in scopes) return scopes;
  const { client } = caller;
  const asked = request.form.get("resource");
  const left = grant.audience.filter((uri) => uri === deps.issuer || client.audience.includes(uri));
  if (left.length === 0 || (asked !== undefined && !left.includes(asked)))
    return refuse(
      "invalid_target",
      "resource must be one of the grant's that this client is still registered for.",
    );
  const audience = left.filter((uri) => uri !== deps.issuer);
  const allowed = grant.scopes.filter((scope) => client.scopes.includes(scope));
  const resources = await deps.catalog.resources(presented.head);
  return chooseTarget({ client, audience, issuer: deps.issuer, asked, scopes, allowed, resources });
}
