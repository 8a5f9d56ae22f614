// POST /admin/v1/users/{sub}/setup-link: a link with which a person sets a password, to be handed over by whoever asks.

import { formatTime } from "@rescind/admin-api";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, noStore } from "../http/answer.ts";
import { makeSetupLink, setupLinkLives, tidyOffer } from "../people/setup-link.ts";
import { administrator } from "./administrator.ts";
import { refused } from "./refusal.ts";
import type { AdminRequest } from "./request.ts";

export async function createSetupLink(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { head, user } = await deps.store.findUser(request.params.sub ?? "");
  if (user === undefined) return refused("not-found", "There is no user with this sub.");
  if (user.status !== "active")
    return refused("conflict", "This user is disabled: make them active before they set a password.");
  const { subject } = user;
  const link = { subject, rev: head.position.seq, life: setupLinkLives.administrator };
  const { setupUrl, expiresAt } = await makeSetupLink(link, deps);
  await tidyOffer(deps);
  const content = { sub: subject, expires_at: formatTime(expiresAt) };
  const atMs = deps.now();
  await deps.store.recordAudit({
    action: "setup-link.created",
    actor: administrator(request),
    atMs,
    content,
  });
  const body = { setup_url: setupUrl, expires_at: formatTime(expiresAt) };
  return { status: 201, headers: noStore, body };
}
