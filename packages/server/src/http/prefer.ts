// The `Prefer` header, as far as it is about waiting: RFC 7240. A preference that is malformed or unknown is ignored,
// like the RFC wants; so is a `wait` that is no number.

/** Seconds that an answer is held at most, whatever was asked. */
const longestWait = 60;

/** One preference up to a comma or semicolon: a name, and a value as token or quoted text. */
const preference = /^[\t ]*([!#$%&'*+.^_`|~\w-]+)[\t ]*(?:=[\t ]*("(?:[^"\\]|\\.)*"|[^\s",;]*)[\t ]*)?$/;

/** `wait` of the request's `Prefer`, in seconds, whole or decimal, the cap at most; undefined where there is none. */
export function waitAsked(header: string | readonly string[] | undefined): number | undefined {
  const text = typeof header === "object" ? header.join(",") : header;
  for (const part of (text ?? "").split(",")) {
    const [, name = "", value = ""] = preference.exec(part.split(";", 1)[0] ?? "") ?? [];
    // Of repeated preferences the first counts (section 2).
    if (name.toLowerCase() === "wait") return secondsIn(value);
  }
  return undefined;
}

function secondsIn(value: string): number | undefined {
  const written = value.replace(/^"(.*)"$/, "$1");
  return /^\d{1,9}(?:\.\d{1,9})?$/.test(written) ? Math.min(Number(written), longestWait) : undefined;
}
