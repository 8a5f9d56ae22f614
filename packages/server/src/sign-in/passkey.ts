// /login/passkey: a passkey instead of a password, or as the second step. Its challenge belongs to the transaction and is
// good once; what refuses one says nothing of whether somebody has any.

import { formatId } from "@rescind/core";
import type { Passkey } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, PageRequest } from "../http/answer.ts";
import { parseAssertion, type ShownPasskey, shownPasskey } from "../passkeys/assertion.ts";
import { spendChallenge } from "../passkeys/challenge.ts";
import { relyingParty } from "../passkeys/relying-party.ts";
import { countFailure, type Problem, tooManyAttempts } from "./attempts.ts";
import { goOn } from "./first-factor.ts";
import { openForLogin } from "./login.ts";
import { loginForm } from "./login-form.ts";
import { goOnWith, openHalf, secondFactorForm } from "./second-factor.ts";
import type { Transaction } from "./transaction.ts";

/** POST /login/passkey */
export async function signInByPasskey(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const opened = await openForLogin(request, head, deps);
  if ("status" in opened) return opened;
  const { transaction } = opened;
  if (transaction.passed !== undefined) return asSecondFactor(request, deps);
  const shown = await presented(transaction, request, deps);
  if ("problem" in shown) return loginForm({ ...opened, username: "", again: false }, shown, head, deps);
  const { user, head: rev, amr, passkey } = shown;
  const factors = [formatId("passkey", passkey.id)];
  return goOn({ user, head: rev, amr, factors }, transaction, request, deps);
}

async function asSecondFactor(request: PageRequest, deps: Dependencies): Promise<Answer> {
  const half = await openHalf(request, deps);
  if ("status" in half) return half;
  if (!half.may.includes("passkey")) return secondFactorForm(half, refusedProblem, deps);
  const shown = await presented(half.transaction, request, deps);
  if ("problem" in shown) return secondFactorForm(half, shown, deps);
  if (shown.user.subject !== half.passed.subject) return secondFactorForm(half, refusedProblem, deps);
  const factor = formatId("passkey", shown.passkey.id);
  return goOnWith(half, { amr: shown.amr, factor }, request, deps);
}

const refusedProblem: Problem = {
  problem: "This passkey was not accepted here. Try another one, or sign in another way.",
  status: 400,
};
const tooOld: Problem = { problem: "This page was too old for a passkey. Please try again.", status: 400 };

async function presented(
  transaction: Transaction,
  request: PageRequest,
  deps: Dependencies,
): Promise<Extract<ShownPasskey, { kind: "shown" }> | Problem> {
  const { address, parameters } = request;
  const party = relyingParty(deps.issuer);
  if (party.kind === "off") return { problem: party.why, status: 400 };
  const assertion = parseAssertion(parameters.get("credential") ?? "");
  if (assertion === undefined) return refusedProblem;
  const blocked = tooManyAttempts(transaction.passed?.subject, address, deps);
  if (blocked !== undefined) return blocked;
  const sealed = parameters.get("challenge") ?? "";
  const challenge = await spendChallenge("passkey/sign-in", transaction.id, sealed, deps);
  if (challenge === undefined) return tooOld;
  const shown = await shownPasskey(assertion, { challenge, party }, deps);
  if (shown.kind === "shown") return shown;
  const subject = shown.kind === "cloned" ? shown.passkey.subject : shown.subject;
  await countFailure(subject, address, deps);
  deps.log.info({ reqId: request.id, subject, address, why: shown.kind }, "passkey refused");
  if (shown.kind === "refused") return refusedProblem;
  await recordClone(shown.passkey, deps);
  return { problem: copied, status: 400 };
}

const copied =
  "This passkey was refused: its device counts its uses, and the count has gone back, as if there were a copy of it. It opens nothing any more. Sign in another way and remove it from your account: that ends what it has opened.";

function recordClone({ id, subject }: Passkey, deps: Dependencies): Promise<void> {
  const actor = { kind: "user", id: subject } as const;
  const content = { sub: subject, passkey_id: formatId("passkey", id), why: "its count went back" };
  return deps.store.recordAudit({ action: "passkey.refused", actor, atMs: deps.now(), content });
}
