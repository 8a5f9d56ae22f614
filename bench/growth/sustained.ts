// Issuing at full speed for long, while expired tokens are removed: rate, stalls and memory of each stretch.

import type { LoadGenerator } from "../load/load-generator.ts";
import { opaqueTokens } from "../rows/client-credentials.ts";
import { databaseBytes, type GrownServer } from "./grown-server.ts";

export interface Stretch {
  readonly rate: number;
  readonly p99: number;
  /** Milliseconds: a stall shows here. */
  readonly longest: number;
  /** MiB. */
  readonly memory: number;
  readonly databaseMiB: number;
}

const connections = 128;

/** @throws Error an answer was not as it must be */
export async function issueFor(
  seconds: number,
  stretchSeconds: number,
  { server, load }: { readonly server: GrownServer; readonly load: LoadGenerator },
): Promise<Stretch[]> {
  const stretches: Stretch[] = [];
  const endAt = performance.now() + seconds * 1000;
  let requests = Math.ceil(1_000 * Math.min(2, seconds));
  while (performance.now() < endAt) {
    const result = await load.run({ exchange: opaqueTokens(server), connections, requests });
    if (result.failures > 0) throw new Error(`issuing: ${result.failed[0]}`);
    const rate = result.requests / result.seconds;
    const { p99, longest } = result.latency;
    const memory = server.memory()?.now ?? 0;
    stretches.push({ rate, p99, longest, memory, databaseMiB: databaseBytes(server) / 2 ** 20 });
    requests = Math.ceil(rate * stretchSeconds);
  }
  return stretches;
}
