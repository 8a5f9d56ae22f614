// Forms that belong to no transaction (a setup link, signing out): a sealed field that this server made for this form
// and this browser, so that no other site and no other browser can send it. THREATS section 7, CSRF.

import type { Dependencies } from "../dependencies.ts";
import type { PageRequest } from "../http/answer.ts";
import type { HiddenFields } from "../pages/fields.ts";
import { type Browser, knownBrowser } from "./browser.ts";
import { openText, sealText } from "./sealed-text.ts";

type Parts = Pick<Dependencies, "issuer" | "now" | "seal">;

/** What a form does; a field made for one does not open another. */
export type FormPurpose = "device" | "setup" | "sign-out";

const fieldName = "form";
/** Milliseconds. */
const formLife = 60 * 60 * 1000;

/** Hidden fields for a form of this browser. Set `browser.cookies` with the page. */
export function protectedFields(purpose: FormPurpose, browser: Browser, parts: Parts): HiddenFields {
  const plain = JSON.stringify([browser.hash, parts.now() + formLife]);
  return { [fieldName]: sealText(`form/${purpose}`, Buffer.from(plain), parts) };
}

/** Whether a request sends the form that this browser got for this purpose, within an hour. */
export function isProtected(purpose: FormPurpose, request: PageRequest, parts: Parts): boolean {
  const browser = knownBrowser(request, parts.issuer);
  const opened = openText(`form/${purpose}`, request.parameters.get(fieldName) ?? "", parts);
  if (browser === undefined || opened === undefined) return false;
  const [hash, expiresAtMs] = JSON.parse(Buffer.from(opened).toString()) as [string, number]; // sealed above
  return hash === browser.hash && parts.now() < expiresAtMs;
}
