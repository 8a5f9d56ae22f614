// A verifier of this process that reaches a server of its own process through a proxy, and what it says over time.

import type { TestContext } from "node:test";
import { createVerifier, TokenRejected, type Verifier, type VerifierOptions } from "@rescind/verifier";
import { prepareWorld, type World } from "../fleet/world.ts";
import { freePort } from "../free-port.ts";
import { ServerProcess, type ServerSettings } from "./server-process.ts";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

/** A server that is reached by its issuer through a proxy, and directly by the test. */
export async function startBehindProxy(
  t: TestContext,
  settings: ServerSettings = {},
): Promise<{ readonly world: World; readonly proxy: TcpProxy }> {
  const proxy = await startTcpProxy();
  t.after(() => proxy.close());
  const port = await freePort();
  const flags = ["--log-level", "warn", "--issuer", proxy.url, ...(settings.flags ?? [])];
  const server = new ServerProcess({ ...settings, flags }, port);
  t.after(() => server.close());
  await server.start();
  proxy.leadTo(port);
  return { world: await prepareWorld(server, proxy.url), proxy };
}

export async function startVerifier(
  t: TestContext,
  world: World,
  options: Partial<VerifierOptions> = {},
): Promise<Verifier> {
  const verifier = await createVerifier({ ...world.options, onStale: "reject", ...options });
  t.after(() => verifier.close());
  return verifier;
}

/** "accepted", or the code of the rejection. */
export async function verdict(verifier: Verifier, token: string): Promise<string> {
  try {
    await verifier.verify(token);
    return "accepted";
  } catch (cause) {
    if (cause instanceof TokenRejected) return cause.code;
    throw cause;
  }
}

export async function untilVerdict(verifier: Verifier, token: string, wanted: string): Promise<void> {
  await until(`the verifier says ${wanted}`, async () => (await verdict(verifier, token)) === wanted);
}

/** Asks about a token again and again while something else happens. */
export class Watch {
  /** Verdicts and how often each was given. */
  readonly verdicts = new Map<string, number>();
  /** When the last check began that accepted it, in milliseconds of `performance.now()`. */
  acceptedAt = Number.NEGATIVE_INFINITY;
  readonly #over = new AbortController();
  readonly #running: Promise<void>;

  constructor(verifier: Verifier, token: string) {
    this.#running = this.#run(verifier, token);
  }

  async end(): Promise<void> {
    this.#over.abort();
    await this.#running;
  }

  async #run(verifier: Verifier, token: string): Promise<void> {
    while (!this.#over.signal.aborted) {
      const asked = performance.now();
      const said = await verdict(verifier, token);
      this.verdicts.set(said, (this.verdicts.get(said) ?? 0) + 1);
      if (said === "accepted") this.acceptedAt = asked;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
