// `rescind serve`: from the command line to a running server, and down again on a signal. CONTRACT.md section 2.

import { readAdminFile } from "./admin-file.ts";
import { ConfigurationError, readConfiguration, settings } from "./configuration.ts";
import { type RunningServer, startServer } from "./start.ts";
import { boundYoungMemory } from "./young-memory.ts";

/** Milliseconds in which a stop must be done. */
const stopWithinMs = 9_000;

/**
 * Serves until SIGTERM or SIGINT, then exits with 0. Exits with 2 for a setting that cannot be used, with 1 if the
 * server cannot start or its disk fails.
 * @param argv what follows `serve`
 */
export async function serveFromCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  if (argv.includes("--help") || argv.includes("-h")) {
    process.stdout.write(helpText());
    return;
  }
  try {
    const configuration = readConfiguration(argv, env);
    // Workers answer before all of the server is put together: whoever heard of them may send a signal then.
    const signalled = new Promise<unknown>((resolve) => {
      for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, resolve);
    });
    void signalled.then(exitInTime);
    const server = await startServer(configuration);
    boundYoungMemory();
    announce(server, configuration.data);
    void signalled.then(() => stop(server, 0));
    void server.failed.then((cause) => {
      server.log.error(
        { cause: String(cause) },
        "the database failed; the next start reads what is really there",
      );
      return stop(server, 1);
    });
  } catch (error) {
    process.stderr.write(`rescind: ${explanation(error)}\n`);
    process.exit(error instanceof ConfigurationError ? 2 : 1);
  }
}

/** The first person's link is shown on a terminal only, where nobody collects what is printed. */
function announce(server: RunningServer, data: string): void {
  const setupUrl = process.stdout.isTTY ? readAdminFile(data)?.setup_url : undefined;
  if (process.stdout.isTTY)
    process.stdout.write(
      [
        `Rescind serves ${server.issuer}`,
        `Console: ${server.issuer}/console/`,
        `The admin client and its secret stand in ${data}/admin.json`,
        ...(setupUrl === undefined
          ? []
          : [`Set the password of the user admin (once, within an hour): ${setupUrl}`]),
        "",
      ].join("\n"),
    );
  else {
    const { issuer } = server;
    server.log.info({ issuer, console: `${issuer}/console/`, admin: `${data}/admin.json` }, "serving");
  }
}

function exitInTime(): void {
  setTimeout(() => process.exit(1), stopWithinMs).unref();
}

async function stop(server: RunningServer, status: 0 | 1): Promise<void> {
  exitInTime();
  server.log.info("stopping");
  await server.close();
  process.exit(status);
}

function explanation(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("code" in error && error.code === "EADDRINUSE")
    return "The address is taken by another process: stop it, or choose another --port.";
  if ("code" in error && error.code === "ENOTSUP")
    return "This system cannot share an address between threads (SO_REUSEPORT): start with --workers 1.";
  const { message: why } = error.cause instanceof Error ? error.cause : { message: "" };
  return error.message.includes(why) ? error.message : `${error.message} (${why})`;
}

function helpText(): string {
  const lines = Object.values(settings).map(({ flag, kind, help }) => {
    const written = kind === "switch" ? `--${flag}` : `--${flag} ${kind === "number" ? "N" : "VALUE"}`;
    return `  ${written.padEnd(30)} ${help}`;
  });
  return `rescind serve [flags]\n\n${lines.join("\n")}\n\nEach flag is also RESCIND_<FLAG> in the environment, and there only: RESCIND_MASTER_KEY, RESCIND_ADMIN_SECRET.\nA variable with a secret can name a file instead: RESCIND_MASTER_KEY_FILE=PATH.\n`;
}
