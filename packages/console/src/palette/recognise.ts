// What a text in the palette means: a page by its name, an id by its prefix, or a token's text. Pure. A text that may be
// a token's never becomes part of a URL.

export interface NamedPage {
  readonly path: string;
  readonly title: string;
}

export type Found =
  | {
      readonly kind: "place";
      readonly label: string;
      readonly to: string;
      readonly search?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "token"; readonly label: string };

/** From here on a text that is no id may be a token of somebody else; those of ours are longer. */
const shortestToken = 16;

/** What the text may mean, the likeliest first; every page for an empty one. */
export function recognise(text: string, pages: readonly NamedPage[]): readonly Found[] {
  const asked = text.trim();
  const place = placeOf(asked);
  if (place !== undefined) return [place];
  const words = asked.toLowerCase();
  const named = pages
    .filter(({ title }) => title.toLowerCase().includes(words))
    .toSorted((a, b) => startsWith(b, words) - startsWith(a, words))
    .map(({ path, title }) => ({ kind: "place", label: title, to: path }) as const);
  if (named.length > 0 || /\s/.test(asked)) return named;
  if (asked.length >= shortestToken) return [{ kind: "token", label: "Explain this token" }];
  return /^[\w.@+-]+$/.test(asked) ? [personPlace(asked), ...clientPlaces(asked)] : [];
}

function startsWith({ title }: NamedPage, words: string): number {
  return title.toLowerCase().startsWith(words) ? 1 : 0;
}

function placeOf(id: string): Found | undefined {
  if (/^gnt_\d+$/.test(id)) return { kind: "place", label: `Grant ${id}`, to: `/grants/${id}` };
  if (/^(tid|ses)_\d+$/.test(id)) {
    const what = id.startsWith("tid_") ? "token" : "session";
    return { kind: "place", label: `Explain ${what} ${id}`, to: "/explain", search: { id } };
  }
  if (/^usr_[\w-]+$/.test(id)) return { kind: "place", label: `User ${id}`, to: `/users/${id}` };
  return /^cli_[\w-]+$/.test(id) ? clientPlace(id) : undefined;
}

/** By username or email address; of a person nobody knows the `sub` by heart. */
function personPlace(name: string): Found {
  const field = name.includes("@") ? "email" : "username";
  return { kind: "place", label: `User called ${name}`, to: "/users", search: { [field]: name } };
}

function clientPlaces(id: string): readonly Found[] {
  return /^[\w.-]+$/.test(id) ? [clientPlace(id)] : [];
}

function clientPlace(id: string): Found {
  return { kind: "place", label: `Client ${id}`, to: `/clients/${id}` };
}
