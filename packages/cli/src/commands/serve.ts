// `rescind serve`: the server in this process. Flags and variables are the server's own to read.

import { report } from "../failure.ts";

/** Serves until a signal. Sets exit status 2 for settings that cannot be used, 1 where serving fails. */
export async function serve(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const server = await import("@rescind/server");
  if (argv.includes("--help") || argv.includes("-h")) return printHelp(Object.values(server.settings));
  // Set by bin/rescind.js where it had to find a newer Node; no setting of the server.
  const { RESCIND_REEXECUTED: _, ...own } = env;
  try {
    await server.serveFromCommandLine(argv, own);
  } catch (error) {
    const isSetting = error instanceof Error && error.name === "ConfigurationError";
    if (isSetting) console.error(`rescind serve: ${error.message}`);
    process.exitCode = isSetting ? 2 : report(error);
  }
}

function printHelp(
  settings: readonly { readonly flag: string; readonly help: string; readonly kind: string }[],
): void {
  console.log("Usage: rescind serve [flags]\n");
  for (const { flag, help, kind } of settings)
    console.log(`  ${`--${flag}${kind === "switch" ? "" : ` <${kind}>`}`.padEnd(32)} ${help}`);
  console.log(
    "\nEach flag is also RESCIND_<FLAG> in the environment. Secrets only there: RESCIND_ADMIN_SECRET",
  );
  console.log("(of the client `admin`), RESCIND_MASTER_KEY (encrypts private keys).");
}
