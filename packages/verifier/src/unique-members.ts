// Whether no object of a JSON text has a member twice. Parsers disagree about which of the two counts, so that issuer and
// resource server could read different tokens: RFC 7519 section 4, RFC 8259 section 4.

/** For a text that JSON.parse has accepted. */
export function hasUniqueMembers(json: string): boolean {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const letter = json.charAt(at);
    if (letter === "{") open.push(new Set());
    if (letter === "}") open.pop();
    if (letter !== '"') continue;
    const end = endOfString(json, at);
    const isName = /\s*:/y;
    isName.lastIndex = end + 1;
    if (isName.test(json)) {
      const names = open.at(-1);
      const name: unknown = JSON.parse(json.slice(at, end + 1));
      if (names === undefined || typeof name !== "string" || names.has(name)) return false;
      names.add(name);
    }
    at = end;
  }
  return true;
}

/** Where the quote is that ends the string which begins at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json.charAt(at) !== '"') at += json.charAt(at) === "\\" ? 2 : 1;
  return at;
}
