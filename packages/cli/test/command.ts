// Runs the command line as a process of its own, without a terminal.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface Ending {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd?: string;
  /** Added to the environment; RESCIND_ variables of the test's own are not passed on. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
}

export interface Running {
  /** The first match in what it has said on standard error so far or says later; rejects if it ends without. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ending>;
}

export async function rescind(args: readonly string[], surroundings: Surroundings = {}): Promise<Ending> {
  return start(args, surroundings).ended;
}

/** Runs a command that waits for something. */
export function start(args: readonly string[], surroundings: Surroundings = {}): Running {
  const { cwd, env = {}, input = "" } = surroundings;
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("RESCIND_")),
  );
  const child = spawn(process.execPath, ["--conditions=source", main, ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...own, ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A command that does not read its input may end before it is written.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const ended = Promise.all([text(child.stdout), closed]).then(([stdout, status]) => ({
    status,
    stdout,
    stderr,
  }));
  return {
    ended,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stderr);
          if (match !== null) resolve(match);
        };
        look();
        child.stderr.on("data", look);
        ended.then(() => reject(new Error(`it ended and said only: ${stderr}`)));
      }),
  };
}
