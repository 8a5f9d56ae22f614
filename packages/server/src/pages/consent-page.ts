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
  /** What this person has allowed it before, where there is something new beside it. */
  readonly known: readonly DescribedScope[];
  readonly destination: Destination;
  /** Signs in as somebody else; a path of ours. */
  readonly switchAccount: string;
}

/** Where the browser goes with the answer (a host, or a scheme of an application), or the device that waits for it. */
export type Destination =
  | { readonly kind: "redirect"; readonly name: string }
  | { readonly kind: "device"; readonly userCode: string };

export interface DescribedScope {
  readonly scope: string;
  /** In words for people; undefined where nobody has found any. */
  readonly description: string | undefined;
}

export function consentPage(view: ConsentView, frame: Frame): Answer {
  const { client, destination, scopes, known } = view;
  const title = `Allow ${client}?`;
  const asked =
    scopes.length === 0
      ? html`<p class="lead"><strong>${client}</strong> asks to sign you in. It asks for nothing else.</p>`
      : html`<p class="lead"><strong>${client}</strong> wants to:</p>
<ul class="scopes">${scopes.map(scopeLine)}</ul>`;
  const allowed =
    known.length === 0
      ? undefined
      : html`<p class="quiet">You have allowed it before:</p>
<ul class="scopes">${known.map(scopeLine)}</ul>`;
  const way =
    destination.kind === "device"
      ? "Your device goes on by itself."
      : html`Either way you go on to <strong>${destination.name}</strong>.`;
  const body = html`<h1>${title}</h1>
${asked}
${allowed}
${destination.kind === "device" ? deviceWarning(destination.userCode) : undefined}
<div class="person">${personLines(view.person)}<a href="${view.switchAccount}">Not you?</a></div>
<form method="post" action="${frame.root}/consent">
${hiddenFields(view.fields)}
<div class="actions two">
<button class="button" name="answer" value="allow">Allow</button>
<button class="button plain" name="answer" value="deny">Deny</button>
</div>
</form>
<p class="quiet">${way} What you allow can be taken back at any time.</p>`;
  return framed({ title, body, top: pair(client, frame) }, frame);
}

/** Whoever sends somebody else a code gets what they allow (RFC 8628 section 5.4). */
function deviceWarning(userCode: string): Html {
  return html`<div class="problem"><p>This connects the device that shows <strong>${userCode}</strong>. Deny if it is not in front of you, or if somebody sent you this code.</p></div>`;
}

/** Scopes that only the application knows are shown as they are written. */
function scopeLine({ scope, description }: DescribedScope): Html {
  return description === undefined ? html`<li>Use <code>${scope}</code></li>` : html`<li>${description}</li>`;
}

function pair(client: string, { brand, root }: Frame): Html {
  const kind = brand.logo === undefined ? "mark" : "logo";
  return html`<div class="pair"><span class="letter" aria-hidden="true">${initialOf(client)}</span><span class="dots" aria-hidden="true"></span><img class="${kind}" src="${root}/brand/logo" alt="${brand.name}"></div>`;
}
