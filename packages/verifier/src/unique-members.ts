// Whether no object of a JSON text has a member twice. Parsers disagree about which of the two counts, so that issuer and
// resource server could read different tokens: RFC 7519 section 4, RFC 8259 section 4.

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** For a text that JSON.parse has accepted. */
export function hasUniqueMembers(json: string): boolean {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const letter = json.charCodeAt(at);
    if (letter === openBrace) open.push(new Set());
    if (letter === closeBrace) open.pop();
    if (letter !== quote) continue;
    const end = endOfString(json, at);
    if (isName(json, end + 1)) {
      const names = open.at(-1);
      const name = textOf(json, at, end);
      if (names === undefined || name === undefined || names.has(name)) return false;
      names.add(name);
    }
    at = end;
  }
  return true;
}

/** Where the quote is that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  for (let letter = json.charCodeAt(at); letter !== quote && at < json.length; letter = json.charCodeAt(at))
    at += letter === backslash ? 2 : 1;
  return at;
}

/** Whether a colon follows, as after the name of a member and after no value. */
function isName(json: string, from: number): boolean {
  let at = from;
  // What JSON calls white space: nothing else may stand here.
  while (json.charCodeAt(at) <= 0x20) at++;
  return json.charCodeAt(at) === colon;
}

/** The text between two quotes. A letter can be written in several ways: these are the same name. */
function textOf(json: string, start: number, end: number): string | undefined {
  const raw = json.slice(start + 1, end);
  if (!raw.includes("\\")) return raw;
  const name: unknown = JSON.parse(json.slice(start, end + 1));
  return typeof name === "string" ? name : undefined;
}
