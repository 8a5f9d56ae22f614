// What an application asks for, of whom, and where the answer goes.

import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields, initialOf, personLines, type ShownPerson } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { type Html, html } from "./html.ts";

export interface ConsentView {
  readonly fields: HiddenFields;
  readonly client: string;
  readonly person: ShownPerson;
  readonly scopes: readonly string[];
  /** Where the browser goes with the answer: a host, or a scheme of an application. */
  readonly destination: string;
  /** Signs in as somebody else; a path of ours. */
  readonly switchAccount: string;
}

const meanings: Readonly<Record<string, string>> = {
  openid: "Know who you are when you sign in",
  profile: "See your name and username",
  email: "See your email address",
  groups: "See which groups you belong to",
  offline_access: "Keep this access while you are away, until it is taken back",
  "rescind:account": "See and end your own sessions and permissions",
  "rescind:read": "Read everything in the administration",
  "rescind:revoke": "Revoke tokens, sessions and permissions",
  "rescind:admin": "Administer this server",
};

export function consentPage(view: ConsentView, frame: Frame): Answer {
  const { client, scopes } = view;
  const title = `Allow ${client}?`;
  const asked =
    scopes.length === 0
      ? html`<p class="lead"><strong>${client}</strong> asks to sign you in. It asks for nothing else.</p>`
      : html`<p class="lead"><strong>${client}</strong> wants to:</p>
<ul class="scopes">${scopes.map(scopeLine)}</ul>`;
  const body = html`<h1>${title}</h1>
${asked}
<div class="person">${personLines(view.person)}<a href="${view.switchAccount}">Not you?</a></div>
<form method="post" action="${frame.root}/consent">
${hiddenFields(view.fields)}
<div class="actions two">
<button class="button" name="answer" value="allow">Allow</button>
<button class="button plain" name="answer" value="deny">Deny</button>
</div>
</form>
<p class="quiet">Either way you go on to <strong>${view.destination}</strong>. What you allow can be taken back at any time.</p>`;
  return framed({ title, body, top: pair(client, frame) }, frame);
}

/** Scopes that only the application knows are shown as they are written. */
function scopeLine(scope: string): Html {
  const meaning = meanings[scope];
  return meaning === undefined ? html`<li>Use <code>${scope}</code></li>` : html`<li>${meaning}</li>`;
}

function pair(client: string, { brand, root }: Frame): Html {
  const kind = brand.logo === undefined ? "mark" : "logo";
  return html`<div class="pair"><span class="letter" aria-hidden="true">${initialOf(client)}</span><span class="dots" aria-hidden="true"></span><img class="${kind}" src="${root}/brand/logo" alt="${brand.name}"></div>`;
}
