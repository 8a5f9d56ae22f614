// `rescind serve` in a few files instead of some 1,600 modules, whose finding is two thirds of a start. They are made by
// scripts/bundle.js after the build and used where they are there and newer than what they were made of; else the modules.
// They are not in the published package, which would carry other people's code without its licences.

import { statSync } from "node:fs";

/** What the bundle was made of. */
const madeOf = ["core", "store", "admin-api", "server"];

/** The server's part of the command line, from whichever is there. */
export async function loadServe(): Promise<typeof import("./serve.ts")> {
  const bundle = new URL("./bundle/serve.js", import.meta.url);
  if (!isNewest(bundle)) return import("./serve.ts");
  const loaded: typeof import("./serve.ts") = await import(bundle.href); // built from that very module
  return loaded;
}

function isNewest(bundle: URL): boolean {
  const builtAt = modified(bundle);
  if (builtAt === undefined) return false;
  return madeOf.every((name) => {
    const made = modified(new URL(`../../${name}/dist/tsconfig.tsbuildinfo`, import.meta.url));
    return made === undefined || made <= builtAt;
  });
}

function modified(file: URL): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}
