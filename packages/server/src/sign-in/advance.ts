// Takes a transaction one step on: to the next page, or back to the client with a code or an error.

import { type AuthorizationDecision, authTimeOf, codeLife, resolveClaims } from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, seeOther } from "../http/answer.ts";
import { newToken } from "../keys/digest.ts";
import { deviceAnsweredPage } from "../pages/device-page.ts";
import { errorPage } from "../pages/error-page.ts";
import { frameOf } from "../pages/frame.ts";
import { answeredBefore } from "./device-request.ts";
import type { Loaded } from "./load.ts";
import { returnCode, returnError } from "./return-to-client.ts";
import { resumeAt, startAgain, type Transaction } from "./transaction.ts";

export interface Step {
  readonly transaction: Transaction;
  readonly loaded: Loaded;
  readonly decision: AuthorizationDecision;
  /** The first head read for this request: the `rev` of the code. */
  readonly head: Head;
  /** Scopes that the person has just allowed; they are remembered with the code. */
  readonly consent: readonly string[];
}

/** Answers the decision. */
export async function advance(step: Step, deps: Dependencies): Promise<Answer> {
  const { transaction, decision, loaded } = step;
  const { client, asked } = loaded;
  switch (decision.kind) {
    case "login":
      return seeOther(resumeAt("/login", transaction, deps));
    case "select-account":
      return seeOther(resumeAt("/select-account", transaction, deps));
    case "consent":
      return seeOther(resumeAt("/consent", transaction, deps));
    case "refuse":
      return returnError({ ...decision, kind: "error", to: asked.to }, client, deps);
    case "issue":
      return issue(step, decision, deps);
  }
}

type Issuing = Extract<AuthorizationDecision, { kind: "issue" }>;

async function issue(step: Step, { session, user }: Issuing, deps: Dependencies): Promise<Answer> {
  const { transaction, loaded, head, consent } = step;
  const { asked, client, target } = loaded;
  const isForDevice = asked.to.responseMode === "device";
  const id = deps.store.nextId();
  const text = newToken("code", id);
  const issuedAt = Math.floor(deps.now() / 1000);
  const code = {
    id,
    clientId: client.clientId,
    subject: session.subject,
    sessionId: session.sessionId,
    redirectUri: isForDevice ? "" : asked.to.redirectUri,
    redirectUriSent: asked.sentRedirectUri !== undefined,
    scopes: target.scopes,
    audience: target.audience,
    nonce: asked.nonce,
    codeChallenge: asked.codeChallenge,
    authTime: authTimeOf(session),
    amr: session.amr,
    rev: head.position.seq,
    issuedAt,
    expiresAt: isForDevice ? asked.to.expiresAt : issuedAt + codeLife,
    attributes: resolveClaims(client.attributes ?? {}, user),
  };
  const digest = deps.hashing.digest(text);
  const device = isForDevice ? asked.to.id : undefined;
  const issued = await deps.store.issueCode({ code, digest, transaction: transaction.id, consent, device });
  if (issued === "used-already") return isForDevice ? answeredBefore(deps) : usedAlready(step, deps);
  if (asked.to.responseMode !== "device") return returnCode(text, asked.to, client, deps);
  return deviceAnsweredPage("allowed", client.name, frameOf(deps));
}

function usedAlready({ transaction, loaded, head }: Step, deps: Dependencies): Answer {
  const client = loaded.client.name;
  const text = `This page has done its work already: it brought you to ${client} once. Nothing has been changed.`;
  const view = { status: 400, title: "Used already", text, link: startAgain(transaction, head, deps) };
  return errorPage(view, frameOf(deps));
}
