// Liveness, readiness and metrics.

import type { Dependencies } from "../dependencies.ts";
import { type Answer, ok } from "../http/answer.ts";
import { problem } from "../http/respond.ts";

/** The process runs; it is asked nothing that could wait. */
export function healthz(deps: Dependencies): Answer {
  const durability = deps.durability.lately();
  const known = durability === undefined ? {} : { durability };
  const worker = deps.worker === undefined ? {} : { worker: deps.worker };
  return ok({ status: "ok", ...known, ...worker }, { "cache-control": "no-store" });
}

/** The store can be read and written, and this node can judge by all of its log. */
export async function readyz(deps: Dependencies): Promise<Answer> {
  try {
    await deps.store.ping();
    await deps.standing.reach(await deps.store.head());
    const durability = await deps.durability.now();
    // Never a reason not to be ready: what the cache does not hold costs readers time.
    const { state } = deps.nearline;
    const cache = state === undefined ? {} : { cache: state };
    return ok({ status: "ready", durability, ...cache }, { "cache-control": "no-store" });
  } catch (cause) {
    deps.log.warn({ cause: String(cause) }, "not ready");
    return problem({ status: 503, detail: "The database does not answer." });
  }
}

export async function metricsText(deps: Dependencies): Promise<Answer> {
  const registry = await deps.allMetrics();
  return ok(await registry.metrics(), { "content-type": registry.contentType, "cache-control": "no-store" });
}
