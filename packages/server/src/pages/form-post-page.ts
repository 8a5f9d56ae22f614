// OAuth 2.0 Form Post Response Mode: a form to the client that sends itself, with a button where scripts do not run.

import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { html } from "./html.ts";

/** No value goes into it, so its hash can stand in the policy. */
const submit = "document.forms[0].submit()";

export interface FormPostView {
  readonly action: string;
  readonly fields: HiddenFields;
  /** The application's name. */
  readonly client: string;
  readonly cookies?: readonly string[] | undefined;
}

export function formPostPage(view: FormPostView, frame: Frame): Answer {
  const body = html`<h1>One moment</h1>
<p class="lead">You are on your way back to <strong>${view.client}</strong>. If nothing happens, continue by yourself.</p>
<form method="post" action="${view.action}">
${hiddenFields(view.fields)}
<button class="button">Continue</button>
</form>`;
  return framed({ title: "One moment", body, script: submit, cookies: view.cookies }, frame);
}
