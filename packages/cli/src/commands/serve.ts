// `rescind serve`: the server in this process. Flags, variables, help and exit status are the server's own.

import { loadServe } from "@rescind/server/serve";

/** Serves until a signal. */
export async function serve(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const { serveFromCommandLine } = await loadServe();
  // Set by bin/rescind.js where it had to find a newer Node; no setting of the server.
  const { RESCIND_REEXECUTED: _, ...own } = env;
  await serveFromCommandLine(argv, own);
}
