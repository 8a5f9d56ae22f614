// /oauth2/par: pushed authorization requests, RFC 9126. The client authenticates as at the token endpoint; the request is
// judged in full before it is kept, for a minute, without the credentials it came with.

import {
  chooseTarget,
  pushedRequestLife,
  type Refusal,
  readAuthorizationRequest,
  refuse,
} from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type FormRequest, noStore } from "../http/answer.ts";
import { oauthRefusal, oauthTooMany, pushedRefusal } from "../http/respond.ts";
import { newToken } from "../keys/digest.ts";
import { pushedTransactionId, sealTransaction, startTransaction } from "../sign-in/transaction.ts";
import { authenticateClient } from "../tokens/authenticate-client.ts";
import { pushedPrefix } from "./authorize.ts";

const credentials = ["client_secret", "client_assertion", "client_assertion_type"];

export async function pushRequest(request: FormRequest, deps: Dependencies): Promise<Answer> {
  const head = await deps.store.head();
  const caller = await authenticateClient(request, head, deps);
  if (caller.kind === "too-many") return oauthTooMany(caller.retryAfter);
  if (caller.kind === "refuse") return oauthRefusal(caller);
  const { client } = caller;
  if (request.form.has("request_uri")) return oauthRefusal(pushedTwice);
  const sent = [...request.form].filter(([name]) => !credentials.includes(name));
  const parameters = new Map([...sent, ["client_id", client.clientId] as const]);

  const asked = readAuthorizationRequest(parameters, client);
  if (asked.kind === "untrusted") return oauthRefusal(refuse("invalid_request", asked.description));
  if (asked.kind === "error") return pushedRefusal(asked);
  const target = chooseTarget({
    client,
    issuer: deps.issuer,
    asked: asked.resource,
    scopes: asked.scopes,
    allowed: client.scopes,
    resources: await deps.catalog.resources(head),
  });
  if ("kind" in target) return oauthRefusal(target);

  const id = deps.store.nextId();
  const text = newToken("pushed", id);
  const issuedAt = Math.floor(deps.now() / 1000);
  const pushed = {
    id,
    clientId: client.clientId,
    parameters: Object.fromEntries(parameters),
    rev: head.position.seq,
    issuedAt,
    expiresAt: issuedAt + pushedRequestLife,
  };
  if (!fitsTransaction(pushed, deps)) return oauthRefusal(tooLong);
  await deps.store.pushRequest(pushed, deps.hashing.digest(text));
  return {
    status: 201,
    headers: noStore,
    body: { request_uri: pushedPrefix + text, expires_in: pushedRequestLife },
  };
}

const pushedTwice: Refusal = refuse("invalid_request", "request_uri has no place in a pushed request.");
const tooLong: Refusal = refuse(
  "invalid_request",
  "The request is longer than the pages can carry; shorten state, scope or hints.",
);

function fitsTransaction(
  pushed: {
    readonly id: string;
    readonly clientId: string;
    readonly parameters: Record<string, string>;
    readonly rev: number;
  },
  deps: Dependencies,
): boolean {
  // As long as the hash that stands here later.
  const browser = "x".repeat(43);
  const start = { ...pushed, id: pushedTransactionId(pushed.id), browser };
  return sealTransaction(startTransaction(start, deps.now()), deps) !== undefined;
}
