// A new password, chosen through a one-time link.

import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields, problemSummary } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { html } from "./html.ts";

export interface SetupView {
  readonly fields: HiddenFields;
  readonly username: string;
  /** Characters. */
  readonly leastLength: number;
  readonly problem?: string | undefined;
  readonly cookies?: readonly string[] | undefined;
}

export function setupPage(view: SetupView, frame: Frame): Answer {
  const { problem, username, cookies } = view;
  const described = problem === undefined ? "password-hint" : "problem password-hint";
  const invalid = problem === undefined ? undefined : html` aria-invalid="true"`;
  const body = html`<h1>Choose a password</h1>
<p class="lead">for <strong>${username}</strong> at ${frame.brand.name}</p>
${problemSummary(problem)}
<form method="post" action="${frame.root}/setup">
${hiddenFields(view.fields)}
<input name="username" value="${username}" autocomplete="username" hidden readonly>
<div class="field">
<label for="password">New password</label>
<p class="hint" id="password-hint">${view.leastLength} characters or more; longer is better.</p>
<input id="password" name="password" type="password" autocomplete="new-password" required autofocus aria-describedby="${described}"${invalid}>
</div>
<div class="field">
<label for="again">The same password again</label>
<input id="again" name="again" type="password" autocomplete="new-password" required${invalid}>
</div>
<button class="button">Set password and sign in</button>
</form>`;
  const title = problem === undefined ? "Choose a password" : "Problem: choose a password";
  const status = problem === undefined ? 200 : 400;
  return framed({ title, body, status, cookies }, frame);
}
