// HTML by one template tag that escapes every value. There is no other way to make an `Html`, and nothing goes into a
// script, a style or an unquoted attribute.

export interface Html {
  readonly html: string;
}

type Value = string | number | Html | readonly Html[] | undefined;

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for element content and for attribute values in quotes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** Markup as written, values escaped; `undefined` writes nothing. */
export function html(markup: TemplateStringsArray, ...values: readonly Value[]): Html {
  let written = markup[0] ?? "";
  values.forEach((value, index) => {
    written += write(value) + (markup[index + 1] ?? "");
  });
  return { html: written };
}

function write(value: Value): string {
  if (value === undefined) return "";
  if (typeof value === "string") return escapeHtml(value);
  if (typeof value === "number") return String(value);
  if ("html" in value) return value.html;
  return value.map((one) => one.html).join("");
}
