// What somebody may have meant: the known name that takes the fewest changes.

/** The first of those that are nearest; undefined where none is known. */
export function nearestName(given: string, known: readonly string[]): string | undefined {
  return [...known].sort((a, b) => editDistance(given, a) - editDistance(given, b))[0];
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
