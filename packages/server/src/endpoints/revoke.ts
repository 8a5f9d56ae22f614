// The revocation endpoint: RFC 7009, CONTRACT.md section 6. 200 means committed and in force.

import { decideRevocation, formatId, type Presented, refuse } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type FormRequest, noStore, ok } from "../http/answer.ts";
import { oauthRefusal, oauthTooMany } from "../http/respond.ts";
import { aboutToken } from "../revocation/about.ts";
import { commitAndWake } from "../revocation/commit.ts";
import { passThrough } from "../revocation/pass-through.ts";
import { recordRefusedAttempt } from "../revocation/refused-attempt.ts";
import { selectOf } from "../revocation/select.ts";
import { authenticateClient } from "../tokens/authenticate-client.ts";
import { type RecognisedToRevoke, recogniseToRevoke } from "../tokens/recognise.ts";

export async function revoke(request: FormRequest, deps: Dependencies): Promise<Answer> {
  const text = request.form.get("token");
  const recognised = text === undefined ? undefined : await recogniseToRevoke(text, deps);
  const head = recognised?.head ?? (await deps.store.head());
  const caller = await authenticateClient(request, head, deps);
  if (caller.kind === "too-many") return oauthTooMany(caller.retryAfter);
  if (caller.kind === "refuse") return oauthRefusal(caller);
  if (recognised === undefined) return oauthRefusal(refuse("invalid_request", "token is missing."));

  const { clientId, revocationPolicy } = caller.client;
  const decision = decideRevocation({
    clientId,
    policy: revocationPolicy,
    cascade: request.form.get("cascade"),
    token: presentedFacts(recognised, deps.issuer),
    at: deps.now() / 1000,
  });
  switch (decision.kind) {
    case "nothing":
      return revoked(await passThrough(deps));
    case "refuse":
      if (decision.foreign === true) await recordForeign(recognised, clientId, deps);
      return oauthRefusal(decision);
    case "order": {
      const { unit } = decision;
      const actor = { kind: "client", id: clientId } as const;
      const [select, about] = [selectOf(unit), aboutToken(recognised, unit)];
      const order = { unit, actor, reason: "client_request", final: true, select, about } as const;
      return revoked((await commitAndWake(order, deps)).seq);
    }
  }
}

function revoked(seq: number): Answer {
  return ok({}, { ...noStore, "rescind-seq": String(seq) });
}

function presentedFacts(
  recognised: RecognisedToRevoke,
  issuer: string,
): (Presented & { readonly expiresAt: number }) | undefined {
  switch (recognised.kind) {
    // A foreign token is nobody's here: its issuer revokes it, or an administrator.
    case "foreign":
    case "unknown":
      return undefined;
    case "access": {
      const { token } = recognised;
      return { ...token, kind: "access", issuer, tokenId: formatId("token", token.id) };
    }
    case "refresh": {
      const { token, grant } = recognised;
      return { ...grant, kind: "refresh", issuer, tokenId: formatId("token", token.id) };
    }
  }
}

async function recordForeign(
  recognised: RecognisedToRevoke,
  clientId: string,
  deps: Dependencies,
): Promise<void> {
  const owner = recognised.kind === "refresh" ? recognised.grant.clientId : undefined;
  const isOurs = recognised.kind === "access" || recognised.kind === "refresh";
  const token_id = isOurs ? formatId("token", recognised.token.id) : undefined;
  await recordRefusedAttempt(
    {
      action: "revocation.refused",
      actor: { kind: "client", id: clientId },
      content: { token_id, client_id: recognised.kind === "access" ? recognised.token.clientId : owner },
    },
    deps,
  );
}
