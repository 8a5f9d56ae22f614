// Where a person types the code that a device shows, and what is said when they have answered. RFC 8628 section 3.3.

import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields, problemSummary } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { html } from "./html.ts";

export interface DeviceView {
  readonly fields: HiddenFields;
  /** As it was typed, or as the link brought it. */
  readonly userCode: string;
  readonly problem?: string | undefined;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly cookies?: readonly string[] | undefined;
}

export function devicePage(view: DeviceView, frame: Frame): Answer {
  const { problem, userCode, status = 200, headers, cookies } = view;
  const described = problem === undefined ? "code-hint" : "problem code-hint";
  const invalid = problem === undefined ? undefined : html` aria-invalid="true"`;
  const hint =
    userCode === ""
      ? "Eight letters, as the device shows them."
      : "Go on only if your own device shows the same code.";
  const body = html`<h1>Connect a device</h1>
<p class="lead">Enter the code that your device shows.</p>
${problemSummary(problem)}
<form method="post" action="${frame.root}/device">
${hiddenFields(view.fields)}
<div class="field">
<label for="user_code">Code</label>
<p class="hint" id="code-hint">${hint}</p>
<input id="user_code" name="user_code" value="${userCode}" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="32" required autofocus aria-describedby="${described}"${invalid}>
</div>
<button class="button">Continue</button>
</form>
<p class="quiet">Did somebody send you a code? Then close this page: whoever sent it would get access to your account.</p>`;
  const title = problem === undefined ? "Connect a device" : "Problem: connect a device";
  return framed({ title, body, status, headers, cookies }, frame);
}

/** @param client the application's name */
export function deviceAnsweredPage(answer: "allowed" | "denied", client: string, frame: Frame): Answer {
  const title = answer === "allowed" ? "Your device is connected" : "Your device is not connected";
  const text =
    answer === "allowed"
      ? html`<strong>${client}</strong> goes on by itself in a moment. You can close this page.`
      : html`<strong>${client}</strong> gets no access. You can close this page.`;
  return framed({ title, body: html`<h1>${title}</h1><p class="lead">${text}</p>` }, frame);
}
