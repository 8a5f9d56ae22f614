// The way back to the client: RFC 6749 sections 4.1.2 and 4.1.2.1, Form Post Response Mode, `iss` in every response
// (RFC 9207), `state` as it came. Only addresses that core has found registered get here.

import type { AuthorizationError, Client, RedirectAddress, ReturnAddress } from "@rescind/core";
import type { Dependencies } from "../dependencies.ts";
import { type Answer, seeOther } from "../http/answer.ts";
import { errorPage } from "../pages/error-page.ts";
import { formPostPage } from "../pages/form-post-page.ts";
import { frameOf } from "../pages/frame.ts";

type Parts = Pick<Dependencies, "configuration" | "issuer">;

export function returnError(error: AuthorizationError, client: Client, deps: Parts): Answer {
  return sendBack(error.to, { error: error.error, error_description: error.description }, client, deps);
}

export function returnCode(code: string, to: RedirectAddress, client: Client, deps: Parts): Answer {
  return sendBack(to, { code }, client, deps);
}

function sendBack(
  to: ReturnAddress,
  values: Readonly<Record<string, string>>,
  client: Client,
  deps: Parts,
): Answer {
  const state = to.responseMode === "device" ? undefined : to.state;
  const fields = { ...values, ...(state === undefined ? {} : { state }), iss: deps.issuer };
  switch (to.responseMode) {
    case "device":
      // A device learns what became of it when it asks; what is wrong here is for the person.
      return errorPage(
        { status: 400, title: "This device cannot be connected", text: values.error_description ?? "" },
        frameOf(deps),
      );
    case "query":
      return seeOther(withQuery(to.redirectUri, fields));
    case "form_post":
      return formPostPage({ action: to.redirectUri, fields, client: client.name }, frameOf(deps));
  }
}

/** Appends to what the URI has already, byte for byte (RFC 6749 section 3.1.2). */
export function withQuery(uri: string, fields: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(fields).toString();
  if (!uri.includes("?")) return `${uri}?${query}`;
  return /[?&]$/.test(uri) ? `${uri}${query}` : `${uri}&${query}`;
}
