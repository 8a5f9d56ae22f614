// /login/second-factor: the second step, for whoever has passed the first one in this transaction and this browser. A
// revocation of the person, or another password, between the steps ends it. Failures count as those of passwords do.

import {
  decideFactors,
  formatId,
  type Judged,
  parseRecoveryCode,
  parseTotpCode,
  type SecondFactor,
  totpStepsAt,
  type User,
  withSecondFactor,
} from "@rescind/core";
import type { FoundFactors } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type PageRequest, seeOther } from "../http/answer.ts";
import { frameOf } from "../pages/frame.ts";
import { secondFactorPage } from "../pages/second-factor-page.ts";
import { secondFactorsOf } from "../people/factors.ts";
import { openSeed, stepOf } from "../people/totp.ts";
import { countFailure, type Problem, tooManyAttempts } from "./attempts.ts";
import { goOn, requiredOf, startOver } from "./first-factor.ts";
import { servedClient, unknownClient } from "./load.ts";
import { openBoundTransaction } from "./login.ts";
import { offerPasskey } from "./passkey-offer.ts";
import { shownPerson } from "./signed-in.ts";
import { type Passed, resumeAt, sealedFields, type Transaction } from "./transaction.ts";

/** Seconds between the two steps. */
const passedLife = 600;

/** Somebody between the two steps. */
export interface HalfSignedIn {
  readonly transaction: Transaction;
  readonly passed: Passed;
  readonly user: User;
  /** The application's name. */
  readonly client: string;
  readonly factors: FoundFactors;
  readonly may: readonly SecondFactor[];
}

/** GET /login/second-factor */
export async function showSecondFactor(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const half = await openHalf(request, deps);
  return "status" in half ? half : secondFactorForm(half, undefined, deps);
}

/** POST /login/second-factor */
export async function secondFactor(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const half = await openHalf(request, deps);
  if ("status" in half) return half;
  return deps.logins.inTurn(half.passed.subject, () => attempt(half, request, deps));
}

/** Who has passed the first step of the request's transaction, or the answer where there is no such step any more. */
export async function openHalf(request: PageRequest, deps: Dependencies): Promise<HalfSignedIn | Answer> {
  const head = await deps.store.head();
  const transaction = await openBoundTransaction(request, head, deps);
  if ("status" in transaction) return transaction;
  const { passed } = transaction;
  if (passed === undefined) return seeOther(resumeAt("/login", transaction, deps));
  const client = await servedClient(transaction.clientId, head, deps);
  if (client === undefined) return unknownClient(deps);
  const verdict = deps.standing.judge(judgedPassed(passed, deps.issuer), deps.now() / 1000);
  if (verdict.kind === "expired")
    return startOver("Too much time has passed since the first step.", transaction, deps);
  if (verdict.kind !== "live")
    return startOver("Since the first step your sign-ins have been ended.", transaction, deps);
  const { user } = await deps.store.findUser(passed.subject);
  if (user?.status !== "active")
    return startOver("This account may not be used at the moment.", transaction, deps);
  const factors = await deps.store.findFactors(passed.subject);
  const has = secondFactorsOf(factors, deps);
  const decision = decideFactors({ amr: passed.amr, has, required: requiredOf(transaction) });
  // An administrator has removed the factors meanwhile.
  if (decision.kind !== "second-factor")
    return goOn({ ...passed, user, head: headOf(passed) }, transaction, request, deps);
  return { transaction, passed, user, client: client.name, factors, may: decision.may };
}

/** The page of the second step. */
export function secondFactorForm(
  half: HalfSignedIn,
  problem: Problem | undefined,
  deps: Dependencies,
): Answer {
  const { transaction, user, client, factors, may } = half;
  const fields = sealedFields(transaction, deps);
  const passkey = may.includes("passkey") ? offerPasskey(transaction, factors.passkeys, deps) : undefined;
  const first = { ...transaction, passed: undefined };
  const switchAccount = `${resumeAt("/login", first, deps)}&switch=1`;
  const view = { fields, client, person: shownPerson(user), may, passkey, switchAccount };
  return secondFactorPage({ ...view, ...problem }, frameOf(deps));
}

