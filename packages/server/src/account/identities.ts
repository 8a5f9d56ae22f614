// A person's own identities at other providers: /account/v1/identities. Linking one begins here and goes on in the
// person's browser (sign-in/link-identity.ts); without another way in the last one stays.

import type { NewLink } from "@rescind/admin-api";
import { parseId } from "@rescind/core";
import { invalidField, refused } from "../admin/refusal.ts";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore, ok } from "../http/answer.ts";
import { oneByOne } from "../people/change-user.ts";
import { endSessionsWithout, seqHeader } from "../people/factors.ts";
import { enabledProviders } from "../upstream/enabled-providers.ts";
import { linkTicket } from "../upstream/link-ticket.ts";
import { refuseStale } from "./fresh-sign-in.ts";
import { subjectOf } from "./own-order.ts";

export async function linkIdentity(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const { upstream_id: upstreamId } = request.body as NewLink; // checked against the contract's schema
  const challenge = refuseStale(request, deps);
  const { sessionId } = request.caller.token;
  if (challenge !== undefined || sessionId === undefined) return challenge ?? noSession;
  const offered = enabledProviders(await deps.catalog.upstreams(head));
  const provider = offered.find(({ upstream }) => upstream.upstreamId === upstreamId);
  if (provider === undefined)
    return invalidField("/upstream_id", "There is no such provider to sign in through.");
  const ticket = linkTicket({ subject: subjectOf(request), sessionId, upstreamRow: provider.row }, deps);
  return ok({ url: `${deps.issuer.replace(/\/$/, "")}/login/upstream/link?ticket=${ticket}` }, noStore);
}

export async function unlinkIdentity(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const challenge = refuseStale(request, deps);
  if (challenge !== undefined) return challenge;
  const subject = subjectOf(request);
  const actor = { kind: "user", id: subject } as const;
  const ending = { actor, reason: "user_request" } as const;
  const identityId = request.params.identity_id ?? "";
  const id = parseId("identity", identityId) ?? "0";
  return oneByOne(async () => {
    const mine = await deps.store.listIdentities(subject);
    if (!mine.some((identity) => identity.id === id)) {
      // An end whose answer was lost is finished by asking again.
      await endSessionsWithout(subject, ending, deps);
      return unknown;
    }
    const { passwordHash } = await deps.store.findUser(subject);
    const { passkeys } = await deps.store.findFactors(subject);
    if (mine.length === 1 && passwordHash === undefined && passkeys.length === 0) return lastWayIn;
    if (!(await deps.store.unlinkIdentity(id, subject))) return unknown;
    const ended = await endSessionsWithout(subject, ending, deps);
    const content = { sub: subject, identity_id: identityId };
    await deps.store.recordAudit({ action: "identity.unlinked", actor, atMs: deps.now(), content });
    return { status: 204, headers: await seqHeader(ended.at(-1), deps) };
  }, deps);
}

const unknown = refused("not-found", "You have no identity with this identity_id.");
const noSession = refused("conflict", "This token hangs on no login session.");
const lastWayIn = refused(
  "conflict",
  "This is your only way to sign in: add a passkey or link another provider first, or ask an administrator for a setup link to choose a password.",
);
