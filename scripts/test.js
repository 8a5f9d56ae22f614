// `npm test [-- path …]`: installs and builds what is missing, then runs every test file in a process of its own,
// three at a time (much of them is waiting). The last line is always `N passed, N failed, N skipped`. Begins on the machine's own Node 20.
//   --long            the stated numbers instead of the seeded sample (RESCIND_TEST_LONG=1), no time limit per test
//   --test-…          goes to node:test, for example --test-name-pattern=replay
//   RESCIND_TEST_SEED repeats a run; it is printed at the top
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { buildPackages, installPackages, node, root } from "./install.js";
import { installSystemPackages } from "./system-packages.js";

const long = process.argv.includes("--long") || process.env.RESCIND_TEST_LONG === "1";
const toNode = process.argv.slice(2).filter((argument) => argument.startsWith("--test-"));
const filters = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const concurrency = Number(process.env.RESCIND_TEST_CONCURRENCY ?? 3);
const testTimeout = 300_000;
const hangTimeout = testTimeout + 30_000;

const seed = process.env.RESCIND_TEST_SEED ?? String(Math.floor(Math.random() * 2 ** 31));
const env = {
  ...process.env,
  RESCIND_TEST_SEED: seed,
  ...(long ? { RESCIND_TEST_LONG: "1" } : {}),
  // Every file loads the same sources: stripped and compiled once, they take half the time of a small file.
  NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "test"),
};

installPackages();
installSystemPackages();
buildPackages();

const scratch = mkdtempSync(join(tmpdir(), "rescind-test-"));
/** @type {Set<import("node:child_process").ChildProcess>} */
const running = new Set();
const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {string[]} What failed, told once more at the end: of a long output the last lines are what people see. */
const toldAgain = [];

/** @type {NodeJS.Signals[]} */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
for (const signal of signals) {
  process.on(signal, () => {
    for (const child of running) killGroup(child);
    rmSync(scratch, { recursive: true, force: true });
    process.exit(1);
  });
}

console.log(`seed ${seed} (RESCIND_TEST_SEED repeats it)${long ? ", long run" : ""}`);
const files = testFiles();
if (files.length === 0)
  console.log(`no test file matches ${filters.join(" ") || "packages/*/test and test"}`);
await Promise.all(Array.from({ length: concurrency }, () => takeFiles(files)));
rmSync(scratch, { recursive: true, force: true });
const ran = total.passed + total.failed > 0;
process.exitCode = total.failed > 0 || !ran ? 1 : 0;
for (const told of toldAgain) console.log(told);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);

/** @param {string[]} files */
async function takeFiles(files) {
  for (let file = files.shift(); file !== undefined; file = files.shift()) {
    const began = Date.now();
    show(file, await runFile(file), (Date.now() - began) / 1000);
  }
}

/**
 * @typedef {{ lines: import("./test-reporter.js").Line[], crash: string | undefined, output: string }} Outcome
 * @param {string} file
 * @returns {Promise<Outcome>}
 */
async function runFile(file) {
  const name = file.replaceAll("/", "-");
  const results = join(scratch, `${name}.results`);
  const log = join(scratch, `${name}.log`);
  const output = openSync(log, "w");
  closeSync(openSync(results, "w"));
  const args = [
    "--conditions=source",
    ...(long ? [] : [`--test-timeout=${testTimeout}`]),
    ...toNode,
    "--test-reporter=./scripts/test-reporter.js",
    `--test-reporter-destination=${results}`,
    file,
  ];
  const child = spawn(node, args, { cwd: root, env, stdio: ["ignore", output, output], detached: true });
  closeSync(output);
  running.add(child);
  const ending = await endOf(child, results);
  killGroup(child);
  running.delete(child);
  const lines = readFileSync(results, "utf8").trimEnd().split("\n").filter(Boolean).map(parseLine);
  return { lines, crash: crashOf(lines, ending), output: readFileSync(log, "utf8") };
}

/**
 * Resolves with what ended the file's process; kills it when it has reported nothing for longer than a test may take.
 * @param {import("node:child_process").ChildProcess} child
 * @param {string} results
 * @returns {Promise<string | number>}
 */
function endOf(child, results) {
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      if (long || Date.now() - statSync(results).mtimeMs < hangTimeout) return;
      resolve(`hung: reported nothing for ${hangTimeout / 1000} s`);
      killGroup(child);
    }, 1000);
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal ?? code ?? 1));
    child.on("close", () => clearInterval(watch));
  });
}

/**
 * @param {import("./test-reporter.js").Line[]} lines
 * @param {string | number} ending
 */
function crashOf(lines, ending) {
  if (ending === 0 && lines.length === 0) return "it holds no test, or ended before the first";
  if (typeof ending === "string") return `ended by ${ending}`;
  if (!lines.some((line) => line.kind === "end")) return `exit status ${ending} before its tests were done`;
  if (ending !== 0 && !lines.some((line) => line.kind === "fail"))
    return `exit status ${ending} without a failed test`;
  if (lines.length === 1 && toNode.length === 0) return "it holds no test";
  return undefined;
}

/**
 * @param {string} file
 * @param {Outcome} outcome
 * @param {number} seconds
 */
function show(file, { lines, crash, output }, seconds) {
  const failures = lines.filter((line) => line.kind === "fail");
  const failed = failures.length + (crash ? 1 : 0);
  const passed = lines.filter((line) => line.kind === "pass").length;
  const skipped = lines.filter((line) => line.kind === "skip").length;
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
  const counts = `${passed} passed${failed ? `, ${failed} failed` : ""}${skipped ? `, ${skipped} skipped` : ""}`;
  const told = [`${failed ? "✗" : "✓"} ${file} (${counts}, ${seconds.toFixed(1)} s)`];
  for (const { name, at, error } of failures)
    told.push(indent(`✗ ${name}\n${at ? `  at ${at}\n` : ""}${indent(error ?? "")}`));
  if (crash) told.push(indent(`✗ the file itself: ${crash}`));
  if (failed && output.trim()) told.push(indent(`its output, last lines:\n${indent(lastLines(output, 80))}`));
  console.log(told.join("\n"));
  if (failed) toldAgain.push(told.join("\n"));
}

function testFiles() {
  const folders = readdirSync(join(root, "packages")).map((folder) => join(root, "packages", folder, "test"));
  return (
    [...folders, join(root, "test")]
      .flatMap(filesBelow)
      // What takes minutes and has no shorter form is named *.long.test.ts.
      .filter((file) => file.endsWith(".test.ts") && (long || !file.endsWith(".long.test.ts")))
      .map((file) => relative(root, file))
      .filter(
        (file) =>
          filters.length === 0 || filters.some((filter) => file.includes(filter.replace(/^\.\//, ""))),
      )
      .sort()
  );
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

/** Each file is the leader of a group, so that servers it leaves behind end with it.
 * @param {import("node:child_process").ChildProcess} child */
function killGroup(child) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nothing is left of the group.
  }
}

/**
 * @param {string} line
 * @returns {import("./test-reporter.js").Line}
 */
function parseLine(line) {
  try {
    return JSON.parse(line);
  } catch {
    return { kind: "fail", name: "a line cut off by a crash", error: line };
  }
}

/** @param {string} text */
function indent(text) {
  return text.replaceAll(/^/gm, "  ");
}

/**
 * @param {string} text
 * @param {number} count
 */
function lastLines(text, count) {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
