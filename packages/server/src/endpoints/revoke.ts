// The revocation endpoint: RFC 7009, CONTRACT.md section 6. 200 means committed and in force.

import { decideRevocation, formatId, type Presented, refuse, type Unit } from "@rescind/core";
import type { About } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type FormRequest, noStore, ok } from "../http/answer.ts";
import { oauthRefusal, oauthTooMany } from "../http/respond.ts";
import { aboutToken } from "../revocation/about.ts";
import { orderOf } from "../revocation/order.ts";
import { passThrough } from "../revocation/pass-through.ts";
import { selectOf } from "../revocation/select.ts";
import { authenticateClient } from "../tokens/authenticate-client.ts";
import { type Recognised, recognise } from "../tokens/recognise.ts";

export async function revoke(request: FormRequest, deps: Dependencies): Promise<Answer> {
  const text = request.form.get("token");
  const recognised = text === undefined ? undefined : await recognise(text, deps);
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
      return revoked(await apply({ unit, clientId, about: aboutToken(recognised, unit) }, deps));
    }
  }
}

interface Asked {
  readonly unit: Unit;
  readonly clientId: string;
  readonly about: About;
}

/** Commits the order and makes this node judge by it; other requests see it by the head they read. */
async function apply({ unit, clientId, about }: Asked, deps: Dependencies): Promise<number> {
  const receipt = await deps.store.revoke(
    orderOf(
      {
        unit,
        actor: { kind: "client", id: clientId },
        reason: "client_request",
        final: true,
        select: selectOf(unit),
        about,
      },
      deps,
    ),
  );
  if (receipt.appended) deps.metrics.revoked(unit.name, "client_request");
  deps.standing.wake();
  return receipt.seq;
}

function revoked(seq: number): Answer {
  return ok({}, { ...noStore, "rescind-seq": String(seq) });
}

function presentedFacts(
  recognised: Recognised,
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

async function recordForeign(recognised: Recognised, clientId: string, deps: Dependencies): Promise<void> {
  const owner = recognised.kind === "refresh" ? recognised.grant.clientId : undefined;
  const isOurs = recognised.kind === "access" || recognised.kind === "refresh";
  const token_id = isOurs ? formatId("token", recognised.token.id) : undefined;
  await deps.store.recordAudit({
    action: "revocation.refused",
    actor: { kind: "client", id: clientId },
    atMs: deps.now(),
    content: { token_id, client_id: recognised.kind === "access" ? recognised.token.clientId : owner },
  });
}
