// Reads the sources as text: which files there are, what they import, and their code without comments and strings.
// Deliberately no parser: an import that these patterns miss would have to be written to be missed.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

export type Import = { readonly file: string; readonly line: number; readonly specifier: string };

/** Every `.ts` and `.js` file below a folder of the repository, by its path from the root; none if it is missing. */
export function filesBelow(folder: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]sx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file))
    .sort();
}

export function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

/** Static, type-only, re-exporting, dynamic and bare imports of a file. */
export function importsOf(file: string): Import[] {
  return importsIn(read(file)).map((found) => ({ file, ...found }));
}

export function importsIn(source: string): { line: number; specifier: string }[] {
  const text = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, keepLines);
  const patterns = [
    /^\s*(?:import|export)\b[^;"'`]*?\bfrom\s*["']([^"']+)["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /\b(?:import|require|resolve)\s*\(\s*["'`]([^"'`]+)["'`]/g,
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      line: text.slice(0, match.index + match[0].length).split("\n").length,
      specifier: match[1] ?? "",
    })),
  );
}

/** The package of an import (`@rescind/core`, `jose`, `node:fs` as it is), or undefined for a file of our own. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("#")) return undefined;
  if (specifier.startsWith("node:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** The file and everything it reaches through relative imports. */
export function reachableFrom(entry: string): string[] {
  const seen = new Set<string>();
  const next = [entry];
  for (let file = next.pop(); file !== undefined; file = next.pop()) {
    if (seen.has(file) || !existsSync(join(root, file))) continue;
    seen.add(file);
    next.push(...importsOf(file).flatMap((found) => target(found) ?? []));
  }
  return [...seen].sort();
}

/** Where a relative import leads, by its path from the root. */
export function target({ file, specifier }: Import): string | undefined {
  return specifier.startsWith(".") ? relative(root, resolve(root, dirname(file), specifier)) : undefined;
}

/** The lines of code that match, with comments and the content of strings taken out before. */
export function linesMatching(source: string, pattern: RegExp): { line: number; code: string }[] {
  const code = source.replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g,
    (text) => (/^["']/.test(text) ? '""' : keepLines(text)),
  );
  return code
    .split("\n")
    .map((text, index) => ({ line: index + 1, code: text.trim() }))
    .filter((line) => pattern.test(line.code));
}

function keepLines(text: string): string {
  return text.replace(/[^\n]/g, " ");
}
