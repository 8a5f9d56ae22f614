// CORS per client: a preflight is answered if any client has the origin, the answer itself only if this client has it,
// errors too; never with credentials. CONTRACT.md section 3.

import type { Head } from "@rescind/store";
import type { Dependencies } from "../dependencies.ts";
import { credentialOf } from "../tokens/authenticate-client.ts";
import { bearerText } from "../tokens/bearer.ts";
import { recognise } from "../tokens/recognise.ts";
import type { FormRequest } from "./answer.ts";

const allowedHeaders = "Authorization, Content-Type, DPoP, Prefer";
const exposedHeaders = "WWW-Authenticate, Rescind-Seq, Rescind-Effective, Preference-Applied, Retry-After";

/** Headers of a preflight's answer; none for an origin that no client has. */
export async function preflightHeaders(
  origin: string | undefined,
  methods: readonly string[],
  deps: Pick<Dependencies, "store">,
): Promise<Record<string, string>> {
  if (origin === undefined || !(await deps.store.knowsOrigin(origin))) return { vary: "Origin" };
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-allow-methods": methods.join(", "),
    "access-control-allow-headers": allowedHeaders,
    "access-control-max-age": "600",
  };
}

/** Headers of a preflight's answer for what scripts of every origin may read. */
export function openPreflightHeaders(methods: readonly string[]): Record<string, string> {
  return {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": methods.join(", "),
    "access-control-allow-headers": allowedHeaders,
    "access-control-max-age": "600",
  };
}

/** Headers of an answer to the client that the request names. */
export async function answerHeaders(
  origin: string,
  request: FormRequest,
  head: Head,
  deps: Pick<Dependencies, "catalog">,
): Promise<Record<string, string>> {
  const credential = credentialOf(request);
  const named = credential.kind === "refuse" ? request.form.get("client_id") : credential.clientId;
  return clientHeaders(origin, named, head, deps);
}

/** Headers of an answer where no client is named: any client's origin will do, as with a preflight. */
export async function anyClientHeaders(
  origin: string,
  deps: Pick<Dependencies, "store">,
): Promise<Record<string, string>> {
  return (await deps.store.knowsOrigin(origin)) ? readableBy(origin) : { vary: "Origin" };
}

/** Headers of an answer to the client whose Bearer token the request carries, live or not: errors get them too. */
export async function bearerHeaders(
  origin: string,
  authorization: string | undefined,
  deps: Dependencies,
): Promise<Record<string, string>> {
  const text = bearerText(authorization);
  const recognised = text === undefined ? undefined : await recognise(text, deps);
  if (recognised?.kind !== "access") return { vary: "Origin" };
  return clientHeaders(origin, recognised.token.clientId, recognised.head, deps);
}

/** Headers of an answer to a client that is known otherwise, by its token. */
export async function clientHeaders(
  origin: string,
  clientId: string | undefined,
  head: Head,
  deps: Pick<Dependencies, "catalog">,
): Promise<Record<string, string>> {
  const registered = clientId === undefined ? undefined : await deps.catalog.client(clientId, head);
  return registered?.client.allowedOrigins.includes(origin) === true
    ? readableBy(origin)
    : { vary: "Origin" };
}

function readableBy(origin: string): Record<string, string> {
  return {
    vary: "Origin",
    "access-control-allow-origin": origin,
    "access-control-expose-headers": exposedHeaders,
  };
}
