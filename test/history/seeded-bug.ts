// Loaded before a server or a verifier (`--import`): puts the bug that this module's own address names into the source as
// it is read. The product has no switch for it.

import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { mutants } from "./mutants.ts";
import { builtFrom } from "./seeded-source.ts";

const name = new URL(import.meta.url).searchParams.get("bug");
const mutant = mutants.find((one) => one.name === name);
if (mutant === undefined) throw new RangeError(`no such bug: ${name}`);

registerHooks({
  // The server's bundle has other words; it is given the modules that the bundle was made of.
  resolve: (specifier, context, next) => next(specifier.replace("/bundle/serve.js", "/serve.js"), context),
  load(url, context, next) {
    if (url.includes("/dist/bundle/")) throw new Error(`${url} is loaded, in which nothing is seeded`);
    const edits = mutant.edits.filter(({ file }) => builtFrom(file) === url);
    if (edits.length === 0) return next(url, context);
    let source = readFileSync(fileURLToPath(url), "utf8");
    for (const { file, from, to } of edits) {
      if (source.split(from).length !== 2) throw new Error(`${file} has not exactly one: ${from}`);
      source = source.replace(from, () => to);
    }
    return { format: "module", source, shortCircuit: true };
  },
});
