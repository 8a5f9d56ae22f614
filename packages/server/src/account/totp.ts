// A person's authenticator app and recovery codes: /account/v1/totp and /account/v1/recovery-codes. A seed counts once a
// code has shown that the app has it. Secrets come out once, where they are made.

import { randomBytes } from "node:crypto";
import { formatTimeMs, type TotpConfirmation } from "@rescind/admin-api";
import { parseTotpCode, totpSeedBytes, totpSeedText, totpStepsAt, totpUri } from "@rescind/core";
import { invalidField, refused } from "../admin/refusal.ts";
import type { AdminRequest } from "../admin/request.ts";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { endSessionsWithout, removeFactors } from "../people/factors.ts";
import { newRecoveryCodes, sealSeed, stepOf } from "../people/totp.ts";
import { openText, sealText } from "../sign-in/sealed-text.ts";
import { refuseStale } from "./fresh-sign-in.ts";
import { subjectOf } from "./own-order.ts";

/** Milliseconds to get the secret into an app. */
const stateLifeMs = 5 * 60 * 1000;
const purpose = "totp/new";

interface State {
  readonly subject: string;
  /** Base64url. */
  readonly seed: string;
  readonly expiresAtMs: number;
}

export async function beginTotp(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const stale = refuseStale(request, deps);
  if (stale !== undefined) return stale;
  const subject = subjectOf(request);
  const { user } = await deps.store.findUser(subject);
  if (user?.status !== "active") return noUser;
  if ((await deps.store.findFactors(subject)).totp !== undefined) return hasOne;
  const seed = randomBytes(totpSeedBytes);
  const state: State = {
    subject,
    seed: seed.toString("base64url"),
    expiresAtMs: deps.now() + stateLifeMs,
  };
  const issuer = deps.configuration.brand.name;
  return ok({
    secret: totpSeedText(seed),
    uri: totpUri({ issuer, account: user.username, seed }),
    state: sealText(purpose, Buffer.from(JSON.stringify(state)), deps),
  });
}

/** The sign-in was new when the state was made, which is five minutes ago at most. */
export async function confirmTotp(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const { state: text, code } = request.body as TotpConfirmation; // checked against the contract's schema
  const subject = subjectOf(request);
  const seed = seedIn(text, subject, deps);
  if (seed === undefined) return oldState;
  const typed = parseTotpCode(code);
  const nowMs = deps.now();
  const step = typed === undefined ? undefined : stepOf(typed, seed, totpStepsAt(nowMs, 0));
  if (step === undefined) return wrongCode;
  const { texts, kept } = newRecoveryCodes(deps);
  const sealedSeed = sealSeed(seed, subject, deps);
  // The code that confirms is used up.
  const totp = { id: deps.store.nextId(), subject, sealedSeed, lastStep: step, sinceMs: nowMs };
  if (!(await deps.store.putTotp(totp, kept))) return hasOne;
  await endSessionsWithout(subject, byThemselves(subject), deps);
  await record("totp.added", request, deps);
  return {
    status: 201,
    body: { totp: { since: formatTimeMs(nowMs) }, recovery_codes: texts },
  };
}

export async function removeTotp(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const stale = refuseStale(request, deps);
  if (stale !== undefined) return stale;
  const subject = subjectOf(request);
  const { totp } = await deps.store.findFactors(subject);
  if (totp === undefined) {
    // A removal whose answer was lost is finished by asking again.
    await endSessionsWithout(subject, byThemselves(subject), deps);
    return hasNone;
  }
  const headers = await removeFactors(subject, { totp: true }, byThemselves(subject), deps);
  await record("totp.removed", request, deps);
  return { status: 204, headers };
}

export async function makeRecoveryCodes(request: AdminRequest, deps: Dependencies): Promise<Answer> {
  const stale = refuseStale(request, deps);
  if (stale !== undefined) return stale;
  const subject = subjectOf(request);
  const { texts, kept } = newRecoveryCodes(deps);
  if (!(await deps.store.putRecoveryCodes(subject, kept))) return nothingBeside;
  await endSessionsWithout(subject, byThemselves(subject), deps);
  await record("recovery-codes.made", request, deps);
  return { status: 201, body: { recovery_codes: texts } };
}

function seedIn(text: string, subject: string, deps: Dependencies): Uint8Array | undefined {
  const opened = openText(purpose, text, deps);
  if (opened === undefined) return undefined;
  const state = JSON.parse(Buffer.from(opened).toString()) as State; // nobody but this server seals
  if (state.subject !== subject || state.expiresAtMs <= deps.now()) return undefined;
  return Buffer.from(state.seed, "base64url");
}

function byThemselves(subject: string) {
  return { actor: { kind: "user", id: subject }, reason: "user_request" } as const;
}

function record(action: string, request: AdminRequest, deps: Dependencies): Promise<void> {
  const sub = subjectOf(request);
  const actor = { kind: "user", id: sub } as const;
  return deps.store.recordAudit({ action, actor, atMs: deps.now(), content: { sub } });
}

const noUser = refused(
  "conflict",
  "This server does not know you as one of its users, so you cannot sign in.",
);
const hasOne = refused("conflict", "You use an authenticator app already; remove it before you add another.");
const hasNone = refused("not-found", "You use no authenticator app.");
const nothingBeside = refused(
  "conflict",
  "Recovery codes stand in for an authenticator app or a passkey; add one first.",
);
const oldState = invalidField("/state", "It is not yours or is older than five minutes: begin again.");
const wrongCode = invalidField(
  "/code",
  "This is not the code of this moment. Take the newest one, and see that the device's clock is right.",
);
