// grant_type=client_credentials: RFC 6749 section 4.4, with `resource` (RFC 8707).

import { decideClientCredentials } from "@rescind/core";
import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import type { Answer, FormRequest } from "../http/answer.ts";
import { oauthRefusal } from "../http/respond.ts";
import type { AuthenticatedClient } from "../tokens/authenticate-client.ts";
import { mintAccessToken } from "../tokens/mint.ts";
import { tokenAnswer } from "./token.ts";

export async function clientCredentials(
  request: FormRequest,
  caller: AuthenticatedClient & { readonly head: Head },
  deps: Dependencies,
): Promise<Answer> {
  const { client, head, keyId } = caller;
  const resources = await deps.catalog.resources(head);
  const decision = decideClientCredentials({
    client,
    issuer: deps.issuer,
    scope: request.form.get("scope"),
    resource: request.form.get("resource"),
    resources,
  });
  if (decision.kind === "refuse") return oauthRefusal(decision);
  const keys = await deps.catalog.keys(head);
  const nowMs = deps.now();
  const access = mintAccessToken(
    {
      client,
      target: decision,
      subject: client.clientId,
      grant: undefined,
      keyId,
      rev: head.position.seq,
      at: nowMs / 1000,
    },
    { store: deps.store, hashing: deps.hashing, issuer: deps.issuer, keys },
  );
  if ("kind" in access) return oauthRefusal(access);
  await deps.store.issue(access.stored);
  deps.lastUses.note(client.clientId, undefined, nowMs);
  deps.metrics.issued("client_credentials");
  return tokenAnswer(access, undefined);
}
