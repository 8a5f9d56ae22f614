// What every script needs before it can begin: the npm packages of the lock file, and `dist` of each package.
// Plain JavaScript, as it runs on the machine's own Node (20 or newer) before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

/** The Node of the lock file, which may be newer than the machine's. */
export const node = join(root, "node_modules", ".bin", "node");

/** Runs `npm ci` unless node_modules holds what the lock file says. Ends the process when npm fails. */
export function installPackages() {
  if (packagesAreInstalled()) return;
  console.error("Installing npm packages (npm ci) …");
  // npm's own output goes to stderr: whoever reads our stdout reads ours only. A registry may fail once.
  const asked = ["ci", "--no-audit", "--no-fund", "--fetch-retries=5", "--loglevel=error"];
  if (spawnSync("npm", asked, { cwd: root, stdio: ["ignore", 2, 2] }).status === 0) return;
  console.error("Once more …");
  run("npm", asked);
}

/** Runs `tsc -b`, Vite and the bundler where a source is newer than what was built from it. Ends the process when one fails. */
export function buildPackages() {
  const built = packageFolders().map((folder) =>
    join(root, "packages", folder, "dist", "tsconfig.tsbuildinfo"),
  );
  built.push(join(root, "packages", "server", "site", "console.html"));
  built.push(join(root, "packages", "server", "dist", "bundle", "serve.js"));
  if (newestSource() <= Math.min(...built.map(modified))) return;
  const began = new Date();
  run(node, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b", "tsconfig.build.json"]);
  run(node, [
    join(root, "node_modules", "vite", "bin", "vite.js"),
    "build",
    "packages/console",
    "--logLevel",
    "warn",
  ]);
  run(node, [join(root, "scripts", "bundle.js")]);
  // tsc leaves the time of a build file alone when nothing it emits has changed; so say that it was looked at.
  for (const file of built) if (existsSync(file)) utimesSync(file, began, began);
}

function packagesAreInstalled() {
  const lock = join(root, "package-lock.json");
  const hidden = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(hidden) || !existsSync(node)) return false;
  if (modified(hidden) >= modified(lock)) return true;
  const wanted = JSON.parse(readFileSync(lock, "utf8")).packages;
  const found = JSON.parse(readFileSync(hidden, "utf8")).packages;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || entry.optional || entry.peer || !path.includes("node_modules/")) return true;
    return found[path]?.version === entry.version && found[path]?.link === entry.link;
  });
}

function packageFolders() {
  return readdirSync(join(root, "packages")).filter((folder) =>
    existsSync(join(root, "packages", folder, "tsconfig.json")),
  );
}

function newestSource() {
  let newest = Math.max(
    modified(join(root, "tsconfig.base.json")),
    modified(join(root, "tsconfig.build.json")),
  );
  for (const folder of packageFolders()) {
    const home = join(root, "packages", folder);
    newest = Math.max(newest, modified(join(home, "package.json")), modified(join(home, "tsconfig.json")));
    newest = Math.max(newest, newestBelow(join(home, "src")));
  }
  return newest;
}

/**
 * Folders count too: their time changes when a file is removed.
 * @param {string} folder
 * @returns {number}
 */
function newestBelow(folder) {
  let newest = modified(folder);
  if (newest === 0) return 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestBelow(path) : modified(path));
  }
  return newest;
}

/** @param {string} path */
function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (error) console.error(`${command}: ${error.message}`);
  if (status !== 0) {
    console.error(`${command} ${args.join(" ").replaceAll(`${root}/`, "")} ended with ${signal ?? status}`);
    process.exit(status ?? 1);
  }
}
