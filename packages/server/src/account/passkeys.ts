// A person's passkeys: /account/v1/passkeys. One is added in two calls, with the browser's answer in between.

import type { NewPasskey, PasskeyChange } from "@rescind/admin-api";
import { formatId, parseId } from "@rescind/core";
import { invalidField, refused } from "../admin/refusal.ts";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { newChallenge, spendChallenge } from "../passkeys/challenge.ts";
import { creationOptions, registeredPasskey } from "../passkeys/registration.ts";
import { relyingParty } from "../passkeys/relying-party.ts";
import { endSessionsWithout, removeFactors } from "../people/factors.ts";
import { refuseStale } from "./fresh-sign-in.ts";
import { subjectOf } from "./own-order.ts";
import { passkeyItem } from "./sign-in.ts";

/** Of one person. */
const mostPasskeys = 20;
/** Milliseconds for the browser and the person before it. */
const stateLifeMs = 5 * 60 * 1000;

export async function beginPasskey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const party = relyingParty(deps.issuer);
  if (party.kind === "off") return refused("conflict", party.why);
  const stale = refuseStale(request, deps);
  if (stale !== undefined) return stale;
  const subject = subjectOf(request);
  const { user } = await deps.store.findUser(subject);
  if (user?.status !== "active") return noUser;
  const { passkeys } = await deps.store.findFactors(subject);
  if (passkeys.length >= mostPasskeys) return full;
  const { challenge, sealed } = newChallenge("passkey/new", subject, stateLifeMs, deps);
  const options = await creationOptions({ challenge, party, user }, passkeys, deps);
  return ok({ options, state: sealed });
}

/** The sign-in was new when the state was made, which is five minutes ago at most. */
export async function addPasskey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const party = relyingParty(deps.issuer);
  if (party.kind === "off") return refused("conflict", party.why);
  const { state, credential, name } = request.body as NewPasskey; // checked against the contract's schema
  const subject = subjectOf(request);
  const challenge = await spendChallenge("passkey/new", subject, state, deps);
  if (challenge === undefined) return oldState;
  const registered = await registeredPasskey(credential, { challenge, party }, deps);
  if (registered === undefined) return notProven;
  const passkey = {
    ...registered,
    id: deps.store.nextId(),
    subject,
    name,
    createdAtMs: deps.now(),
    lastUsedMs: undefined,
  };
  switch (await deps.store.addPasskey(passkey, mostPasskeys)) {
    case "taken":
      return taken;
    case "full":
      return full;
    case "unknown":
      return noUser;
    case "added": {
      await record("passkey.added", { passkey_id: formatId("passkey", passkey.id), name }, request, deps);
      return { status: 201, body: passkeyItem(passkey) };
    }
  }
}

export async function renamePasskey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { name } = request.body as PasskeyChange; // checked against the contract's schema
  const subject = subjectOf(request);
  const id = rowOf(request);
  if (!(await deps.store.renamePasskey(subject, id, name))) return unknown;
  const renamed = (await deps.store.findFactors(subject)).passkeys.find((passkey) => passkey.id === id);
  if (renamed === undefined) return unknown;
  await record("passkey.renamed", { passkey_id: formatId("passkey", id), name }, request, deps);
  return ok(passkeyItem(renamed));
}

export async function removePasskey(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const stale = refuseStale(request, deps);
  if (stale !== undefined) return stale;
  const subject = subjectOf(request);
  const id = rowOf(request);
  const found = (await deps.store.findFactors(subject)).passkeys.find((passkey) => passkey.id === id);
  const ending = { actor: { kind: "user", id: subject }, reason: "user_request" } as const;
  if (found === undefined) {
    // A removal whose answer was lost is finished by asking again.
    await endSessionsWithout(subject, ending, deps);
    return unknown;
  }
  const headers = await removeFactors(subject, { passkeys: id }, ending, deps);
  await record("passkey.removed", { passkey_id: formatId("passkey", id), name: found.name }, request, deps);
  return { status: 204, headers };
}

/** The schema has let nothing else pass. */
function rowOf(request: AdminRequest): string {
  return parseId("passkey", request.params.passkey_id ?? "") ?? "0";
}

function record(
  action: string,
  content: Readonly<Record<string, unknown>>,
  request: AdminRequest,
  deps: Dependencies,
): Promise<void> {
  const sub = subjectOf(request);
  const actor = { kind: "user", id: sub } as const;
  return deps.store.recordAudit({ action, actor, atMs: deps.now(), content: { sub, ...content } });
}

const unknown = refused("not-found", "You have no passkey with this passkey_id.");
const full = refused("conflict", `You have ${mostPasskeys} passkeys; remove one first.`);
const taken = refused("conflict", "This passkey is registered already.");
const noUser = refused(
  "conflict",
  "This server does not know you as one of its users, so you cannot sign in.",
);
const oldState = invalidField(
  "/state",
  "It is not yours, is older than five minutes, or was used: begin again.",
);
const notProven = invalidField(
  "/credential",
  "The browser's answer does not prove a passkey for this server that verifies its person.",
);
