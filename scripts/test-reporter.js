// What one test file says to scripts/test.js: a JSON object a line for each finished test, at last `{"kind":"end"}`.
// Tests that have tests of their own are not counted unless they fail by themselves, nor are suites.
import { relative } from "node:path";
import { inspect } from "node:util";

/** @typedef {{ kind: "pass" | "fail" | "skip" | "end", name?: string, at?: string, milliseconds?: number, error?: string }} Line */

/** @param {AsyncIterable<{ type: string, data: any }>} events */
export default async function* report(events) {
  /** @type {string[]} */
  const path = [];
  /** @type {boolean[]} For each depth: has a test below it been reported since it began? */
  const hasTestsBelow = [];
  for await (const { type, data } of events) {
    if (type === "test:start") {
      path.length = data.nesting;
      path[data.nesting] = data.name;
      hasTestsBelow[data.nesting] = false;
      if (data.nesting > 0) hasTestsBelow[data.nesting - 1] = true;
    }
    if (type === "test:pass" || type === "test:fail") {
      path.length = data.nesting + 1;
      const line = judge(type === "test:fail", data, hasTestsBelow[data.nesting] === true);
      if (line)
        yield `${JSON.stringify({ ...line, name: path.join(" › "), milliseconds: data.details.duration_ms })}\n`;
    }
    if (type === "test:diagnostic" && data.message?.startsWith("Error: ")) {
      yield `${JSON.stringify({ kind: "fail", name: "after a test had ended", error: data.message })}\n`;
    }
    if (type === "test:summary") yield '{"kind":"end"}\n';
  }
}

/** @returns {Line | undefined} */
function judge(/** @type {boolean} */ failed, /** @type {any} */ data, /** @type {boolean} */ isParent) {
  if (data.skip !== undefined || data.todo !== undefined) return isParent ? undefined : { kind: "skip" };
  const error = data.details.error;
  if (failed && error?.failureType !== "subtestsFailed") {
    return {
      kind: "fail",
      at: `${relative(process.cwd(), data.file ?? "")}:${data.line}`,
      error: describe(error),
    };
  }
  return failed || isParent || data.details.type === "suite" ? undefined : { kind: "pass" };
}

function describe(/** @type {any} */ error) {
  const cause = error?.code === "ERR_TEST_FAILURE" && error.cause !== undefined ? error.cause : error;
  const text = typeof cause === "string" ? cause : inspect(cause, { depth: 8, maxStringLength: 4000 });
  return text
    .split("\n")
    .filter((line) => !/^\s+at .*node:/.test(line))
    .join("\n");
}
