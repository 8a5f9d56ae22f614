// The forms of an HTML page, as far as a person without scripts uses them: where they go, what is filled in already,
// what is asked. Reads what a server writes plainly; it is no HTML parser.

export interface Form {
  readonly method: "get" | "post";
  readonly action: URL;
  /** Fields that are filled in already, hidden ones among them, by name. */
  readonly fields: Readonly<Record<string, string>>;
  /** Names of all fields and buttons. */
  readonly names: readonly string[];
  /** Names of what a person can see and fill in or press. */
  readonly asks: readonly string[];
}

export function formsOf(html: string, base: URL): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head = "", inside = ""]) => {
    const attributes = attributesOf(head);
    const inputs = [...inside.matchAll(/<input\b([^>]*)>/gi)].map(([, text = ""]) => attributesOf(text));
    const buttons = [...inside.matchAll(/<button\b([^>]*)>/gi)].map(([, text = ""]) => attributesOf(text));
    const named = [...inputs, ...buttons].filter(({ name }) => name !== undefined);
    const isHidden = (input: Attributes) => input.type === "hidden" || input.hidden !== undefined;
    const filled = inputs.filter(({ name, value }) => name !== undefined && value !== undefined);
    return {
      method: attributes.method?.toLowerCase() === "post" ? "post" : "get",
      action: new URL(attributes.action ?? "", base),
      fields: Object.fromEntries(filled.map(({ name = "", value = "" }) => [name, value])),
      names: named.map(({ name = "" }) => name),
      asks: named.filter((input) => !isHidden(input)).map(({ name = "" }) => name),
    };
  });
}

type Attributes = Readonly<Record<string, string | undefined>>;

function attributesOf(text: string): Attributes {
  const found = text.matchAll(/([^\s=>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?/g);
  return Object.fromEntries(
    [...found].map(([, name = "", ...values]) => [
      name.toLowerCase(),
      unescaped(values.find((value) => value !== undefined) ?? ""),
    ]),
  );
}

function unescaped(text: string): string {
  const names: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    return names[name] ?? whole;
  });
}