/** After the second factor: as it was after the first, with what was shown since. */
export function goOnWith(
  { transaction, passed, user }: HalfSignedIn,
  shown: { readonly amr: readonly string[]; readonly factor: string },
  request: PageRequest,
  deps: Dependencies,
): Promise<Answer> {
  const amr = withSecondFactor(passed.amr, shown.amr);
  const factors = [...(passed.factors ?? []), shown.factor];
  return goOn({ ...passed, user, head: headOf(passed), amr, factors }, transaction, request, deps);
}

async function attempt(half: HalfSignedIn, request: PageRequest, deps: Dependencies): Promise<Answer> {
  const { subject } = half.passed;
  const blocked = tooManyAttempts(subject, request.address, deps);
  if (blocked !== undefined) return secondFactorForm(half, blocked, deps);
  const isCode = parseTotpCode(request.parameters.get("code") ?? "") !== undefined;
  const seed = isCode ? half.factors.totp?.id : undefined;
  const guessed = seed === undefined ? undefined : deps.logins.ofCodes.blockedFor(seed, deps.now());
  if (guessed !== undefined) return secondFactorForm(half, codesGuessed(guessed), deps);
  const factor = await usedCode(half, request.parameters, deps);
  if (factor !== undefined) return goOnWith(half, { amr: ["otp"], factor }, request, deps);
  await countFailure(subject, request.address, deps);
  if (seed !== undefined) await deps.logins.ofCodes.failed(seed, deps.now());
  deps.log.info({ reqId: request.id, subject, address: request.address }, "second factor refused");
  return secondFactorForm(half, { problem: wrongCode, status: 400 }, deps);
}

const wrongCode =
  "This code is wrong, or was used before. Take the one that your app shows now; each is good once.";

function codesGuessed(seconds: number): Problem {
  const problem =
    "Too many wrong codes were typed for this account within a day, so none counts for now. Use a recovery code or a passkey, or ask an administrator. If it was not you, choose another password.";
  return { problem, status: 429, headers: { "retry-after": String(seconds) } };
}

/** The id of what the code is of, which is used up by it. */
async function usedCode(
  { may, factors, passed: { subject } }: HalfSignedIn,
  parameters: PageRequest["parameters"],
  deps: Dependencies,
): Promise<string | undefined> {
  const code = parseTotpCode(parameters.get("code") ?? "");
  if (code !== undefined) return may.includes("totp") ? usedTotp(code, factors, deps) : undefined;
  const typed = parameters.get("recovery") ?? parameters.get("code") ?? "";
  const recovery = parseRecoveryCode(typed);
  if (recovery === undefined || !may.includes("recovery-code")) return undefined;
  for (const digest of deps.hashing.digests(recovery)) {
    const set = await deps.store.useRecoveryCode(subject, digest, deps.now());
    if (set === undefined) continue;
    const actor = { kind: "user", id: subject } as const;
    const content = { sub: subject };
    await deps.store.recordAudit({ action: "recovery-code.used", actor, atMs: deps.now(), content });
    return formatId("recoveryCodes", set);
  }
  return undefined;
}

async function usedTotp(
  code: string,
  { totp }: FoundFactors,
  deps: Dependencies,
): Promise<string | undefined> {
  if (totp === undefined) return undefined;
  const seed = openSeed(totp.sealedSeed, totp.subject, deps);
  const step = stepOf(code, seed, totpStepsAt(deps.now(), totp.lastStep));
  if (step === undefined || !(await deps.store.useTotpStep(totp.id, step))) return undefined;
  return formatId("totp", totp.id);
}

/** The head that was read with the first factor is the session's, whatever was read since. */
function headOf({ rev }: Passed) {
  return { position: { seq: rev } };
}

function judgedPassed({ subject, rev, atMs }: Passed, issuer: string): Judged {
  return {
    issuer,
    ours: true,
    subject,
    rev,
    offline: false,
    authorisedAt: Math.floor(atMs / 1000),
    expiresAt: atMs / 1000 + passedLife,
    lineage: [],
  };
}
