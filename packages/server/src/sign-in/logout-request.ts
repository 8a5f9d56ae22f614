// What a client asks for at /oauth2/logout, checked: OpenID Connect RP-Initiated Logout 1.0 section 2. A browser is sent
// only to a URI that the client registered for this, byte for byte (section 3, THREATS AC-11).

import type { Client } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type IdTokenHint, readIdTokenHint } from "../tokens/id-token.ts";
import { servedClient } from "./load.ts";
import { openText, sealText } from "./sealed-text.ts";

export interface LogoutRequest {
  /** Undefined if the request does not say who asks. */
  readonly clientId: string | undefined;
  readonly redirectUri: string | undefined;
  readonly state: string | undefined;
  /** The session that a valid `id_token_hint` is about. */
  readonly hinted: { readonly subject: string; readonly sessionId: string | undefined } | undefined;
}

/** For a page: nobody can be trusted with a redirect. */
export interface RefusedLogout {
  readonly kind: "refuse";
  readonly description: string;
}

/** Reads the parameters; `logout_hint` and `ui_locales` are tolerated and without effect. */
export async function readLogout(
  parameters: ReadonlyMap<string, string>,
  deps: Dependencies,
): Promise<LogoutRequest | RefusedLogout> {
  const text = parameters.get("id_token_hint");
  const hint = text === undefined ? undefined : await readIdTokenHint(text, deps);
  const named = parameters.get("client_id");
  if (named !== undefined && hint !== undefined && named !== hint.clientId)
    return refused("client_id is not that of id_token_hint.");
  const clientId = named ?? hint?.clientId;
  const redirectUri = parameters.get("post_logout_redirect_uri");
  if (redirectUri !== undefined && !(await isRegistered(redirectUri, clientId, deps)))
    return refused(
      clientId === undefined
        ? "post_logout_redirect_uri needs a valid id_token_hint or client_id beside it."
        : "post_logout_redirect_uri is not one that this client is registered for.",
    );
  return { clientId, redirectUri, state: parameters.get("state"), hinted: hintedOf(hint) };
}

function refused(description: string): RefusedLogout {
  return { kind: "refuse", description };
}

function hintedOf(hint: IdTokenHint | undefined): LogoutRequest["hinted"] {
  return hint === undefined ? undefined : { subject: hint.subject, sessionId: hint.sessionId };
}

async function isRegistered(uri: string, clientId: string | undefined, deps: Dependencies): Promise<boolean> {
  const client = await clientOf(clientId, deps);
  return client?.postLogoutRedirectUris.includes(uri) === true;
}

/** The client that asks, unless it is suspended. */
export async function clientOf(
  clientId: string | undefined,
  deps: Dependencies,
): Promise<Client | undefined> {
  if (clientId === undefined) return undefined;
  const head = await deps.store.head();
  await deps.standing.reach(head);
  return servedClient(clientId, head, deps);
}

/** Milliseconds. */
const life = 60 * 60 * 1000;

interface Sealed extends LogoutRequest {
  /** The session that the page with this form asked about. */
  readonly asksAbout: string | undefined;
  readonly expiresAtMs: number;
}

/** The request as text for a URL or a form of ours, where it was checked before. */
export function sealLogout(
  request: LogoutRequest,
  asksAbout: string | undefined,
  parts: Pick<Dependencies, "now" | "seal">,
): string {
  const sealed: Sealed = { ...request, asksAbout, expiresAtMs: parts.now() + life };
  return sealText("logout", Buffer.from(JSON.stringify(sealed)), parts);
}

/** What `sealLogout` made within the last hour. */
export function openLogout(
  text: string,
  parts: Pick<Dependencies, "now" | "seal">,
): (LogoutRequest & Pick<Sealed, "asksAbout">) | undefined {
  const opened = openText("logout", text, parts);
  if (opened === undefined) return undefined;
  const sealed = JSON.parse(Buffer.from(opened).toString()) as Sealed; // nobody but this server seals
  return parts.now() < sealed.expiresAtMs ? sealed : undefined;
}
