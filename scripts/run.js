// `npm run bench` and `npm run demo`: a TypeScript file under the Node of the lock file, everything built before.
import { spawnSync } from "node:child_process";
import { buildPackages, installPackages, node, root } from "./install.js";

installPackages();
buildPackages();

const { status, signal } = spawnSync(node, ["--conditions=source", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
if (signal !== null) process.kill(process.pid, signal);
process.exitCode = status ?? 1;
