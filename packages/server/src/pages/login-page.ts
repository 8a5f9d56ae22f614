// Username and password, a passkey, or another provider.

import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields, problemSummary } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { type Html, html } from "./html.ts";
import { type PasskeyForm, passkeyForm } from "./passkey-form.ts";
import { passkeyScriptPath } from "./passkey-script.ts";

export interface ShownProvider {
  readonly upstreamId: string;
  readonly name: string;
}

export interface LoginView {
  readonly fields: HiddenFields;
  /** The application's name. */
  readonly client: string;
  readonly username: string;
  /** Signed in already, but asked to prove it once more. */
  readonly again: boolean;
  /** Other ways in: OpenID providers. */
  readonly providers: readonly ShownProvider[];
  /** The button for passkeys; undefined where this server takes none. */
  readonly passkey: PasskeyForm | undefined;
  /** Why it takes none. */
  readonly noPasskeys: string | undefined;
  readonly problem?: string | undefined;
  readonly status?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly cookies?: readonly string[] | undefined;
}

export function loginPage(view: LoginView, frame: Frame): Answer {
  const { status, headers, cookies, passkey, problem, username } = view;
  const invalid = problem === undefined ? undefined : html` aria-invalid="true" aria-describedby="problem"`;
  const focusName = username === "" ? html` autofocus` : undefined;
  const focusPassword = username === "" ? undefined : html` autofocus`;
  const body = html`<h1>${view.again ? "Confirm that it is you" : "Sign in"}</h1>
<p class="lead">to continue to <strong>${view.client}</strong></p>
${problemSummary(problem)}
<form method="post" action="${frame.root}/login">
${hiddenFields(view.fields)}
<div class="field">
<label for="username">Username or email address</label>
<input id="username" name="username" value="${username}" autocomplete="${passkey === undefined ? "username" : "username webauthn"}" autocapitalize="none" autocorrect="off" spellcheck="false" maxlength="255" required${focusName}${invalid}>
</div>
<div class="field">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${focusPassword}${invalid}>
</div>
<button class="button">Sign in</button>
</form>
${passkey === undefined ? undefined : passkeyForm(passkey, frame)}
${providerButtons(view, frame)}
<details>
<summary>Forgotten your password?</summary>
<p>Ask an administrator for a setup link. It lets you choose a new password; no mail is sent from here.</p>
</details>
${view.noPasskeys === undefined ? undefined : noPasskeys(view.noPasskeys)}`;
  const title = problem === undefined ? "Sign in" : "Problem: sign in";
  const scriptFile = passkey === undefined ? undefined : passkeyScriptPath;
  return framed({ title, body, status, headers, cookies, scriptFile }, frame);
}

function noPasskeys(why: string): Html {
  return html`<details>
<summary>No passkeys here?</summary>
<p>${why}</p>
</details>`;
}

/** A form of its own, so that neither username nor password is asked for. */
function providerButtons({ providers, fields }: LoginView, frame: Frame): Html | undefined {
  if (providers.length === 0) return undefined;
  const buttons = providers.map(
    ({ upstreamId, name }) =>
      html`<button class="button plain" name="upstream" value="${upstreamId}">Continue with ${name}</button>`,
  );
  return html`<form class="ways" method="post" action="${frame.root}/login/upstream">
${hiddenFields(fields)}
<p class="or">or</p>
<div class="actions">${buttons}</div>
</form>`;
}
