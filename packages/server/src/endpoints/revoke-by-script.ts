// Revocation by a script element, JSONP: RFC 7009 section 2.3, for the public clients that ask for it (`jsonp: true`).
// GET with the parameters of the POST and `callback`. It is the POST's own decision and order; only the answer is put
// into a script, errors too, since a page sees nothing else. Whatever cannot be trusted to be such a page's request is
// answered like any other, and nothing of it comes back (THREATS RV-17).

import { isConfidential, refuse } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, type FormRequest, noStore } from "../http/answer.ts";
import { failure, oauthForm } from "../http/edge.ts";
import { oauthRefusal } from "../http/respond.ts";
import { credentialOf } from "../tokens/authenticate-client.ts";
import { revoke } from "./revoke.ts";

/** Names of functions, with dots between them; 64 characters at most. */
const callbackName = /^[A-Za-z_$][\w$.]{0,63}$/;

const noCallback = refuse(
  "invalid_request",
  "callback must be the name of a function: letters, digits, '_', '$' and '.', 64 characters at most.",
);

/** Undefined: GET is no method for this client. */
export async function revokeByScript(request: FormRequest, deps: Dependencies): Promise<Answer | undefined> {
  if (!(await mayUseScript(request, deps))) return undefined;
  const callback = request.form.get("callback") ?? "";
  if (!callbackName.test(callback)) return oauthRefusal(noCallback);
  const answer = await revoke(request, deps).catch((error: unknown) =>
    failure(error, request, oauthForm, deps),
  );
  return inScript(callback, answer);
}

/** Judged by the registration alone; whether the client is suspended is the revocation's own question. */
async function mayUseScript(request: FormRequest, deps: Dependencies): Promise<boolean> {
  const credential = credentialOf(request);
  if (credential.kind !== "none") return false;
  const registered = await deps.catalog.client(credential.clientId, await deps.store.head());
  const client = registered?.client;
  if (client === undefined || isConfidential(client)) return false;
  return client.jsonp;
}

/** The comment in front keeps a caller from choosing the first bytes of the answer (CVE-2014-4671). */
function inScript(callback: string, { status, headers, body }: Answer): Answer {
  const { error } = (body ?? {}) as { readonly error?: string }; // written by respond.ts
  const told = status === 200 ? "{}" : `{"error": ${JSON.stringify(error ?? "server_error")}}`;
  const seq = headers?.["rescind-seq"];
  return {
    status: 200,
    headers: {
      ...noStore,
      "content-type": "text/javascript",
      ...(seq === undefined ? {} : { "rescind-seq": seq }),
    },
    body: `/**/${callback}(${told});`,
  };
}
