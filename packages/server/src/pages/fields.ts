// Parts that several pages share: hidden fields, the summary of what is wrong, an initial, a person.

import { type Html, html } from "./html.ts";

/** Hidden fields of a form, by name. */
export type HiddenFields = Readonly<Record<string, string>>;

export interface ShownPerson {
  readonly name: string;
  /** A second line: the username, or an email address. */
  readonly detail: string | undefined;
}

export function hiddenFields(fields: HiddenFields): readonly Html[] {
  return Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  );
}

/** Stands before the form, is announced, and is what the fields' `aria-describedby` points at. */
export function problemSummary(text: string | undefined): Html | undefined {
  return text === undefined
    ? undefined
    : html`<div class="problem" id="problem" role="alert"><p>${text}</p></div>`;
}

export function initialOf(name: string): string {
  return ([...name.trim()][0] ?? "?").toUpperCase();
}

export function personLines(person: ShownPerson): Html {
  return html`<span class="letter" aria-hidden="true">${initialOf(person.name)}</span>
<span class="who"><span>${person.name}</span>${person.detail === undefined ? undefined : html` <span>${person.detail}</span>`}</span>`;
}
