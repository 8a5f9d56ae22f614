// What commands print: the API's own JSON, or tables and lines for people.

/** A column: its heading and the text of an item. */
export type Column<Item> = readonly [heading: string, text: (item: Item) => string | number | undefined];

export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}

export function printTable<Item>(items: readonly Item[], columns: readonly Column<Item>[]): void {
  const rows = items.map((item) => columns.map(([, text]) => printable(String(text(item) ?? "–"))));
  const lines = [columns.map(([heading]) => heading), ...rows];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  for (const line of lines)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

/** A list with the time of the answer, and how to get the rest of it. */
export function printList<Item>(
  list: { readonly items: readonly Item[]; readonly next: string | null },
  columns: readonly Column<Item>[],
): void {
  printTable(list.items, columns);
  const more = list.next === null ? "" : `; more with --cursor ${list.next}`;
  console.log(`\n${list.items.length} as of ${new Date().toISOString()}${more}`);
}

/** Names and values, one a line; absent values are left out. */
export function printMembers(members: Readonly<Record<string, unknown>>): void {
  const present = Object.entries(members).filter(([, value]) => value !== undefined && value !== "");
  const width = Math.max(...present.map(([name]) => name.length), 0);
  for (const [name, value] of present) {
    const text = typeof value === "object" ? JSON.stringify(value) : String(value);
    console.log(`${name.padEnd(width)}  ${printable(text)}`);
  }
}

/** Without control characters: what a server or a token holds must not steer the terminal. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, "\ufffd");
}
