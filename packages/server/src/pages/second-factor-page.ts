// The second step of signing in: a code of an authenticator app, a recovery code, or a passkey.

import type { SecondFactor } from "@rescind/core";
import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields, personLines, problemSummary, type ShownPerson } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { type Html, html } from "./html.ts";
import { type PasskeyForm, passkeyForm } from "./passkey-form.ts";
import { passkeyScriptPath } from "./passkey-script.ts";

export interface SecondFactorView {
  readonly fields: HiddenFields;
  /** The application's name. */
  readonly client: string;
  readonly person: ShownPerson;
  readonly may: readonly SecondFactor[];
  /** Undefined where a passkey will not do. */
  readonly passkey: PasskeyForm | undefined;
  /** Where somebody else signs in. */
  readonly switchAccount: string;
  readonly problem?: string | undefined;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export function secondFactorPage(view: SecondFactorView, frame: Frame): Answer {
  const { client, may, passkey, person, problem, status, headers } = view;
  const body = html`<h1>One more step</h1>
<p class="lead">to continue to <strong>${client}</strong></p>
<div class="person">${personLines(person)} <a href="${view.switchAccount}">Not you?</a></div>
${problemSummary(problem)}
${may.includes("totp") ? codeForm(view, frame) : undefined}
${passkey === undefined ? undefined : passkeyForm(passkey, frame)}
${passkey === undefined || may.includes("totp") ? undefined : passkeyOnly}
${may.includes("recovery-code") ? recoveryForm(view, frame) : undefined}
<details>
<summary>Nothing of this at hand?</summary>
<p>An administrator can take the second step away from your account, so that you can set it up anew.</p>
</details>`;
  const title = problem === undefined ? "One more step" : "Problem: one more step";
  const script = passkey === undefined ? undefined : passkeyScriptPath;
  return framed({ title, body, status, headers, scriptFile: script }, frame);
}

const passkeyOnly = html`<noscript><p class="quiet">Passkeys need scripts, and your browser runs none here.</p></noscript>`;

function codeForm({ fields, problem }: SecondFactorView, frame: Frame): Html {
  const invalid = problem === undefined ? undefined : html` aria-invalid="true"`;
  const described = problem === undefined ? "code-hint" : "problem code-hint";
  return html`<form method="post" action="${frame.root}/login/second-factor">
${hiddenFields(fields)}
<div class="field">
<label for="code">Code</label>
<p class="hint" id="code-hint">The six digits in your authenticator app.</p>
<input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="16" required autofocus aria-describedby="${described}"${invalid}>
</div>
<button class="button">Continue</button>
</form>`;
}

function recoveryForm({ fields }: SecondFactorView, frame: Frame): Html {
  return html`<details>
<summary>Use a recovery code</summary>
<form method="post" action="${frame.root}/login/second-factor">
${hiddenFields(fields)}
<div class="field">
<label for="recovery">Recovery code</label>
<p class="hint" id="recovery-hint">One of those that you kept. Each gets you in once.</p>
<input id="recovery" name="recovery" autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="64" required aria-describedby="recovery-hint">
</div>
<button class="button plain">Continue with it</button>
</form>
</details>`;
}
