// `npm run check`: types, lint and format, unused code, and the architecture tests. Runs all of them, then says which failed.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { installPackages, node, root } from "./install.js";

installPackages();

const bin = join(root, "node_modules", ".bin");
/** @type {Record<string, [string, ...string[]]>} */
const checks = {
  types: [node, join(root, "node_modules/typescript/bin/tsc"), "-b"],
  "lint and format": [join(bin, "biome"), "check", "--error-on-warnings"],
  "unused code": [
    node,
    join(root, "scripts/knip/node_modules/knip/bin/knip.js"),
    "--no-progress",
    "--no-config-hints",
  ],
  architecture: [node, "--conditions=source", "--test", "--test-reporter=dot", "test/architecture/*.test.ts"],
};

const failed = Object.entries(checks)
  .filter(([name, [command, ...args]]) => {
    console.log(`— ${name}`);
    return spawnSync(command, args, { cwd: root, stdio: "inherit" }).status !== 0;
  })
  .map(([name]) => name);

if (failed.length > 0) console.error(`check failed: ${failed.join(", ")}`);
else console.log("check passed");
process.exitCode = failed.length > 0 ? 1 : 0;
