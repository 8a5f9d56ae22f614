// What is shown where nothing can be sent back to an application: what happened, and a way on where there is one.

import type { Answer } from "../http/answer.ts";
import { type Frame, framed } from "./frame.ts";
import { html } from "./html.ts";

export interface ErrorView {
  readonly status: number;
  readonly title: string;
  readonly text: string;
  /** A way on; a path of ours. Where there is none, to what everybody has here: their account. */
  readonly link?: { readonly href: string; readonly text: string } | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly cookies?: readonly string[] | undefined;
}

export function errorPage(view: ErrorView, frame: Frame): Answer {
  const { status, title, text, headers, cookies } = view;
  const link = view.link ?? { href: `${frame.root}/account/`, text: "Your account" };
  const action = html`<div class="actions"><a class="button" href="${link.href}">${link.text}</a></div>`;
  const body = html`<h1>${title}</h1>
<p class="lead">${text}</p>
${action}`;
  return framed({ title, body, status, headers, cookies }, frame);
}
