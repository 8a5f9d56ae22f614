// The copy in the cache, as the node that was asked sees it. docs/reference/cache.md.

import { fetchFrom, jsonObject } from "../exchange.ts";
import type { Check, Found } from "./finding.ts";

export const cacheChecks: Readonly<Record<string, Check>> = { cache: checkCache };

const states: Readonly<Record<string, Found>> = {
  held: { result: "ok", detail: "the copy is whole, its lease is being renewed" },
  rebuilding: {
    result: "warning",
    detail: "the copy is being written anew: readers introspect or refuse meanwhile",
  },
  down: {
    result: "failed",
    detail: "this node does not renew the lease of the copy",
    mend: "look whether the cache runs and lets this server in; the server's log has the cause",
  },
  evicting: {
    result: "failed",
    detail: "the cache throws keys away when it is full, so it gets no lease",
    mend: "CONFIG SET maxmemory-policy noeviction",
  },
  foreign: {
    result: "failed",
    detail: "the keys in the cache belong to another server",
    mend: "give each server its own --cache-prefix",
  },
};

async function checkCache({ server }: Parameters<Check>[0]): Promise<Found> {
  const response = await fetchFrom(server)(`${server}/readyz`, {
    redirect: "error",
    signal: AbortSignal.timeout(10_000),
  });
  const { cache } = await jsonObject(response);
  if (cache === undefined) return { result: "ok", detail: "this server has none (--cache)" };
  return states[String(cache)] ?? { result: "warning", detail: `an unknown state: ${String(cache)}` };
}
