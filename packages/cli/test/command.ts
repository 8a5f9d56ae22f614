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

export async function rescind(args: readonly string[], surroundings: Surroundings = {}): Promise<Ending> {
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
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { status, stdout, stderr };
}
