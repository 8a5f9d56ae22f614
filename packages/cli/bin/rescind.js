#!/usr/bin/env node
// The command's entry. Plain JavaScript for any Node from 18 on: Rescind needs 24.15 (node:sqlite), so on an older
// one this hands over to the `node` package's binary in the nearest node_modules, or says what to install.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** @type {NodeJS.Signals[]} */
const signals = ["SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];
const oldest = { major: 24, minor: 15 };

if (isNewEnough(process.versions.node)) await start();
else handOver();

async function start() {
  const main = new URL("../dist/main.js", import.meta.url);
  if (!existsSync(main)) {
    console.error("rescind: not built yet; in the repository run `npm run build`");
    process.exit(1);
  }
  // Beside the build and with its permissions, not in the shared temporary directory; without it a start is slower.
  module.enableCompileCache?.(fileURLToPath(new URL("../dist/.compile-cache", import.meta.url)));
  await import(main.href);
}

function handOver() {
  const newer = nearestNode();
  if (newer === undefined || process.env.RESCIND_REEXECUTED === "1") {
    console.error(
      `rescind: needs Node ${oldest.major}.${oldest.minor} or newer, this is ${process.versions.node}. ` +
        "Install it from https://nodejs.org, or put it beside rescind with `npm install node@24`.",
    );
    process.exit(1);
  }
  // The variable keeps a node_modules/.bin/node that is itself too old from starting us for ever.
  const child = spawn(newer, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, RESCIND_REEXECUTED: "1" },
  });
  // A terminal sends SIGINT to the whole group, the child included: a second one would mean "at once".
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`rescind: cannot start ${newer}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function nearestNode() {
  for (const from of [dirname(fileURLToPath(import.meta.url)), process.cwd()]) {
    for (let folder = from; ; folder = dirname(folder)) {
      const candidate = join(folder, "node_modules", ".bin", "node");
      if (existsSync(candidate)) return candidate;
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}

/** @param {string} version */
function isNewEnough(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldest.major || (major === oldest.major && minor >= oldest.minor);
}
