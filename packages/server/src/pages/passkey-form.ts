// The button "Use a passkey": a form that its script fills in and that stays hidden without the script.

import { type HiddenFields, hiddenFields } from "./fields.ts";
import type { Frame } from "./frame.ts";
import { type Html, html } from "./html.ts";

export interface PasskeyForm {
  readonly fields: HiddenFields;
  /** Base64url. */
  readonly challenge: string;
  /** The host name that passkeys belong to. */
  readonly party: string;
  /** Of a person who is known; none before. */
  readonly known: readonly { readonly id: string; readonly transports: readonly string[] }[];
}

export function passkeyForm(view: PasskeyForm, frame: Frame): Html {
  return html`<form class="passkey" method="post" action="${frame.root}/login/passkey" data-challenge="${view.challenge}" data-party="${view.party}" data-known="${JSON.stringify(view.known)}" hidden>
${hiddenFields({ ...view.fields, credential: "" })}
<button class="button plain">Use a passkey</button>
<p class="hint" role="status"></p>
</form>`;
}
