// What an application asks for, of whom, and where the answer goes.

import type { Answer } from "../http/answer.ts";
import { type HiddenFields, hiddenFields, initialOf, personLines, type ShownPerson } from "./fields.ts";
import { type Frame, framed } from "./frame.ts";
import { type Html, html } from "./html.ts";

export interface ConsentView {
  readonly fields: HiddenFields;
  readonly client: string;
  readonly person: ShownPerson;
  readonly scopes: readonly DescribedScope[];
  /** Where the browser goes with the answer: a host, or a scheme of an application. */
  readonly destination: string;
  /** Signs in as somebody else; a path of ours. */
  readonly switchAccount: string;
}

export interface DescribedScope {
  readonly scope: string;
  /** In words for people; undefined where nobody has found any. */
  readonly description: string | undefined;
}

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
function scopeLine({ scope, description }: DescribedScope): Html {
  return description === undefined ? html`<li>Use <code>${scope}</code></li>` : html`<li>${description}</li>`;
}

function pair(client: string, { brand, root }: Frame): Html {
  const kind = brand.logo === undefined ? "mark" : "logo";
  return html`<div class="pair"><span class="letter" aria-hidden="true">${initialOf(client)}</span><span class="dots" aria-hidden="true"></span><img class="${kind}" src="${root}/brand/logo" alt="${brand.name}"></div>`;
}
