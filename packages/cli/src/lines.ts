// A text read line by line, never whole: a file, or standard input for `-`.

import { createReadStream, statSync } from "node:fs";
import { refused } from "./failure.ts";

/** Characters of a line; what is longer is no text of lines. */
const longest = 1 << 20;

/**
 * Lines without their ends, `\r\n` included; what follows the last end is one too, unless it is empty.
 * @throws Failure where the file cannot be read or has no lines
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  const input = path === "-" ? process.stdin : createReadStream(path);
  input.setEncoding("utf8");
  let rest = "";
  try {
    for await (const chunk of input) {
      const parts = (rest + String(chunk)).split("\n");
      rest = parts.pop() ?? "";
      if ([rest, ...parts].some((line) => line.length > longest))
        throw refused(`${nameOf(path)} has a line of more than ${longest} characters`);
      for (const line of parts) yield withoutReturn(line);
    }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && "syscall" in cause)
      throw refused(`${nameOf(path)} cannot be read: ${cause.message}`, cause);
    throw cause;
  }
  if (rest !== "") yield withoutReturn(rest);
}

/** Whether it can be read more than once: a file, and neither standard input nor a pipe. */
export function isReadAgain(path: string): boolean {
  return path !== "-" && statSync(path, { throwIfNoEntry: false })?.isFile() !== false;
}

/** For messages. */
export function nameOf(path: string): string {
  return path === "-" ? "standard input" : path;
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
