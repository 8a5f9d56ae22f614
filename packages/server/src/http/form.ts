// application/x-www-form-urlencoded bodies, strictly: no parameter twice, no more than 64, UTF-8 only, in one place
// before anything else looks at the request. RFC 6749 sections 3.1, 3.2 and appendix B.

import { type Refusal, refuse } from "@rescind/core";

const mostParameters = 64;

/** Reads a form body; parameters with an empty value count as absent. */
export function readForm(body: string): ReadonlyMap<string, string> | Refusal {
  const form = new Map<string, string>();
  let emptied = false;
  if (body === "") return form;
  const pairs = body.split("&");
  if (pairs.length > mostParameters)
    return refuse("invalid_request", "The form has more than 64 parameters.");
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = decode(equals < 0 ? "" : pair.slice(equals + 1));
    if (name === undefined || value === undefined)
      return refuse("invalid_request", "The form is not valid application/x-www-form-urlencoded UTF-8.");
    if (form.has(name)) return refuse("invalid_request", `${shown(name)} is included more than once.`);
    if (value.includes("\0")) return refuse("invalid_request", "A parameter contains a NUL character.");
    form.set(name, value);
    emptied ||= value === "";
  }
  if (emptied) for (const [name, value] of form) if (value === "") form.delete(name);
  return form;
}

/** A description may not hold every character (RFC 6749 section 5.2); what somebody made up is not repeated at length. */
function shown(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : "A parameter";
}

function decode(text: string): string | undefined {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
