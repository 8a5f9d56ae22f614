// The question before signing out, and what is shown afterwards (OpenID Connect RP-Initiated Logout section 2).

import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields, personLines, type ShownPerson } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { html } from "./html.ts";

export interface SignOutView {
  /** With `protectedFields` among them: the form ends a session. */
  readonly fields: HiddenFields;
  readonly person: ShownPerson;
  /** The application that asks; undefined if it did not say. */
  readonly client: string | undefined;
  readonly cookies?: readonly string[] | undefined;
}

/** Asks whether to sign out; the form goes to /oauth2/logout with `answer` = `sign-out` or `stay`. */
export function signOutPage(view: SignOutView, frame: Frame): Answer {
  const asks =
    view.client === undefined
      ? html`<p class="lead">You are signed in at ${frame.brand.name} as:</p>`
      : html`<p class="lead"><strong>${view.client}</strong> asks to sign you out at ${frame.brand.name}.</p>`;
  const body = html`<h1>Sign out?</h1>
${asks}
<div class="person">${personLines(view.person)}</div>
<form method="post" action="${frame.root}/oauth2/logout">
${hiddenFields(view.fields)}
<div class="actions two">
<button class="button" name="answer" value="sign-out">Sign out</button>
<button class="button plain" name="answer" value="stay">Stay signed in</button>
</div>
</form>`;
  return framed({ title: "Sign out?", body, cookies: view.cookies }, frame);
}

export interface SignedOutView {
  readonly cookies?: readonly string[] | undefined;
}

export function signedOutPage(view: SignedOutView, frame: Frame): Answer {
  const body = html`<h1>You are signed out</h1>
<p class="lead">Your session at ${frame.brand.name} has ended, and with it what applications held through it, but for what you let them keep while you are away. You can close this window.</p>`;
  return framed({ title: "You are signed out", body, cookies: view.cookies }, frame);
}

/** After "Stay signed in". */
export function stillSignedInPage(person: ShownPerson, frame: Frame): Answer {
  const body = html`<h1>You are signed in</h1>
<div class="person">${personLines(person)}</div>
<p class="quiet">You can close this window.</p>`;
  return framed({ title: "You are signed in", body }, frame);
}
