// `npm start`: installs what is missing, builds what is stale, then serves. When nothing is stale, looking costs a
// few milliseconds. Flags and RESCIND_* variables go to `rescind serve` as they are.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { buildPackages, installPackages, node, root } from "./install.js";

installPackages();
buildPackages();

const server = spawn(node, [join(root, "packages/cli/bin/rescind.js"), "serve", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
// A terminal sends SIGINT to the whole group, the server included: a second one would mean "at once".
process.on("SIGINT", () => process.stdin.isTTY || server.kill("SIGINT"));
/** @type {NodeJS.Signals[]} */
const signals = ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];
for (const signal of signals) process.on(signal, () => server.kill(signal));
server.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
