// The files of deploy/ as the tests read them: text, YAML documents, and the directives of a Containerfile and of a unit.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseAllDocuments } from "yaml";

export const folder = join(import.meta.dirname, "../../deploy");

/** Paths below deploy/ of every file that is committed. */
export function deployFiles(): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.endsWith("/secrets"))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

export function text(path: string): string {
  return readFileSync(join(folder, path), "utf8");
}

/** A member of a parsed document, by its path; undefined where there is none. */
export function at(document: unknown, ...path: readonly (string | number)[]): unknown {
  let value = document;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[key]; // an object by the line above
  }
  return value;
}

/**
 * The documents of a YAML file.
 * @throws Error where it is not YAML, names a member twice, or leaves one empty by mistake
 */
export function yaml(path: string): unknown[] {
  return parseAllDocuments(text(path), { merge: true, uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${path}: ${document.errors[0]?.message}`);
    return document.toJS();
  });
}

export interface Directive {
  readonly name: string;
  readonly value: string;
}

/** What a Containerfile says, comments left out and continued lines joined. */
export function containerfile(): Directive[] {
  const joined = text("Containerfile")
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n\s*/g, " ");
  return joined
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, name = "", value = ""] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
      return { name, value };
    });
}

/** `Name=value` lines of a unit and its drop-ins. */
export function unit(...paths: readonly string[]): Directive[] {
  return paths.flatMap((path) =>
    text(path)
      .split("\n")
      .flatMap((line) => {
        const [, name = "", value = ""] = /^([A-Z]\w+)=(.*)$/.exec(line) ?? [];
        return name === "" ? [] : [{ name, value }];
      }),
  );
}
