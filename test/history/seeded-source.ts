// Where the words that a seeded bug replaces stand in what was built.

const root = new URL("../..", import.meta.url);

/** The address of the module that is built from a source, as it stands from the root of the repository. */
export function builtFrom(file: string): string {
  return new URL(file.replace("/src/", "/dist/").replace(/\.ts$/, ".js"), root).href;
}
