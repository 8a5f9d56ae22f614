// Which account to go on with: the one of this browser's session, or another.

import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields, personLines, type ShownPerson } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { html } from "./html.ts";

export interface AccountView {
  readonly fields: HiddenFields;
  readonly client: string;
  readonly person: ShownPerson;
}

export function accountPage(view: AccountView, frame: Frame): Answer {
  const body = html`<h1>Choose an account</h1>
<p class="lead">to continue to <strong>${view.client}</strong></p>
<form method="post" action="${frame.root}/select-account">
${hiddenFields(view.fields)}
<button class="person" name="account" value="current">${personLines(view.person)}</button>
<button class="button plain" name="account" value="other">Use another account</button>
</form>`;
  return framed({ title: "Choose an account", body }, frame);
}
